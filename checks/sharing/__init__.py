"""Shared files, cloud suites, the mail domain and stored documents: where work lies and who gets at it."""
