"""countersign approvers: a table of managers is taken whole or not at all; authors are noted."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from bot.errors import ConfigurationError
from workers import approvers_cli
from workers.approvers_cli import pairs
from workers.store import directory
from workers.store.door import Database


def table(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "managers.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_every_line_is_a_person_and_their_manager(tmp_path: Path) -> None:
    text = (
        "\ufeffname,email,manager\n"
        "Ada,Ada@Example.com, grace@example.com\n"
        "Omar,omar@example.com,grace@example.com\n"
    )
    assert pairs(table(tmp_path, text)) == [
        ("ada@example.com", "grace@example.com"),
        ("omar@example.com", "grace@example.com"),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "columns email and manager"),
        ("email\nada@example.com\n", "columns email and manager"),
        ("email,manager\nada,grace@example.com\n", "line 2: email is no e-mail address"),
        ("email,manager\nada@example.com\n", "line 2: manager is no e-mail address"),
        ("email,manager\nada@example.com,ada@example.com\n", "manages themselves"),
        ("email,manager\na@x.com,b@x.com\nA@x.com,c@x.com\n", "line 3: a@x.com stands there twice"),
        (b"email,manager\n\xff\xfe,b@x.com\n", "cannot be read as CSV"),
        ('email,manager\n"a@x.com,b@x.com\n', "cannot be read as CSV"),
    ],
)
def test_a_mistake_names_its_line(tmp_path: Path, text: str | bytes, words: str) -> None:
    with pytest.raises(ConfigurationError) as found:
        pairs(table(tmp_path, text))
    assert words in str(found.value)


def test_a_file_that_is_not_there_or_too_large_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        pairs(tmp_path / "none.csv")
    monkeypatch.setattr(approvers_cli, "LARGEST", 10)
    with pytest.raises(ConfigurationError, match="larger"):
        pairs(table(tmp_path, "email,manager\n" + "x" * 50))


async def test_a_new_table_takes_the_place_of_the_old(db: Database, tenant: UUID) -> None:
    async with db.tenant(tenant) as c:
        await directory.put_managers(c, tenant, [("ada@example.com", "grace@example.com")])
        await directory.put_managers(c, tenant, [("omar@example.com", "grace@example.com")])
        assert await directory.manager_of(c, tenant, ["ada@example.com"]) == ""
        assert await directory.manager_of(c, tenant, ["omar@example.com"]) == "grace@example.com"


async def test_whoever_wrote_what_is_active_is_noted_with_each_version(db: Database, tenant: UUID) -> None:
    async with db.tenant(tenant) as c:
        await c.execute(
            "insert into flow_versions (tenant_id, flow, version, definition)"
            " values ($1, 'order', 'v1', '{}')",
            tenant,
        )
        await c.execute(
            "insert into active_flows (tenant_id, flow, version) values ($1, 'order', 'v1')", tenant
        )
        await c.execute("update tenants set policy_version = 'p1'")
        assert await approvers_cli.note_author(c, tenant, "grace@example.com") == 2
        assert await directory.pushers(c, tenant, "v1", "other") == {"grace@example.com": "flow"}
        assert await directory.pushers(c, tenant, "other", "p1") == {"grace@example.com": "policy"}
