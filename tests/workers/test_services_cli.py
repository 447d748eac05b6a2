"""`countersign services …`: what is kept, what is said, and what is never said."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner

from bot.embedded import Servers
from bot.errors import ConfigurationError
from bot.settings import Settings
from integrations.base import Identity, Integration
from integrations.errors import NotReached, Refused
from tests.conftest import SECRET
from workers import services_app, services_cli, services_desk
from workers.hooked import workspace_of
from workers.services import Opened, Services
from workers.store import services, tenants
from workers.store.door import Database

KEY = "sk_test_of_a_tenant_9f8e7d"


@pytest.fixture
def settings(servers: Servers, app_dsn: str, tmp_path: Path) -> Settings:
    return Settings(
        _env_file=None,
        database_url=servers.database_url,
        secret_key=SECRET,
        state_dir=tmp_path / "none",
        stripe_api_key="sk_of_the_environment",
        public_url="https://bot.example.com",
    )


@pytest.fixture
async def whose(db: Database) -> str:
    return str(await tenants.create(db, f"Tenant {uuid4()}"))


@pytest.fixture
def key_file(tmp_path: Path) -> str:
    path = tmp_path / "key"
    path.write_text(f"{KEY}\n")
    return f"STRIPE_API_KEY=@{path}"


async def run(command: Callable[..., int], *arguments: Any) -> int:
    return await asyncio.to_thread(command, *arguments)


async def opened(db: Database, whose: str, service: str = "stripe") -> Opened:
    async with db.tenant(UUID(whose)) as c:
        return Services({}, SECRET).opened(UUID(whose), await services.kept(c, UUID(whose), service))


async def test_what_is_set_from_a_file_is_kept_and_not_shown(
    db: Database, settings: Settings, whose: str, key_file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run(services_cli.put, settings, whose, "stripe", [key_file]) == 0
    assert await run(services_cli.show, settings, whose, "stripe") == 0
    said = capsys.readouterr().out

    assert (await opened(db, whose)).values == {"STRIPE_API_KEY": KEY}
    assert "STRIPE_API_KEY = (kept sealed)" in said
    assert KEY not in said


async def test_what_is_set_from_stdin_is_kept(
    db: Database, settings: Settings, whose: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"  {KEY}\n"))
    await run(services_cli.put, settings, whose, "stripe", ["STRIPE_API_KEY=-"])

    assert (await opened(db, whose)).values == {"STRIPE_API_KEY": KEY}


async def test_a_secret_on_the_command_line_is_refused_and_not_repeated(
    db: Database, settings: Settings, whose: str
) -> None:
    with pytest.raises(ConfigurationError, match="can be read by others") as refused:
        await run(services_cli.put, settings, whose, "stripe", [f"STRIPE_API_KEY={KEY}"])

    assert KEY not in str(refused.value)
    assert (await opened(db, whose)).values == {}


async def test_what_is_no_secret_may_stand_on_the_command_line(
    db: Database, settings: Settings, whose: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await run(services_cli.put, settings, whose, "stripe", ["STRIPE_API_BASE=https://stripe.example"])
    await run(services_cli.show, settings, whose, "stripe")

    assert "STRIPE_API_BASE = https://stripe.example" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("service", "pair", "told"),
    [
        ("stripe", "STRIPE_API_KEI=@x", "Did you mean STRIPE_API_KEY?"),
        ("stripe", "SECRET_KEY=@x", "stripe has no setting"),
        ("stripe", "DATABASE_URL=x", "stripe has no setting"),
        ("stripe", "STRIPE_API_BASE=", "is empty"),
        ("stripe", "STRIPE_API_BASE", "has no value"),
        ("stripe", "STRIPE_API_KEY=@/nowhere/at/all", "cannot be read"),
        ("strype", "STRIPE_API_KEY=@x", "Did you mean stripe?"),
        ("stripe", "STRIPE_API_BASE=" + "x" * 20_000, "longer than"),
    ],
)
async def test_a_mistake_is_named_with_what_would_be_right(
    settings: Settings, whose: str, service: str, pair: str, told: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        await run(services_cli.put, settings, whose, service, [pair])

    assert told in str(refused.value)


async def test_another_tenants_line_says_nothing_of_the_environments(
    settings: Settings, whose: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await run(services_cli.listed, settings, whose)

    assert "! stripe   is not connected: STRIPE_API_KEY is not set" in capsys.readouterr().out


async def test_our_own_line_says_that_it_is_from_the_environment(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    await run(services_cli.listed, settings, "")

    assert "stripe   is connected" in capsys.readouterr().out


async def test_what_is_still_missing_is_said(
    settings: Settings, whose: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await run(services_cli.put, settings, whose, "stripe", ["STRIPE_API_BASE=https://stripe.example"])

    assert "It still needs STRIPE_API_KEY." in capsys.readouterr().out


async def test_the_address_of_the_webhook_is_shown_and_leads_to_the_tenant(
    db: Database, settings: Settings, whose: str, key_file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    await run(services_cli.put, settings, whose, "stripe", [key_file])
    await run(services_cli.show, settings, whose, "stripe")
    said = capsys.readouterr().out
    token = said.partition("https://bot.example.com/webhooks/stripe/")[2].split()[0]

    assert len(token) >= 32
    assert await tenants.of_installation(db, "stripe", workspace_of(token)) == UUID(whose)


async def test_the_address_stays_while_settings_change(
    db: Database, settings: Settings, whose: str, key_file: str
) -> None:
    await run(services_cli.put, settings, whose, "stripe", [key_file])
    before = await opened(db, whose)
    await run(services_cli.put, settings, whose, "stripe", ["STRIPE_API_BASE=https://stripe.example"])

    assert (await opened(db, whose)).token == before.token


async def test_without_everything_the_address_is_nobodys(
    db: Database, settings: Settings, whose: str, key_file: str
) -> None:
    await run(services_cli.put, settings, whose, "stripe", [key_file])
    token = (await opened(db, whose)).token
    await run(services_cli.unset, settings, whose, "stripe", [])

    assert await opened(db, whose) == Opened()
    assert await tenants.of_installation(db, "stripe", workspace_of(token)) is None


async def test_one_setting_can_be_taken_back(
    db: Database, settings: Settings, whose: str, key_file: str
) -> None:
    await run(services_cli.put, settings, whose, "stripe", [key_file, "STRIPE_API_BASE=https://s.example"])
    await run(services_cli.unset, settings, whose, "stripe", ["STRIPE_API_BASE"])

    assert (await opened(db, whose)).values == {"STRIPE_API_KEY": KEY}


async def test_a_service_that_sent_its_secret_shows_it_once(
    db: Database, settings: Settings, whose: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with db.tenant(UUID(whose)) as c:
        await services.hold(c, UUID(whose), "stripe")
        values = Opened({"STRIPE_WEBHOOK_SECRET": "sent-by-itself"}, "t" * 32)
        sealed = Services({}, SECRET).sealed(UUID(whose), "stripe", values)
        await services.put(c, UUID(whose), "stripe", sealed, other_account=False, unseen=True)

    await run(services_cli.show, settings, whose, "stripe")
    assert "sent-by-itself" in capsys.readouterr().out
    await run(services_cli.show, settings, whose, "stripe")
    assert "sent-by-itself" not in capsys.readouterr().out


async def test_the_audit_knows_the_names_and_not_the_values(
    db: Database, settings: Settings, whose: str, key_file: str
) -> None:
    await run(services_cli.put, settings, whose, "stripe", [key_file])
    async with db.tenant(UUID(whose)) as c:
        entries = b"\n".join(row["entry"] for row in await c.fetch("select entry from audit"))

    assert b"service.set" in entries
    assert b"STRIPE_API_KEY" in entries
    assert KEY.encode() not in entries


# ── check ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """Stripe, with a `whoami` that answers or raises what is given."""
    stripe = services_desk.integration("stripe")

    def with_answer(answer: Any) -> None:
        def whoami(_client: Any) -> Identity:
            if isinstance(answer, Exception):
                raise answer
            found: Identity = answer
            return found

        it: Integration = replace(stripe, whoami=whoami)
        monkeypatch.setattr(services_desk, "integrations", lambda: (it,))

    return with_answer


async def test_who_we_are_is_asked_said_and_kept(
    db: Database,
    settings: Settings,
    whose: str,
    key_file: str,
    asked: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    asked(Identity("acct_1", "Acme Inc"))
    await run(services_cli.put, settings, whose, "stripe", [key_file])
    assert await run(services_cli.check, settings, whose, "stripe") == 0
    await run(services_cli.listed, settings, whose)

    said = capsys.readouterr().out
    assert "✓ stripe knows us as Acme Inc" in said
    assert "is connected as Acme Inc, kept here" in said
    async with db.tenant(UUID(whose)) as c:
        assert await services.account(c, UUID(whose), "stripe") == "acct_1"


async def test_with_other_settings_who_we_were_is_forgotten(
    db: Database, settings: Settings, whose: str, key_file: str, asked: Any
) -> None:
    asked(Identity("acct_1", "Acme Inc"))
    await run(services_cli.put, settings, whose, "stripe", [key_file])
    await run(services_cli.check, settings, whose)
    await run(services_cli.put, settings, whose, "stripe", ["STRIPE_API_BASE=https://s.example"])
    async with db.tenant(UUID(whose)) as c:
        assert await services.account(c, UUID(whose), "stripe") == ""


async def test_a_new_webhook_secret_changes_nothing_about_who_we_are(
    db: Database, settings: Settings, whose: str, key_file: str, asked: Any, tmp_path: Path
) -> None:
    asked(Identity("acct_1", "Acme Inc"))
    (tmp_path / "hook").write_text("whsec_new")
    await run(services_cli.put, settings, whose, "stripe", [key_file])
    await run(services_cli.check, settings, whose)
    await run(services_cli.put, settings, whose, "stripe", [f"STRIPE_WEBHOOK_SECRET=@{tmp_path / 'hook'}"])
    async with db.tenant(UUID(whose)) as c:
        assert await services.account(c, UUID(whose), "stripe") == "acct_1"


@pytest.mark.parametrize(
    ("answer", "status", "told"),
    [
        (Identity("a", "Acme", ("may not read refunds",)), 1, "✗ stripe: may not read refunds"),
        (Refused("Stripe", "did not accept our key."), 1, "✗ Stripe did not accept our key."),
        (NotReached("Stripe", "could not be reached."), 1, "✗ Stripe could not be reached."),
    ],
)
async def test_what_is_missing_is_said_and_the_status_tells(
    settings: Settings,
    whose: str,
    key_file: str,
    asked: Any,
    capsys: pytest.CaptureFixture[str],
    answer: Any,
    status: int,
    told: str,
) -> None:
    asked(answer)
    await run(services_cli.put, settings, whose, "stripe", [key_file])

    assert await run(services_cli.check, settings, whose, "stripe") == status
    assert told in capsys.readouterr().out


async def test_what_is_not_connected_is_not_asked(
    settings: Settings, whose: str, asked: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    asked(AssertionError("asked"))

    assert await run(services_cli.check, settings, whose, "stripe") == 0
    assert "is not connected" in capsys.readouterr().out


async def test_a_tenant_that_is_not_there_is_said(settings: Settings) -> None:
    with pytest.raises(ConfigurationError, match="no tenant"):
        await run(services_cli.listed, settings, "nobody at all")


def test_every_command_says_what_it_is_for() -> None:
    shown = CliRunner().invoke(services_app.services_app, ["--help"]).output

    for name in ("list", "show", "set", "unset", "check"):
        assert name in shown
