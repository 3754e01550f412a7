"""Built-in check modules; each file is one subject and registers like anybody's plug-in."""
