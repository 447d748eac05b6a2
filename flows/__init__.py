"""The mind: pure decisions. No clock, no random, no network, no database in this package."""
