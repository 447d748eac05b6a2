"""A person is forgotten: what is about them goes, what must stay is named, and a receipt is given."""
