"""Real servers for tests: started on ephemeral loopback ports, stopped by pid."""
