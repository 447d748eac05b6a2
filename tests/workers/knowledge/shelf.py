"""A folder of pages, what is read in of it, and a model that can be told what to do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from uuid import UUID

from integrations.models.base import ModelUnavailable
from integrations.models.embedding_offline import vector
from workers.knowledge import search
from workers.knowledge.access import EVERYBODY
from workers.knowledge.embedders import Embedders
from workers.knowledge.ingest import Summary, ingest
from workers.knowledge.item import Item, NotFetched, Skipped
from workers.store.door import Database

EVERYONE = (EVERYBODY,)
PAGES = {
    "refunds.md": "# Refunds\n\nA refund goes back to the card within five working days.\n\n"
    "## Who approves\nRefunds above 100 euros are approved by Grace from finance.",
    "vacation.md": "# Vacation\n\nEverybody has 30 days of vacation. Ask your manager two weeks before.",
    "deploy.md": "# Deploying\n\nWe deploy on Tuesdays with the pipeline.\n\n```\nmake deploy\n```",
    "ovens.md": "# Ovens\n\nThe pizza oven is heated to 450 degrees before the first order.",
}


class Pages:
    """A source in memory; `load` counts what was asked for."""

    def __init__(
        self, pages: Mapping[str, str | bytes], name: str = "test", *, link: str = "https://wiki.example"
    ) -> None:
        self.pages = dict(pages)
        self.name = name
        self.total: int | None = len(pages)
        self.loaded: list[str] = []
        self.broken: set[str] = set()
        self.fails = False
        self.stamps: dict[str, str] = {}
        self._link = link

    async def items(self) -> AsyncIterator[Item | Skipped]:
        for uri in list(self.pages):
            yield self._item(uri)
        if self.fails:
            raise NotFetched("the list broke off")

    def _item(self, uri: str) -> Item:
        async def load() -> bytes:
            self.loaded.append(uri)
            if uri in self.broken:
                raise NotFetched("it answered 500")
            page = self.pages[uri]
            return page if isinstance(page, bytes) else page.encode()

        link = f"{self._link}/{uri}" if self._link else ""
        return Item(uri, uri, load, link, stamp=self.stamps.get(uri, ""))


class Model:
    """Another model than the offline one: the same vectors, mirrored, so that nothing fits across."""

    def __init__(self, name: str = "server:test", dimension: int = 384) -> None:
        self.name = name
        self.dimension = dimension
        self.down = False
        self.asked = 0

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        if self.down:
            raise ModelUnavailable("the test says no")
        self.asked += len(texts)
        return [[-each for each in vector(text)][: self.dimension] for text in texts]

    async def close(self) -> None:
        """Nothing is open."""


def offline() -> Embedders:
    return Embedders({})


async def read_in(
    db: Database, tenant: UUID, pages: Pages | Mapping[str, str], access: Sequence[str] = EVERYONE
) -> Summary:
    source = pages if isinstance(pages, Pages) else Pages(pages)
    return await ingest(db, tenant, offline(), source, access)


async def titles(
    db: Database,
    tenant: UUID,
    question: str,
    access: Sequence[str] = EVERYONE,
    embedders: Embedders | None = None,
) -> list[str]:
    found = await search.search(db, tenant, embedders or offline(), question, access)
    return [each.shown.title for each in found.passages]
