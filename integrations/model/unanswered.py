"""A model that gave no answer, as whoever waits in the thread is told it."""

from __future__ import annotations

from integrations.errors import IntegrationError, NotReached, Refused
from integrations.models.base import ModelUnavailable, Problem

SILENT = "gave no answer in time."


def unanswered(error: ModelUnavailable) -> IntegrationError:
    """A budget that is used up is not tried again; whatever else may pass."""
    if error.problem is Problem.SPENT:
        return Refused("The model", error.told or "has used up its budget.", code="budget_spent")
    return NotReached("The model", error.told or SILENT)
