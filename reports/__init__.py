"""What is handed to people and machines: pages, JSON, the terminal summary."""
