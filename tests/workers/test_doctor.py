"""countersign doctor: what is wrong is named with what to do, and no secret is ever printed."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bot.embedded import Servers
from bot.settings import Settings
from tests.conftest import SECRET
from workers import doctor
from workers.doctor import ours
from workers.doctor.finding import Finding, Level, bad, good, secrets_of, without_secrets


def settings(**given: Any) -> Settings:
    return Settings(_env_file=None, **given)


def told(findings: list[Finding], level: Level = Level.BAD) -> str:
    return "\n".join(str(each) for each in findings if each.level is level)


# ── The whole ────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def healthy(servers: Servers, app_dsn: str, tmp_path: Path) -> Settings:
    return settings(
        database_url=servers.database_url,
        redis_url=servers.redis_url,
        secret_key=SECRET,
        approvals_channel="C0APPROVALS",
        state_dir=tmp_path / "none",
    )


@pytest.fixture
async def nothing_kept(superuser: Any) -> None:
    """No tenant of an earlier test has a service of its own, which would be looked at as well."""
    await superuser.execute("delete from services")


@pytest.mark.usefixtures("nothing_kept")
async def test_a_bot_that_is_well_gets_status_0(
    healthy: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await asyncio.to_thread(doctor.check, healthy) == 0

    shown = capsys.readouterr().out
    assert "✗" not in shown
    assert "✓ Database" in shown
    assert "✓ Broker" in shown
    assert shown.endswith("Nothing is wrong.\n")


async def test_with_nothing_set_it_says_what_to_set_and_gets_status_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await asyncio.to_thread(doctor.check, settings(state_dir=tmp_path / "none")) == 1

    shown = capsys.readouterr().out
    for name in (
        "SECRET_KEY",
        "DATABASE_URL",
        "REDIS_URL",
        "SLACK_BOT_TOKEN",
        "MICROSOFT_APP_ID",
        "STRIPE_API_KEY",
    ):
        assert name in shown


async def test_a_look_that_hangs_or_breaks_is_a_finding_and_the_others_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def hangs(settings: Settings) -> list[Finding]:
        await asyncio.Event().wait()
        return []

    async def breaks(settings: Settings) -> list[Finding]:
        raise RuntimeError("hunter2")

    async def fine(settings: Settings) -> list[Finding]:
        return [good("Fine", "it is")]

    monkeypatch.setattr(doctor, "PATIENCE", 0.05)
    monkeypatch.setattr(doctor, "LOOKS", {"Hangs": hangs, "Breaks": breaks, "Fine": fine})
    found = await doctor.examine(settings())

    assert [each.level for each in found] == [Level.BAD, Level.BAD, Level.GOOD]
    assert "did not answer" in found[0].told
    assert found[1].told == "could not be looked at (RuntimeError)"


def test_no_secret_is_printed_whoever_said_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _leaky(monkeypatch)
    doctor.check(settings(**LEAKS))

    shown = capsys.readouterr().out
    assert not [secret for secret in SECRETS if secret in shown]
    assert "refused …" in shown


@pytest.mark.twin
def test_twin_without_that_care_a_chatty_service_prints_our_secrets(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _leaky(monkeypatch)
    monkeypatch.setattr(doctor, "without_secrets", lambda text, secrets: text)
    doctor.check(settings(**LEAKS))

    assert all(secret in capsys.readouterr().out for secret in SECRETS[:1])


SECRETS = ("xoxb-hunter2", "sk_live_hunter2", "pass-hunter2", "new-key-hunter2", "old-key-hunter2")
LEAKS = {
    "slack_bot_token": SECRETS[0],
    "stripe_api_key": SECRETS[1],
    "database_url": f"postgresql://me:{SECRETS[2]}@db/x",
    "secret_key": f"{SECRETS[3]}, {SECRETS[4]}",
}


def _leaky(monkeypatch: pytest.MonkeyPatch) -> None:
    async def leaks(settings: Settings) -> list[Finding]:
        return [bad("Leak", f"refused {secret}", f"not {secret}") for secret in SECRETS]

    monkeypatch.setattr(doctor, "LOOKS", {"Leak": leaks})


def test_the_longer_secret_goes_first() -> None:
    found = secrets_of(settings(slack_bot_token="abcdefgh", stripe_api_key="abcdefghijkl"))

    assert without_secrets("abcdefghijkl abcdefgh", found) == "… …"


# ── What is ours ─────────────────────────────────────────────────────────────────────────


async def test_a_database_that_was_never_migrated_is_sent_to_migrate(tmp_path: Path) -> None:
    from bot.embedded import private

    with private(want_valkey=False) as empty:
        found = await ours.database(settings(database_url=empty.database_url, secret_key=SECRET))

    assert "countersign migrate" in told(found)


async def test_a_role_that_may_not_log_in_is_sent_to_migrate(
    healthy: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = healthy.secret("database_url").replace("postgres@", "nobody_at_all@", 1)
    assert "nobody_at_all" in nobody
    monkeypatch.setattr(ours, "own_dsn", lambda settings: nobody)

    assert "SECRET_KEY was changed → run `countersign migrate`" in told(await ours.database(healthy))


async def test_a_role_above_row_level_security_is_found_out(healthy: Settings, superuser: Any) -> None:
    await superuser.execute("alter role countersign_app bypassrls")
    try:
        found = await ours.database(healthy)
    finally:
        await superuser.execute("alter role countersign_app nobypassrls")

    assert "row-level security does not bind" in told(found)


async def test_a_database_behind_its_migrations_is_found_out(
    healthy: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ours, "_head", lambda: "9999")

    assert "today's is 9999 → run `countersign migrate`" in told(await ours.database(healthy))


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"database_url": "postgresql://me:pw@127.0.0.1:1/x", "secret_key": SECRET}, "cannot be reached"),
        ({"database_url": "postgresql://me:pw@127.0.0.1:1/x"}, "SECRET_KEY"),
        ({"database_url": "postgresql://me:pw@[/x", "secret_key": SECRET}, "cannot be"),
    ],
)
async def test_a_database_that_is_not_there_is_said_without_its_password(
    given: dict[str, str], what: str
) -> None:
    (finding,) = await doctor._look("Database", ours.database, settings(**given))

    assert finding.level is Level.BAD
    assert what in str(finding)
    assert "pw" not in str(finding)


@pytest.mark.parametrize("url", ["redis://127.0.0.1:1/0", "nonsense://x"])
async def test_a_broker_that_is_not_there_is_said(url: str) -> None:
    assert "REDIS_URL" in told(await ours.broker(settings(redis_url=url)))


async def test_a_celery_broker_of_its_own_is_asked_too(servers: Servers) -> None:
    both = settings(redis_url=servers.redis_url, celery_broker_url="amqp://guest:guest@127.0.0.1:1//")

    assert "CELERY_BROKER_URL" in told(await ours.broker(both))


async def test_halves_and_dangers_of_the_settings_are_all_told() -> None:
    found = await ours.settings_fit(
        settings(secret_key="short", teams_anonymous=True, host="0.0.0.0", slack_client_id="1")
    )

    shown = told(found)
    assert "SECRET_KEY is too short" in shown
    assert "TEAMS_ANONYMOUS" in shown
    assert "SLACK_CLIENT_SECRET" in shown


async def test_a_policy_with_mistakes_is_told_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text("rules:\n  - name: a\n    outcome: perhaps\n    because: b\n")

    assert f"{path}:3" in told(await ours.policy(settings(policy_file=path)))


async def test_no_place_for_approvals_is_noted() -> None:
    assert "APPROVALS_CHANNEL" in told(await ours.policy(settings()), Level.NOTE)


@pytest.mark.parametrize(
    ("url", "level"),
    [
        ("", Level.NOTE),
        ("http://bot.example", Level.BAD),
        ("https://127.0.0.1:1", Level.BAD),
        ("https://bot.invalid", Level.NOTE),
    ],
)
async def test_an_address_has_to_be_one_that_others_reach(url: str, level: Level) -> None:
    (finding,) = await ours.address(settings(public_url=url))

    assert finding.level is level


# ── Against the stand-ins ────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("nothing_kept")
async def test_the_bot_under_up_is_well(servers: Servers, app_dsn: str, tmp_path: Path) -> None:
    """Slack's, Teams' and Stripe's stand-ins answer what the doctor asks of the real ones."""
    from bot.workbench.cast import APPROVALS_CHANNEL
    from bot.workbench.driver import stand_ins
    from workers.bench import sandboxes

    unset = Settings(_env_file=None, state_dir=tmp_path)
    async with stand_ins(tmp_path, sandboxes=sandboxes(unset, "http://127.0.0.1:9")) as world:
        given = world.settings(
            database_url=servers.database_url,
            redis_url=servers.redis_url,
            secret_key=SECRET,
            approvals_channel=APPROVALS_CHANNEL,
        )
        found = await doctor.examine(given)

    assert told(found) == ""
