package = None
