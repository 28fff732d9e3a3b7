"""What packages compile, kept: the wheel store."""
