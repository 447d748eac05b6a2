"""`countersign ingest` and `countersign knowledge …`: what each prints, and its exit status."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path, PurePosixPath
from uuid import UUID

from bot.errors import ConfigurationError
from bot.settings import Settings, is_sandbox
from bot.text import one_line
from integrations.errors import IntegrationError
from workers import beside
from workers.installs import OWN
from workers.knowledge.access import EVERYBODY, of_document
from workers.knowledge.embedders import Embedders
from workers.knowledge.from_files import ConfluenceExport, Files
from workers.knowledge.from_github import Github
from workers.knowledge.from_notion import Notion
from workers.knowledge.from_url import Page
from workers.knowledge.ingest import Summary, Told
from workers.knowledge.ingest import drop as drop_documents
from workers.knowledge.ingest import ingest as read_in
from workers.knowledge.item import NotFetched, Source
from workers.knowledge.search import search
from workers.ops import chosen, with_database
from workers.services import Services
from workers.store import documents, services
from workers.store.door import Database

MOST_TOLD = 20
NOTHING = "Nothing has been read in. `countersign ingest FOLDER` does that."

Work = Callable[[Database, UUID], Awaitable[int]]


def ingest(
    settings: Settings,
    what: str,
    path: str,
    channels: Sequence[str],
    groups: Sequence[str],
    link: str,
    tenant: str,
) -> int:
    access = of_document(channels, groups)
    if link and not link.startswith(("https://", "http://")):
        raise ConfigurationError("--link is an address that begins with https://.")
    known = beside.completed(settings)

    async def work(db: Database, id: UUID) -> int:
        try:
            embedders = Embedders(known.plain())
            source = await source_of(known, db, id, what, path, link)
        except (IntegrationError, ValueError) as error:
            raise ConfigurationError(f"{str(error).rstrip('.')}.") from None
        try:
            with _watching() as told:
                summary = await read_in(db, id, embedders, source, access, told)
        except NotFetched as problem:
            return _say(f"Nothing was changed: {one_line(str(problem), 300)}.", 1)
        finally:
            await embedders.close()
        return _tell(summary)

    return _for(settings, tenant, work)


async def source_of(
    settings: Settings, db: Database, tenant: UUID, what: str, path: str, link: str
) -> Source:
    """Raises `IntegrationError` where a service is not connected, ValueError for what is no repository."""
    match what:
        case "notion" | "github":
            async with db.tenant(tenant) as c:
                kept = await services.kept(c, tenant, what)
            values = Services(settings.plain(), settings.secret("secret_key")).connected(tenant, kept).values
            make: Callable[[], Source] = (
                (lambda: Notion(values)) if what == "notion" else (lambda: Github(values, path))
            )
            return await asyncio.to_thread(make)
        case "confluence-export":
            if not path:
                raise ConfigurationError("Say which zip: countersign ingest confluence-export space.zip")
            return ConfluenceExport(Path(path), link)
        case _ if what.startswith(("https://", "http://")):
            return Page(what, sandbox=is_sandbox(what) and is_sandbox(settings.own_url))
    return Files(Path(what), link)


def listed(settings: Settings, tenant: str) -> int:
    async def work(db: Database, id: UUID) -> int:
        async with db.tenant(id) as c:
            found = await documents.sources(c, id)
            model, count = await documents.model(c, id)
        for each in found:
            who = ", ".join(each.access) if each.access != (EVERYBODY,) else EVERYBODY
            _say(f"{each.source}  {each.documents} documents, {each.chunks} pieces, for {who}")
        return _say(f"{count} pieces, as vectors of {model}.") if found else _say(NOTHING)

    return _for(settings, tenant, work)


def find(settings: Settings, question: str, channel: str, tenant: str) -> int:
    access = (EVERYBODY, f"channel:{channel}") if channel else (EVERYBODY,)
    known = beside.completed(settings)

    async def work(db: Database, id: UUID) -> int:
        embedders = Embedders(known.plain())
        found = await search(db, id, embedders, question, access)
        await embedders.close()
        for each in found.passages:
            near = f", near {each.near:.2f}" if each.near is not None else ""
            _say(f"{each.covered:.0%} of the question{near}  {one_line(each.shown.title, 80)}")
            _say(f"    {one_line(each.shown.path, 100)}: {one_line(each.shown.body, 160)}")
        return 0 if found.passages else _say("Nothing was found.")

    return _for(settings, tenant, work)


def drop(settings: Settings, source: str, tenant: str) -> int:
    async def work(db: Database, id: UUID) -> int:
        async with db.alone(f"countersign:ingest:{id}"), db.tenant(id) as c:
            model, _ = await documents.model(c, id)
            ids = await documents.of_source(c, id, source)
            if ids:
                await documents.hold(c, id, model)
                await drop_documents(c, id, ids)
        if not ids:
            return _say(
                f"There is no source {one_line(source, 200)}. `countersign knowledge list` shows them.", 1
            )
        return _say(f"{len(ids)} documents are forgotten.")

    return _for(settings, tenant, work)


def _for(settings: Settings, tenant: str, work: Work) -> int:
    async def chosen_one(db: Database) -> int:
        found = await chosen(db, tenant or OWN)
        if not found:
            raise ConfigurationError("There is no such tenant here yet: start the bot once, or name another.")
        return await work(db, found[0][0])

    return with_database(settings, chosen_one)


class _watching:
    """A bar, where somebody looks on."""

    def __enter__(self) -> Told:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
            console=console, transient=True, disable=not console.is_terminal,
        )  # fmt: skip
        self._bar.start()
        task = self._bar.add_task("Reading", total=None)

        def told(uri: str, done: int, total: int | None) -> None:
            from rich.markup import escape

            name = escape(one_line(PurePosixPath(uri).name, 40))
            self._bar.update(task, description=name, completed=done, total=total)

        return told

    def __exit__(self, *_: object) -> None:
        self._bar.stop()


def _tell(summary: Summary) -> int:
    _say(
        f"{summary.read} read ({summary.pieces} pieces), {summary.unchanged} unchanged,"
        f" {summary.removed} removed, {len(summary.skipped)} left out, in {summary.seconds:.1f} s."
    )
    if summary.late:
        _say(f"{summary.late} pieces are found by their words only, until the model of EMBEDDINGS answers.")
    for uri, note in summary.notes[:MOST_TOLD]:
        _say(f"  {one_line(uri, 100)}: {one_line(note, 200)}")
    if summary.skipped:
        _say("Left out:")
        for uri, why in summary.skipped[:MOST_TOLD]:
            _say(f"  {one_line(uri, 100)}: {one_line(why, 200)}")
        for why, count in Counter(why for _, why in summary.skipped[MOST_TOLD:]).most_common(10):
            _say(f"  and {count} more: {one_line(why, 200)}")
    return 0


def _say(text: str, status: int = 0) -> int:
    sys.stdout.write(text + "\n")
    return status
