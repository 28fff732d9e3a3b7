"""``check``: every package on every target, looked at without building anything."""
