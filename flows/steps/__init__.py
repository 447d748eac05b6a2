"""The step types: ★ to add one, write a file (fields + run) and name it here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flows.steps.approve import Approve
from flows.steps.branch import Branch
from flows.steps.choice import Choice
from flows.steps.confirm import Confirm
from flows.steps.end import End
from flows.steps.handoff import Handoff
from flows.steps.input import Input
from flows.steps.message import Message
from flows.steps.subflow import Subflow
from flows.steps.think import Think
from flows.steps.tool import Tool
from flows.steps.wait import Wait

STEPS: Mapping[str, Any] = {
    step.kind: step
    for step in (Message, Input, Confirm, Choice, Branch, Tool, Think, Approve, Subflow, Wait, Handoff, End)
}
