"""Approvals: who has to agree, what a press does, and how it ends. `workers/approve.py` is the way in."""
