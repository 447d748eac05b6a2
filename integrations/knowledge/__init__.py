"""Answers from the organisation's own pages, each with its sources."""
