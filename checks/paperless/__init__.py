"""Whether the work itself runs without paper."""
