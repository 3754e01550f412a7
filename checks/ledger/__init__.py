"""The asset ledger against what was really heard."""
