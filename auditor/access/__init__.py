"""How the auditor touches the world: this machine, SSH, sockets, HTTP, folders."""
