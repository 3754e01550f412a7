"""What an endpoint says of where it works: its line, Wi-Fi and tunnels, and the entrances it reaches."""
