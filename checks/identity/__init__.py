"""Accounts of the town's systems: who can sign in, with what, and for how long after leaving."""
