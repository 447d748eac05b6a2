"""countersign flows …: every mistake named, versions listed, shown and switched."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from bot.embedded import Servers
from bot.errors import ConfigurationError
from bot.settings import Settings
from flows.loader import load_file
from integrations import tools
from tests.conftest import SECRET
from workers import authors, flows_cli
from workers.push import CATALOG, load_catalog, policy_of
from workers.store import definitions, tenants
from workers.store.door import Database

GREET = """
id: greet
description: "Say hello"
steps:
  - id: hello
    type: message
    text: "{text}"
  - id: done
    type: end
"""


@pytest.fixture
def settings(servers: Servers, app_dsn: str, tmp_path: Path) -> Settings:
    return Settings(
        _env_file=None, database_url=servers.database_url, secret_key=SECRET, state_dir=tmp_path / "none"
    )


@pytest.fixture
async def whose(db: Database) -> str:
    """A tenant of this test's, by the id that --tenant takes."""
    return str(await tenants.create(db, f"Tenant {uuid4()}"))


@pytest.fixture
def catalog(tmp_path: Path) -> Callable[..., Path]:
    def write(**files: str) -> Path:
        folder = tmp_path / "catalog"
        folder.mkdir(exist_ok=True)
        for name, text in files.items():
            (folder / f"{name}.yaml").write_text(text)
        return folder

    return write


async def run(work: Callable[..., int], *arguments: Any) -> int:
    """As the program does it: outside of any loop."""
    return await asyncio.to_thread(work, *arguments)


# ── lint ─────────────────────────────────────────────────────────────────────────────────


def test_what_is_shipped_has_no_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert flows_cli.lint(CATALOG) == 0
    assert "no mistakes" in capsys.readouterr().out


def test_every_mistake_of_every_file_is_named_with_file_line_step_and_field(
    catalog: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = catalog(
        one=GREET.format(text="hi").replace("type: message", "type: mesage"),
        two=GREET.format(text="hi {{ nobody }}").replace("id: greet", "id: two"),
        fine=GREET.format(text="hi").replace("id: greet", "id: fine"),
    )
    (folder.parent / "policy.yaml").write_text("rules: []\n")

    assert flows_cli.lint(folder) == 1
    *lines, last = capsys.readouterr().out.splitlines()
    one, two, policy = lines
    assert one.startswith(f"{folder}/one.yaml:")
    assert "step 'hello' field 'type'" in one
    assert "Right would be: message" in one
    assert "two.yaml:" in two
    assert "nobody" in two
    assert "policy.yaml" in policy
    assert last == "3 mistakes in 4 files."


def test_a_folder_without_flows_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="holds no flow"):
        flows_cli.lint(tmp_path)


def test_started_elsewhere_the_shipped_catalogue_is_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert flows_cli.lint(Path("flows/catalog")) == 0


# ── graph ────────────────────────────────────────────────────────────────────────────────


def test_a_graph_is_mermaid(capsys: pytest.CaptureFixture[str]) -> None:
    assert flows_cli.graph(CATALOG, "order") == 0
    drawn = capsys.readouterr().out
    assert drawn.startswith("flowchart TD\n")
    assert all(id in drawn for id in next(f for f in load_catalog() if f.id == "order").steps)


def test_a_graph_of_what_is_not_there_names_what_is() -> None:
    with pytest.raises(ConfigurationError, match=r"There is no flow ordre: .*order"):
        flows_cli.graph(CATALOG, "ordre")


# ── push, list, show, activate ───────────────────────────────────────────────────────────


