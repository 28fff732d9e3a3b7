"""What stands between a machine and its containers: one check a file."""
