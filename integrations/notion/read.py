"""notion.query, notion.search, notion.read_page: what is there, in words."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from integrations.base import Attempt, Done, Performed
from integrations.notion import plain
from integrations.notion.client import LAST_EDITED_FIRST, Data, NotionService
from integrations.notion.filters import to_filter
from integrations.notion.models import (
    LONGEST_TEXT,
    Page,
    Pages,
    PageText,
    QueryArguments,
    ReadPageArguments,
    SearchArguments,
)

# A page that is larger is read up to here: blocks in all, lists of them, and how deep they stand.
MOST_BLOCKS = 2000
MOST_LISTS = 60
DEEPEST = 4
EVERY = 100

# Pages of their own, which only stand there as a link.
_OTHER_PAGES = frozenset({"child_page", "child_database"})


def query(service: NotionService, arguments: QueryArguments, attempt: Attempt) -> Performed:
    source = service.source(arguments.database)
    properties = service.schema(source)["properties"] if arguments.filters else {}
    found = service.query(
        source,
        where=to_filter(arguments, properties),
        sorts=[LAST_EDITED_FIRST],
        most=arguments.limit + 1,
    )
    return _pages(found, arguments.limit, attempt)


def search(service: NotionService, arguments: SearchArguments, attempt: Attempt) -> Performed:
    found = service.search(arguments.words.strip(), most=arguments.limit + 1)
    return _pages(found, arguments.limit, attempt)


def read_page(service: NotionService, arguments: ReadPageArguments, attempt: Attempt) -> Performed:
    page = service.page(arguments.page)
    lines, whole = _Reader(service).lines(arguments.page)
    text = "\n".join(lines)
    result = PageText(
        page=Page.model_validate(plain.page(page)),
        text=text[:LONGEST_TEXT],
        cut=not whole or len(text) > LONGEST_TEXT,
        in_trash=page.get("in_trash") is True or page.get("archived") is True,
    )
    return Done(result.model_dump(mode="json"), external_id=arguments.page)


def _pages(found: Iterator[Data], limit: int, attempt: Attempt) -> Performed:
    pages: list[Page] = []
    for each in islice(found, limit):
        pages.append(Page.model_validate(plain.page(each)))
        if len(pages) % EVERY == 0:
            attempt.progress(f"{len(pages)} Notion pages so far")
    more = next(found, None) is not None
    label = f"{len(pages)} page{'' if len(pages) == 1 else 's'}{', and there are more' if more else ''}"
    return Done(Pages(pages=pages, more=more, label=label).model_dump(mode="json"))


class _Reader:
    """Reads a page once, within its limits; what stands inside a block is indented under it."""

    def __init__(self, service: NotionService) -> None:
        self._service = service
        self._blocks, self._lists = MOST_BLOCKS, MOST_LISTS

    def lines(self, block: str, depth: int = 0) -> tuple[list[str], bool]:
        """The lines, and whether that is all of it."""
        if depth > DEEPEST or self._lists <= 0 or self._blocks <= 0:
            return [], False
        self._lists -= 1
        # One more than we take says whether there are more.
        found = list(self._service.children(block, most=self._blocks + 1))
        whole = len(found) <= self._blocks
        self._blocks -= min(len(found), self._blocks)
        lines: list[str] = []
        for child in found:
            words = plain.block_text(child)
            lines += [("  " * depth + line) for line in words.split("\n")] if words else []
            if child.get("has_children") and child.get("type") not in _OTHER_PAGES:
                inside, all_of_it = self.lines(str(child["id"]), depth + 1)
                lines += inside
                whole = whole and all_of_it
        return lines, whole
