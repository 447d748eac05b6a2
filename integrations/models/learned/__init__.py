"""Understanding that learns: from the flows' own examples, at once, with the standard library alone."""

from .classifier import Classifier, Guess, learn

__all__ = ["Classifier", "Guess", "learn"]
