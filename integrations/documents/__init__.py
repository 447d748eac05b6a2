"""Documents: bytes of many kinds into text with its structure, and that into pieces."""
