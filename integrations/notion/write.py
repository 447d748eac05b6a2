"""notion.create_page and notion.append: made once, however often it is tried.

Notion has no idempotency keys. So every page and every addition carries a mark, and a second try
looks for it first: twice, since a query at Notion may lag behind a write.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from integrations.base import Attempt, Done, Performed
from integrations.errors import (
    IntegrationError,
    NotConfigured,
    NotReached,
    OutcomeUnknown,
    RateLimited,
    Refused,
)
from integrations.notion import marks, plain
from integrations.notion.client import EFFECT_PROPERTY, Data, NotionService
from integrations.notion.errors import SERVICE
from integrations.notion.markdown import plain_runs, to_blocks
from integrations.notion.models import Added, AppendArguments, CreatePageArguments, PageMade

# Notion's limits for one request: children, and bytes (500 kB; ours leaves room for the rest).
MOST_CHILDREN = 100
LARGEST_REQUEST = 400_000

# Seconds between the two looks.
LOOK_AGAIN = 2.0
# A page with more blocks than this is not looked through for an addition of ours.
MOST_LOOKED_THROUGH = 3000


def create_page(service: NotionService, arguments: CreatePageArguments, attempt: Attempt) -> Performed:
    """`external_id` is the page's id. Raises `OutcomeUnknown` where nobody knows whether it is there."""
    chunks = split(marks.unmarked(to_blocks(arguments.text)))
    mark = marks.of_page(attempt.key)
    source = service.source(arguments.database)
    if attempt.number > 1:
        with _looking():
            us = str(service.me()["id"])
            page = _look_for_page(service, source, mark, us)
            done = _chunks_there(service, page, chunks, us) if page else 0
        if page is not None:
            return _filled(service, page, chunks, done, arguments, attempt)
    properties = _properties(service.schema(source), arguments.title, mark)
    page = service.create(source, properties, chunks[0] if chunks else [])
    return _filled(service, page, chunks, 1, arguments, attempt)


def append(service: NotionService, arguments: AppendArguments, attempt: Attempt) -> Performed:
    """One call, so all of it is there or nothing is. `external_id` is the page's id."""
    blocks = [marks.line(attempt.key), *marks.unmarked(to_blocks(arguments.text))]
    if len(split(blocks)) > 1:
        raise Refused(
            SERVICE, "takes no more than this at once. Nothing was added: make it shorter.", code="too_large"
        )
    if attempt.number > 1:
        with _looking():
            there = _look_for_line(service, arguments.page, attempt.key)
        if there:
            return _added(arguments, len(blocks) - 1)
    page = service.page(arguments.page)
    if page.get("in_trash") is True or page.get("archived") is True:
        raise Refused(SERVICE, "has this page in its trash. Nothing was added.", code="in_trash")
    made = service.append(arguments.page, blocks)
    missing = len(blocks) - len(made)
    note = f"Notion says that it left {missing} of {len(blocks)} blocks out." if missing > 0 else ""
    return _added(arguments, len(blocks) - 1, note)


def split(blocks: list[Data]) -> list[list[Data]]:
    """Requests of a hundred blocks at most that are not too large either."""
    chunks: list[list[Data]] = []
    size = 0
    for block in blocks:
        weight = len(json.dumps(block, ensure_ascii=False).encode())
        if not chunks or len(chunks[-1]) == MOST_CHILDREN or size + weight > LARGEST_REQUEST:
            chunks.append([])
            size = 0
        chunks[-1].append(block)
        size += weight
    return chunks


# ── looking ──────────────────────────────────────────────────────────────────────────────


@contextmanager
def _looking() -> Iterator[None]:
    """A look that fails leaves it unknown whether an earlier try was carried out."""
    try:
        yield
    except (OutcomeUnknown, RateLimited):
        raise
    except (NotReached, NotConfigured, Refused) as error:
        raise OutcomeUnknown(
            SERVICE, f"could not be asked whether an earlier try is there already: it {error.problem}"
        ) from None


def _look_for_page(service: NotionService, source: str, mark: str, us: str) -> Data | None:
    for look in range(2):
        if look:
            service.pause(LOOK_AGAIN)
        found = [page for page in service.marked(source, mark) if marks.made_by(page, us)]
        if found:
            return min(found, key=lambda page: (str(page.get("created_time")), page["id"]))
    return None


