"""The remote entrances: reach, TLS, closed ports, OpenVPN."""
