"""Evidence that arrives in files: read, verified, counted, merged, put away and carried between networks."""
