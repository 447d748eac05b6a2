"""What stands on a card beside the call: who changed it, what was asked and answered, to whom it was
handed, the reasons to choose from, and the second row of buttons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from bot.reply import Block, Button, Buttons, Facts
from bot.text import for_card
from flows.relay import BAR
from integrations import tools
from workers.approvers import fields, reasons
from workers.store import beside as kept
from workers.store.beside import Edit, Handing, Question
from workers.store.door import Connection

EDIT, ASK, HAND = "approval.edit", "approval.ask", "approval.hand"
Pairs = tuple[tuple[str, str], ...]
EDITOR = "You made this what it is now, so somebody else has to decide."


@dataclass(frozen=True, slots=True)
class Beside:
    approval: str = ""
    edits: tuple[Edit, ...] = ()
    questions: tuple[Question, ...] = ()
    handings: tuple[Handing, ...] = ()
    presets: tuple[str, ...] = ()
    editable: bool = False

    def blocks(self) -> tuple[Block, ...]:
        """To stand under the call: facts first, then what can be filled in and pressed."""
        notes = self.notes()
        return (*((Facts(notes),) if notes else ()), *self.controls())

    def notes(self) -> Pairs:
        return (*_changed(self.edits), *_asked(self.questions), *_handed(self.handings))

    def controls(self) -> tuple[Block, ...]:
        if not self.approval:
            return ()
        change = (Button("Change…", EDIT, self.approval),) if self.editable else ()
        more = (*change, Button("Ask…", ASK, self.approval), Button("Hand on…", HAND, self.approval))
        return (*reasons.on_card(self.presets), Buttons(more))


async def read(c: Connection, tenant: UUID, id: str) -> Beside:
    """What is kept of it; `of` adds what can be done."""
    return Beside(
        "",
        tuple(await kept.edits(c, tenant, id)),
        tuple(await kept.questions(c, tenant, id)),
        tuple(await kept.handings(c, tenant, id)),
    )


def of(found: Beside, id: str, tool: str, presets: Sequence[str]) -> Beside:
    known = tools().get(tool)
    return replace(
        found, approval=id, presets=tuple(presets), editable=known is not None and fields.any_of(known)
    )


def behind_bars(text: str) -> str:
    """Somebody's words of more than one line: each behind a bar, so that none can pass for a fact of ours."""
    lines = [line.strip() for line in for_card(text.strip()).splitlines()]
    return lines[0] if len(lines) == 1 else "\n".join(f"{BAR}{line}" for line in lines)


def _changed(edits: Sequence[Edit]) -> Pairs:
    return tuple(
        (f"Changed by {for_card(edit.name)}", f"{change.label}: {change.before} → {change.after}")
        for edit in edits
        for change in edit.changes
    )


def _asked(questions: Sequence[Question]) -> Pairs:
    found: list[tuple[str, str]] = []
    for each in questions:
        found.append((f"Question by {for_card(each.name)}", behind_bars(each.text)))
        if each.answer is not None:
            found.append((f"Answered by {for_card(each.requester)}", behind_bars(each.answer)))
    return tuple(found)


def _handed(handings: Sequence[Handing]) -> Pairs:
    return tuple(
        (f"Handed on by {for_card(each.name)}", f"{for_card(each.delegate_name)} may decide in their stead")
        for each in handings
    )
