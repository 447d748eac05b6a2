"""Notion: make a page once, add to one once, and read what is there."""
