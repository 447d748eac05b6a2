"""The Notion pages that are shared with the integration."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

from integrations.base import Attempt, Done
from integrations.errors import IntegrationError
from integrations.http import budget
from integrations.notion import plain, read
from integrations.notion.client import NotionService, connect
from integrations.notion.models import ReadPageArguments
from workers.knowledge.item import Item, NotFetched, Skipped

MOST_PAGES = 5_000
LONGEST = 120.0  # seconds for one page, which may be of many lists
LISTING = 600.0


class Notion:
    name = "notion"

    def __init__(self, settings: Mapping[str, str], service: NotionService | None = None) -> None:
        self._service = service or connect(settings)
        self.total: int | None = None

    async def items(self) -> AsyncIterator[Item | Skipped]:
        try:
            pages = await asyncio.to_thread(self._pages)
        except IntegrationError as error:
            raise NotFetched(str(error).rstrip(".")) from None
        self.total = len(pages)
        for page in pages:
            yield self._item(page)

    def _pages(self) -> list[dict[str, Any]]:
        with budget(LISTING):
            found = self._service.search("", most=MOST_PAGES + 1)
            pages = [
                plain.page(each)
                for each in found
                if each.get("in_trash") is not True and each.get("archived") is not True
            ]
        if len(pages) > MOST_PAGES:
            raise NotFetched(f"there are more than {MOST_PAGES} pages; share fewer with the integration")
        return pages

    def _item(self, page: dict[str, Any]) -> Item:
        id = str(page["id"])

        async def load() -> bytes:
            try:
                return await asyncio.to_thread(self._text, page)
            except IntegrationError as error:
                raise NotFetched(str(error).rstrip(".")) from None

        title = str(page["title"]) or "Untitled"
        return Item(id, f"{id}.md", load, str(page["url"]), title=title, stamp=str(page["edited"]))

    def _text(self, page: dict[str, Any]) -> bytes:
        attempt = Attempt("ingest", 1, datetime.now(UTC))
        with budget(LONGEST):
            done = read.read_page(self._service, ReadPageArguments(page=str(page["id"])), attempt)
        assert isinstance(done, Done)
        facts = "\n".join(f"{name}: {value}" for name, value in page["properties"].items())
        return f"{facts}\n\n{done.result['text']}".encode()
