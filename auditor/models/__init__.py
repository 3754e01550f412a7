"""The shipped security models, as data."""
