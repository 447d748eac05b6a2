"""Understanding ordinary English with the standard library alone."""

from .reader import OfflineReader

__all__ = ["OfflineReader"]
