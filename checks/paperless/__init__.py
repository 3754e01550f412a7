"""Whether the work itself runs without paper: printing and approval routes."""
