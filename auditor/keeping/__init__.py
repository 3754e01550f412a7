"""How the history keeps years of nights small, whole and provable."""
