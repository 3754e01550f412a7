"""What the counter's ledgers say, for every area that compares something with them."""