def _look_for_line(service: NotionService, page: str, effect_key: str) -> bool:
    us = str(service.me()["id"])
    for look in range(2):
        if look:
            service.pause(LOOK_AGAIN)
        seen = 0
        for block in service.children(page, most=MOST_LOOKED_THROUGH):
            seen += 1
            if marks.made_by(block, us) and marks.is_line(block, effect_key):
                return True
        if seen == MOST_LOOKED_THROUGH:
            raise OutcomeUnknown(SERVICE, "has so long a page here that I cannot see whether it was added")
    return False


def _chunks_there(service: NotionService, page: Data, chunks: list[list[Data]], us: str) -> int:
    """How many requests of this page came through. Each is all there or not, so our blocks are counted."""
    wanted = sum(len(chunk) for chunk in chunks)
    most = wanted + MOST_LOOKED_THROUGH
    ours = sum(1 for block in service.children(page["id"], most=most) if marks.made_by(block, us))
    there = 0
    for number, chunk in enumerate(chunks, 1):
        there += len(chunk)
        if there == ours:
            return number
    if not chunks and not ours:
        return 0
    raise OutcomeUnknown(SERVICE, "has this page, but somebody changed it before it was complete")


# ── writing ──────────────────────────────────────────────────────────────────────────────


def _properties(schema: Data, title: str, mark: str) -> Data:
    """The title under its name in this database, and our mark. Raises `NotConfigured` without its place."""
    kinds = {name: each.get("type") for name, each in schema["properties"].items() if isinstance(each, dict)}
    if kinds.get(EFFECT_PROPERTY) != "rich_text":
        raise NotConfigured(SERVICE, missing_property())
    titled = next((name for name, kind in kinds.items() if kind == "title"), None)
    if titled is None:
        raise NotReached(SERVICE, "gave an answer that we cannot read")
    marked = {"rich_text": [{"type": "text", "text": {"content": mark}}]}
    return {titled: {"title": plain_runs(title)}, EFFECT_PROPERTY: marked}


def missing_property() -> str:
    return f"has no text property “{EFFECT_PROPERTY}” in this database: add it, it shows what we made already"


def _filled(
    service: NotionService,
    page: Data,
    chunks: list[list[Data]],
    done: int,
    arguments: CreatePageArguments,
    attempt: Attempt,
) -> Performed:
    """What is still missing of the page. A definite no takes back what is there: nothing is half done."""
    total = sum(len(chunk) for chunk in chunks)
    there = sum(len(chunk) for chunk in chunks[:done])
    for chunk in chunks[done:]:
        attempt.progress(f"{there} of {total} blocks of the Notion page written")
        try:
            service.append(page["id"], chunk)
        except (Refused, NotConfigured) as error:
            _take_back(service, page, error)
            raise
        there += len(chunk)
    return _made(page, arguments, total, _differs(page, arguments, attempt))


def _take_back(service: NotionService, page: Data, why: IntegrationError) -> None:
    try:
        service.trash(page["id"])
    except IntegrationError:
        raise OutcomeUnknown(
            SERVICE, f"has a part of this page, and {why.problem} Taking it back failed too."
        ) from None


def _differs(page: Mapping[str, Any], arguments: CreatePageArguments, attempt: Attempt) -> str:
    """What Notion left out without a word, in words."""
    notes = []
    if plain.title(page) != arguments.title:
        notes.append("At Notion it has another title.")
    properties = page.get("properties")
    mark = properties.get(EFFECT_PROPERTY) if isinstance(properties, Mapping) else None
    if plain.property_text(mark) != marks.of_page(attempt.key):
        notes.append("Notion did not keep our mark, so a second try would not find it.")
    return " ".join(notes)


def _made(page: Data, arguments: CreatePageArguments, blocks: int, note: str) -> Performed:
    shown = plain.page(page)
    result = PageMade(
        page=shown["id"],
        url=shown["url"],
        title=shown["title"],
        blocks=blocks,
        label=f"Page “{arguments.title}”",
        note=note,
    )
    return Done(result.model_dump(mode="json"), external_id=shown["id"])


def _added(arguments: AppendArguments, blocks: int, note: str = "") -> Performed:
    label = f"{blocks} block{'' if blocks == 1 else 's'} added"
    result = Added(page=arguments.page, blocks=blocks, label=label, note=note)
    return Done(result.model_dump(mode="json"), external_id=arguments.page)
