"""The organisation's own pages: read in, kept in pieces, found again, and answered from."""
