"""Notion as we use it: few calls, plain data in and out, our own errors.

The SDK's retries and its log are off, its API version is pinned, and it goes out by our own door
(integrations/http.py). Nothing outside this file holds an object of the SDK's. Ids are checked
before they become part of a path: the SDK puts them there as they are.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from time import sleep
from typing import Any

from integrations.errors import NotConfigured, Refused
from integrations.http import open_session
from integrations.notion import plain
from integrations.notion.errors import SERVICE, reading, writing
from integrations.notion.ids import NotAnId, as_id, is_id

# Data sources exist since this version; what later ones rename, we do not use.
API_VERSION = "2025-09-03"
DEFAULT_BASE = "https://api.notion.com"

# The property that says which effect made a page. The database's owner adds it, as text.
EFFECT_PROPERTY = "Effect key"

PAGE_SIZE = 100
# A list longer than this is not read further.
MOST = 10_000

Data = dict[str, Any]

LAST_EDITED_FIRST: Data = {"timestamp": "last_edited_time", "direction": "descending"}


def edited_since(moment: str) -> Data:
    """A filter: a date, or a time with its zone."""
    return {"timestamp": "last_edited_time", "last_edited_time": {"on_or_after": moment}}


def connect(settings: Mapping[str, str]) -> NotionService:
    """`NOTION_TOKEN`, `NOTION_DATABASE_ID`, and `NOTION_API_URL` where it is not Notion itself."""
    token = settings.get("NOTION_TOKEN", "")
    if not token:
        raise NotConfigured(SERVICE, "is not connected: set NOTION_TOKEN")
    base = (settings.get("NOTION_API_URL") or DEFAULT_BASE).rstrip("/")
    try:
        session = open_session(base)
    except ValueError as error:
        raise NotConfigured(SERVICE, f"cannot be reached: NOTION_API_URL: {error}") from None
    named = settings.get("NOTION_DATABASE_ID", "")
    try:
        database = as_id(named) if named else ""
    except NotAnId as error:
        raise NotConfigured(SERVICE, f"is not set up: NOTION_DATABASE_ID: {error}") from None

    import notion_client

    from integrations.notion.door import open_client

    client = notion_client.Client(
        auth=token,
        base_url=base,
        notion_version=API_VERSION,
        retry=False,
        logger=_nobody(),
        client=open_client(session),
    )
    return NotionService(client, database)


def _nobody() -> logging.Logger:
    """A logger of its own that says nothing: the SDK's would print what Notion answers."""
    logger = logging.Logger(f"{__name__}.silent")
    logger.addHandler(logging.NullHandler())
    logger.disabled = True
    return logger