async def test_pushing_twice_makes_one_version(
    settings: Settings, whose: str, catalog: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = catalog(greet=GREET.format(text="hi"))
    assert await run(flows_cli.push, settings, folder, whose) == 0
    assert "new, active" in capsys.readouterr().out
    assert await run(flows_cli.push, settings, folder, whose) == 0
    assert "unchanged, active" in capsys.readouterr().out
    assert await run(flows_cli.list_all, settings, whose) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


async def test_one_mistake_in_one_file_and_nothing_is_pushed(
    db: Database, settings: Settings, whose: str, catalog: Callable[..., Path]
) -> None:
    folder = catalog(greet=GREET.format(text="hi"), bad="id: bad\n")
    assert await run(flows_cli.push, settings, folder, whose) == 1

    async with db.tenant(UUID(whose)) as c:
        assert await definitions.active_flows(c, UUID(whose)) == {}
        assert await tenants.policy_version(c, UUID(whose)) is None


async def test_an_earlier_version_is_made_active_again_by_the_beginning_of_its_name(
    settings: Settings, whose: str, catalog: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    versions = []
    for text in ("hi", "hello"):
        folder = catalog(greet=GREET.format(text=text))
        versions.append(load_file(folder / "greet.yaml", tools()).version)
        await run(flows_cli.push, settings, folder, whose)
    capsys.readouterr()
    assert await run(flows_cli.activate, settings, "greet", versions[0][:6], whose) == 0
    capsys.readouterr()
    await run(flows_cli.list_all, settings, whose)
    active = [line for line in capsys.readouterr().out.splitlines() if line.endswith("active")]
    assert len(active) == 1
    assert versions[0] in active[0]
    await run(flows_cli.show, settings, "greet", "", whose)
    assert "text: hi\n" in capsys.readouterr().out


async def test_what_is_shown_is_a_file_of_the_same_version(
    settings: Settings, whose: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await run(flows_cli.push, settings, CATALOG, whose)
    capsys.readouterr()
    for flow in load_catalog():
        await run(flows_cli.show, settings, flow.id, "", whose)
        shown = tmp_path / "shown.yaml"
        shown.write_text(capsys.readouterr().out)
        assert shown.read_text().startswith(f"id: {flow.id}\ndescription:")
        assert load_file(shown, tools()).version == flow.version


@pytest.mark.parametrize(
    ("flow", "version", "told"),
    [
        ("gret", "", "Stored are: greet"),
        ("greet", "ffffffff", "Name one version"),
        ("greet", "", None),
        ("greet", "0", "by 4 characters"),
    ],
)
async def test_what_is_not_there_is_said_with_what_is(
    settings: Settings, whose: str, catalog: Callable[..., Path], flow: str, version: str, told: str | None
) -> None:
    await run(flows_cli.push, settings, catalog(greet=GREET.format(text="hi")), whose)
    if told is None:
        assert await run(flows_cli.show, settings, flow, version, whose) == 0
        return
    with pytest.raises(ConfigurationError, match=told):
        await run(flows_cli.show, settings, flow, version, whose)


async def test_a_version_that_cannot_run_today_is_not_made_active(
    db: Database, settings: Settings, whose: str, catalog: Callable[..., Path]
) -> None:
    await run(flows_cli.push, settings, catalog(greet=GREET.format(text="hi")), whose)
    await _put_old(db, UUID(whose))

    assert await run(flows_cli.activate, settings, "greet", "0123456789abcdef", whose) == 1
    async with db.tenant(UUID(whose)) as c:
        assert (await definitions.active_flows(c, UUID(whose)))["greet"] != "0123456789abcdef"


@pytest.mark.twin
async def test_twin_without_reading_it_first_a_broken_version_becomes_active(
    db: Database,
    settings: Settings,
    whose: str,
    catalog: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await run(flows_cli.push, settings, catalog(greet=GREET.format(text="hi")), whose)
    await _put_old(db, UUID(whose))
    monkeypatch.setattr(flows_cli, "load_stored", lambda definition, known: None)

    assert await run(flows_cli.activate, settings, "greet", "0123456789abcdef", whose) == 0
    async with db.tenant(UUID(whose)) as c:
        assert (await definitions.active_flows(c, UUID(whose)))["greet"] == "0123456789abcdef"


async def _put_old(db: Database, tenant: UUID) -> None:
    async with db.tenant(tenant) as c:
        old = {"id": "greet", "description": "d", "steps": [{"id": "a", "type": "fax"}]}
        await definitions.keep_flow(c, tenant, "greet", "0123456789abcdef", old)


async def test_an_activation_is_on_record(
    db: Database, settings: Settings, whose: str, catalog: Callable[..., Path]
) -> None:
    folder = catalog(greet=GREET.format(text="hi"))
    await run(flows_cli.push, settings, folder, whose)
    version = load_file(folder / "greet.yaml", tools()).version
    await run(flows_cli.activate, settings, "greet", version, whose)

    async with db.tenant(UUID(whose)) as c:
        entries = [bytes(row["entry"]) for row in await c.fetch("select entry from audit")]
    assert any(b"flow.activated" in entry and version.encode() in entry for entry in entries)


async def test_a_tenant_that_is_not_there_is_said(settings: Settings) -> None:
    with pytest.raises(ConfigurationError, match="No tenant is called so"):
        await run(flows_cli.list_all, settings, "Acme of nowhere")


async def test_without_a_database_it_is_said_which_setting_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="DATABASE_URL"):
        await run(flows_cli.list_all, Settings(_env_file=None, state_dir=tmp_path / "none"))


def test_a_policy_that_was_named_and_is_not_there_is_no_reason_to_take_another(tmp_path: Path) -> None:
    named = Settings(_env_file=None, policy_file=tmp_path / "mine.yaml")
    with pytest.raises(ConfigurationError, match=r"mine\.yaml, which is not there"):
        policy_of(named)


# ── whose it is ──────────────────────────────────────────────────────────────────────────


async def wrote(db: Database, whose: str) -> dict[str, str]:
    async with db.tenant(UUID(whose)) as c:
        rows = await c.fetch("select kind, name, email from pushers")
    return {f"{row['kind']} {row['name']}".strip(): row["email"] for row in rows}


async def test_whoever_pushes_is_noted_for_what_became_active_by_that_alone(
    db: Database, settings: Settings, whose: str, catalog: Callable[..., Path]
) -> None:
    push = partial(flows_cli.push, by="ada@example.com")
    assert await run(push, settings, catalog(greet=GREET.format(text="hi")), whose) == 0
    assert await wrote(db, whose) == {"flow greet": "ada@example.com", "policy": "ada@example.com"}

    again = partial(flows_cli.push, by="eve@example.com")
    assert await run(again, settings, catalog(greet=GREET.format(text="hi")), whose) == 0
    assert set((await wrote(db, whose)).values()) == {"ada@example.com"}


async def test_a_push_by_nobody_says_that_nobody_is_noted(
    db: Database,
    settings: Settings,
    whose: str,
    catalog: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
) -> None:
    await run(flows_cli.push, settings, catalog(greet=GREET.format(text="hi")), whose)

    assert "say --by EMAIL" in capsys.readouterr().out
    assert await wrote(db, whose) == {}


@pytest.mark.parametrize("given", ["ada", "a@b@c", "ada @example.com", "x" * 320 + "@example.com"])
def test_what_is_no_address_is_refused_as_an_author(given: str) -> None:
    with pytest.raises(ConfigurationError, match="--by is an e-mail address"):
        authors.author(given)


def test_where_nobody_says_it_the_address_that_they_commit_under_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(authors, "_of_git", lambda: "Ada@Example.com\n")
    assert authors.author("") == "ada@example.com"
    monkeypatch.setattr(authors, "_of_git", lambda: "not an address")
    assert authors.author("") == ""


async def test_a_push_that_would_change_what_waits_asks_first(
    db: Database,
    settings: Settings,
    whose: str,
    catalog: Callable[..., Path],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def touched(*_: Any) -> list[str]:
        return ["greet 1 → 2: 3 runs waiting now"]

    monkeypatch.setattr(flows_cli, "_touched", touched)
    folder = catalog(greet=GREET.format(text="hi"))

    assert await run(partial(flows_cli.push, yes=False), settings, folder, whose) == 1
    assert "With --yes it is pushed all the same" in capsys.readouterr().out
    assert await run(partial(flows_cli.push, yes=False, ask=lambda _: False), settings, folder, whose) == 1
    async with db.tenant(UUID(whose)) as c:
        assert await definitions.active_flows(c, UUID(whose)) == {}
    assert await run(partial(flows_cli.push, yes=False, ask=lambda _: True), settings, folder, whose) == 0
