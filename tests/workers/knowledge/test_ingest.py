"""Reading in: once, again with changes, broken off, and what is left out is said."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.integrations.documents import made
from tests.workers.knowledge.shelf import EVERYONE, PAGES, Model, Pages, offline, read_in, titles
from workers.knowledge.apart import Apart
from workers.knowledge.embedders import Embedders
from workers.knowledge.from_files import ConfluenceExport, Files
from workers.knowledge.ingest import ingest
from workers.knowledge.item import NotFetched
from workers.store.door import Database


async def counts(db: Database, tenant: UUID) -> dict[str, int]:
    async with db.tenant(tenant) as c:
        return {
            table: await c.fetchval(f"select count(*) from {table} where tenant_id = $1", tenant)
            for table in ("documents", "chunks", "chunk_vectors")
        }


async def word_counts(db: Database, tenant: UUID) -> tuple[dict[str, int], dict[str, int]]:
    """As they are kept, and as they are."""
    async with db.tenant(tenant) as c:
        rows = await c.fetch(
            "select word, chunks from chunk_words where tenant_id = $1 and chunks > 0", tenant
        )
        real = await c.fetch(
            "select tsvector_to_array(words) as words from chunks where tenant_id = $1", tenant
        )
    return (
        {row["word"]: row["chunks"] for row in rows},
        dict(Counter(word[8:] for row in real for word in row["words"])),
    )


async def test_what_is_read_in_is_found(db: Database, tenant: UUID) -> None:
    summary = await read_in(db, tenant, PAGES)
    assert (summary.read, summary.unchanged, summary.removed, summary.skipped) == (4, 0, 0, [])
    assert (await titles(db, tenant, "How long does a refund take?"))[0] == "Refunds"
    assert (await titles(db, tenant, "vacation days"))[0] == "Vacation"


async def test_a_second_time_nothing_is_read_again(db: Database, tenant: UUID) -> None:
    source = Pages(PAGES)
    source.stamps = dict.fromkeys(PAGES, "v1")
    await read_in(db, tenant, source)
    before = await counts(db, tenant)
    source.loaded.clear()
    summary = await read_in(db, tenant, source)
    assert (summary.read, summary.unchanged, summary.pieces) == (0, 4, 0)
    assert source.loaded == []  # the source says that nothing changed
    assert await counts(db, tenant) == before


async def test_of_what_changed_only_that_is_read_and_the_old_is_gone(db: Database, tenant: UUID) -> None:
    source = Pages(PAGES)
    await read_in(db, tenant, source)
    source.pages["vacation.md"] = "# Vacation\n\nEverybody has 35 days of sabbatical."
    summary = await read_in(db, tenant, source)
    assert (summary.read, summary.unchanged) == (1, 3)
    assert (await titles(db, tenant, "sabbatical"))[0] == "Vacation"
    kept, real = await word_counts(db, tenant)
    assert kept == real
    assert "manager" not in kept


async def test_what_vanished_is_removed_with_its_words_and_vectors(db: Database, tenant: UUID) -> None:
    source = Pages(PAGES)
    await read_in(db, tenant, source)
    del source.pages["ovens.md"]
    summary = await read_in(db, tenant, source)
    assert summary.removed == 1
    assert "Ovens" not in await titles(db, tenant, "pizza oven degrees")
    found = await counts(db, tenant)
    assert found["documents"] == 3
    assert found["chunks"] == found["chunk_vectors"]
    kept, real = await word_counts(db, tenant)
    assert kept == real


async def test_where_the_list_breaks_off_nothing_is_removed(db: Database, tenant: UUID) -> None:
    source = Pages(PAGES)
    await read_in(db, tenant, source)
    del source.pages["ovens.md"]
    source.fails = True
    with pytest.raises(NotFetched):
        await read_in(db, tenant, source)
    assert (await titles(db, tenant, "pizza oven"))[0] == "Ovens"


@pytest.mark.parametrize("down", [True, False])
async def test_what_cannot_be_fetched_stays_as_it_was_and_is_said(
    db: Database, tenant: UUID, down: bool
) -> None:
    source = Pages(PAGES)
    await read_in(db, tenant, source)
    source.broken = {"ovens.md"} if down else set()
    source.pages["ovens.md"] = "# Ovens\n\nColder." if down else b""
    summary = await read_in(db, tenant, source)
    assert summary.skipped == [("ovens.md", "it answered 500" if down else "it is empty")]
    assert ("Ovens" in await titles(db, tenant, "pizza oven")) is down  # what is empty now is no more


async def test_two_sources_know_nothing_of_each_other(db: Database, tenant: UUID) -> None:
    await read_in(db, tenant, Pages(PAGES, "one"))
    summary = await read_in(db, tenant, Pages({"ovens.md": PAGES["ovens.md"]}, "other"))
    assert (summary.read, summary.removed) == (1, 0)
    assert (await counts(db, tenant))["documents"] == 5


async def test_another_access_is_a_change(db: Database, tenant: UUID) -> None:
    await read_in(db, tenant, PAGES)
    summary = await read_in(db, tenant, Pages(PAGES), ("group:finance",))
    assert summary.read == 4
    assert await titles(db, tenant, "refund") == []
    assert await titles(db, tenant, "refund", ("group:finance",))


async def test_while_the_model_is_down_pages_are_found_by_their_words(db: Database, tenant: UUID) -> None:
    model = Model()
    model.down = True
    embedders = Embedders({}, model)
    summary = await ingest(db, tenant, embedders, Pages(PAGES), EVERYONE)
    assert summary.late == summary.pieces > 0
    assert (await titles(db, tenant, "refund", embedders=embedders))[0] == "Refunds"


async def test_two_who_read_in_at_once_come_one_after_the_other(db: Database, tenant: UUID) -> None:
    import asyncio

    await asyncio.gather(read_in(db, tenant, PAGES), read_in(db, tenant, PAGES))
    assert (await counts(db, tenant))["documents"] == 4
    kept, real = await word_counts(db, tenant)
    assert kept == real


async def test_a_folder_is_read_with_all_kinds_and_what_is_left_out_is_said(
    db: Database, tenant: UUID, tmp_path: Path
) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / "sub" / "a.md").write_text("# Alpha\n\nThe alpha page.")
    (tmp_path / "b.pdf").write_bytes(made.pdf("The bravo page."))
    (tmp_path / "c.docx").write_bytes(made.word(("Heading 1", "Charlie"), ("", "The charlie page.")))
    (tmp_path / "d.html").write_text("<h1>Delta</h1><p>The delta page.")
    (tmp_path / "locked.pdf").write_bytes(made.pdf("secret", encrypted="pw"))
    (tmp_path / "tool.exe").write_bytes(b"MZ")
    (tmp_path / ".git" / "x.md").write_text("hidden")
    (tmp_path / ".env").write_text("SECRET=1")
    (tmp_path / "out.md").symlink_to("/etc/hostname")
    summary = await ingest(db, tenant, offline(), Files(tmp_path, "https://wiki.example/x/"), EVERYONE)
    assert summary.read == 4
    assert dict(summary.skipped) == {
        "locked.pdf": "it is encrypted",
        "tool.exe": "there is no reader for .exe",
        "out.md": "it is a link to somewhere else",
    }
    async with db.tenant(tenant) as c:
        links = await c.fetchval(
            "select link from documents where tenant_id = $1 and uri = 'sub/a.md'", tenant
        )
    assert links == "https://wiki.example/x/sub/a.md"


async def test_a_single_file_and_one_that_is_not_there(db: Database, tenant: UUID, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# Alpha\n\nThe alpha page.")
    assert (await ingest(db, tenant, offline(), Files(tmp_path / "a.md"), EVERYONE)).read == 1
    with pytest.raises(NotFetched, match="no such"):
        await ingest(db, tenant, offline(), Files(tmp_path / "b.md"), EVERYONE)


async def test_a_space_of_confluence_is_read_in_and_again_without_changes(
    db: Database, tenant: UUID, tmp_path: Path
) -> None:
    export = tmp_path / "space.zip"
    pages = (("7", "Refunds", "<p>Five days.</p>"), ("8", "Ovens", "<p>450 degrees.</p>"))
    export.write_bytes(made.packed(entities_dot_xml=made.entities(*pages)))
    assert (await ingest(db, tenant, offline(), ConfluenceExport(export), EVERYONE)).read == 2
    export.write_bytes(made.packed(entities_dot_xml=made.entities(pages[0])))
    summary = await ingest(db, tenant, offline(), ConfluenceExport(export), EVERYONE)
    assert (summary.read, summary.unchanged, summary.removed) == (0, 1, 1)


async def test_an_export_that_is_a_bomb_is_refused_before_it_is_unpacked(
    db: Database, tenant: UUID, tmp_path: Path
) -> None:
    export = tmp_path / "space.zip"
    export.write_bytes(made.bomb(40 * 1024 * 1024))
    with pytest.raises(NotFetched, match="far more"):
        await ingest(db, tenant, offline(), ConfluenceExport(export), EVERYONE)


async def test_killed_at_any_moment_what_was_kept_is_whole(
    db: Database, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workers.knowledge.ingest.PORTION", 1)
    source = Pages(PAGES)
    real, calls = Apart.read, 0

    async def dies(self: Apart, *given: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise KeyboardInterrupt
        return await real(self, *given)

    monkeypatch.setattr(Apart, "read", dies)
    with pytest.raises(KeyboardInterrupt):
        await read_in(db, tenant, source)
    kept, there = await word_counts(db, tenant)
    assert kept == there
    monkeypatch.undo()
    await read_in(db, tenant, source)
    assert (await counts(db, tenant))["documents"] == 4
