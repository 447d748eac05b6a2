"""A person is forgotten: everything that is about them goes, what must stay is named, and a receipt is given."""
