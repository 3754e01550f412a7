"""What an endpoint says of itself: operating system, disk, lock, malware defence, firewall, and more."""
