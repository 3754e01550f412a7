"""People: methods registered, training done, officers named."""