@dataclass(frozen=True, slots=True)
class NotionService:
    """One integration of one workspace. Safe to share between threads.

    `database` is the one that is meant where none is named, or one data source of it.
    `pause` waits between two looks for the same thing; `sources` remembers which data source
    a database has, since that does not change.
    """

    client: Any
    database: str = ""
    pause: Callable[[float], None] = sleep
    sources: dict[str, str] = field(default_factory=dict)

    # ── reading ──────────────────────────────────────────────────────────────────────────

    def me(self) -> Data:
        """Who we are: a bot user, with the workspace's name."""
        with reading():
            return _thing(self.client.users.me())

    def source(self, database: str = "") -> str:
        """The data source that holds a database's pages. Raises `NotConfigured` where several do."""
        named = database or self.database
        if not named:
            raise NotConfigured(SERVICE, "has no database of ours: set NOTION_DATABASE_ID")
        if named not in self.sources:
            self.sources[named] = self._resolved(named)
        return self.sources[named]

    def _resolved(self, named: str) -> str:
        _check(named)
        try:
            with reading():
                sources = _thing(self.client.databases.retrieve(named))["data_sources"]
                ids = [str(each["id"]) for each in sources]
        except Refused as refused:
            if refused.code != "missing":
                raise
            # It may be the id of a data source itself: how one of several is named.
            return str(self.schema(named)["id"])
        if len(ids) != 1 or not is_id(ids[0]):
            raise NotConfigured(
                SERVICE,
                "has several data sources in this database: set NOTION_DATABASE_ID to the id of one of them",
            )
        return ids[0]

    def schema(self, source: str) -> Data:
        """A data source: its title, and its properties with their types."""
        _check(source)
        with reading():
            found = _thing(self.client.data_sources.retrieve(source))
            if not isinstance(found.get("properties"), dict):
                raise ValueError("no properties")
            return found

    def query(
        self,
        source: str,
        *,
        where: Data | None = None,
        sorts: Sequence[Data] = (),
        most: int = MOST,
    ) -> Iterator[Data]:
        """The pages of a data source, page by page as they are asked for."""
        _check(source)
        given: Data = {"filter": where} if where else {}
        if sorts:
            given["sorts"] = list(sorts)
        return _paged(lambda **more: self.client.data_sources.query(source, **given, **more), most)

    def pages(self, source: str, *, edited_after: str = "", most: int = MOST) -> Iterator[Data]:
        """For summaries: id, title, url, edited and properties in words, last edited first."""
        where = edited_since(edited_after) if edited_after else None
        for found in self.query(source, where=where, sorts=[LAST_EDITED_FIRST], most=most):
            yield plain.page(found)

    def marked(self, source: str, mark: str) -> list[Data]:
        """The pages that carry our mark, whoever made them."""
        where = {"property": EFFECT_PROPERTY, "rich_text": {"equals": mark}}
        return list(self.query(source, where=where, most=PAGE_SIZE))

    def search(self, words: str, *, most: int) -> Iterator[Data]:
        """Pages by their title. Notion's index lags and leaves things out: never for a look-up."""
        given: Data = {
            "filter": {"property": "object", "value": "page"},
            "sort": LAST_EDITED_FIRST,
        }
        if words:
            given["query"] = words
        return _paged(lambda **more: self.client.search(**given, **more), most)

    def page(self, page: str) -> Data:
        _check(page)
        with reading():
            return _thing(self.client.pages.retrieve(page))

    def children(self, block: str, *, most: int) -> Iterator[Data]:
        """What stands directly in a page or block, in order."""
        _check(block)
        return _paged(lambda **more: self.client.blocks.children.list(block, **more), most)

    def comments(self, page: str, *, most: int) -> Iterator[Data]:
        """The open comments on a page, oldest first."""
        _check(page)
        return _paged(lambda **more: self.client.comments.list(block_id=page, **more), most)

    def comment(self, comment: str) -> Data:
        _check(comment)
        with reading():
            return _thing(self.client.comments.retrieve(comment))

    def user(self, user: str) -> Data:
        """Refused where the integration may not read who people are."""
        _check(user)
        with reading():
            return _thing(self.client.users.retrieve(user))

    # ── changing ─────────────────────────────────────────────────────────────────────────

    def create(self, source: str, properties: Data, children: Sequence[Data]) -> Data:
        """A new page in a data source."""
        _check(source)
        with writing():
            parent = {"type": "data_source_id", "data_source_id": source}
            given: Data = {"parent": parent, "properties": properties}
            if children:
                given["children"] = list(children)
            return _thing(self.client.pages.create(**given))

    def append(self, page: str, children: Sequence[Data]) -> list[Data]:
        """Adds at the end of a page, all of it or nothing. Gives the new blocks."""
        _check(page)
        with writing():
            made = self.client.blocks.children.append(page, children=list(children))["results"]
            return [_thing(each) for each in made]

    def trash(self, page: str) -> Data:
        """Puts a page into Notion's trash, where it can be taken back from."""
        _check(page)
        with writing():
            return _thing(self.client.pages.update(page, in_trash=True))


def _paged(ask: Callable[..., Any], most: int) -> Iterator[Data]:
    """Every page of a list, up to `most`. A cursor that comes again ends in an error, not in a circle."""
    cursors: set[str] = set()
    more: Data = {}
    given = 0
    while given < most:
        with reading():
            answer = ask(page_size=min(PAGE_SIZE, most - given), **more)
            found = [_thing(each) for each in answer["results"]]
            cursor = answer["next_cursor"] if answer["has_more"] else None
            if cursor is not None and (not isinstance(cursor, str) or cursor in cursors):
                raise ValueError("a cursor that leads nowhere")
        yield from found[: most - given]
        given += len(found)
        if cursor is None:
            return
        cursors.add(cursor)
        more = {"start_cursor": cursor}


def _thing(answer: Any) -> Data:
    """An answer without an id is not one."""
    if not isinstance(answer, dict) or not is_id(str(answer.get("id"))):
        raise ValueError("no id")
    return answer


def _check(id: str) -> None:
    """The SDK puts ids into the path as they are: what is none would call something else."""
    if not is_id(id):
        raise Refused(SERVICE, "was not asked: this is no id of a page or database.", code="no_id")
