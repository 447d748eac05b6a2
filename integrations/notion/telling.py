"""A webhook of Notion's in full: it names ids only, so who did it and what was said is read again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from integrations.base import Happened
from integrations.errors import IntegrationError
from integrations.notion import plain
from integrations.notion.client import NotionService
from integrations.notion.webhook import comment_of, read

LONGEST_TEXT = 2000
LONGEST_NAME = 80


def tell(service: NotionService, event: Mapping[str, Any]) -> Happened | None:
    """What `read` says, with names, address and words as far as we may read them.

    The sentence holds no more than names; `text` is what somebody wrote, as data. What cannot be
    read is left as it was: somebody did something.
    """
    happened = read(event)
    if happened is None:
        return None
    try:
        if comment := comment_of(event):
            found = service.comment(comment)
            happened = replace(happened, text=plain.runs_text(found.get("rich_text"))[:LONGEST_TEXT])
        page = plain.page(service.page(happened.external_id))
        happened = replace(happened, url=page["url"])
        if name := _name(service, happened.actor):
            happened = replace(happened, sentence=happened.sentence.replace("Somebody", name, 1))
        if page["title"]:
            shown = f"the page “{_line(page['title'])}”"
            happened = replace(happened, sentence=happened.sentence.replace("the page", shown, 1))
    except IntegrationError:
        # The thread is told anyway: what it is about stands in it.
        return happened
    return happened


def _name(service: NotionService, user: str) -> str:
    """Whose name we may read: without the capability to, nobody's."""
    if not user:
        return ""
    try:
        return _line(str(service.user(user).get("name") or ""))[:LONGEST_NAME]
    except IntegrationError:
        return ""


def _line(text: str) -> str:
    """On one line: a name or a title is part of our sentence."""
    return " ".join(text.split())
