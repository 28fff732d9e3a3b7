"""Starting containers on this machine."""
