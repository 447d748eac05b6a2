"""What must not start: half set, dangerous where it is bound, or talking to a stand-in."""

import pytest

from bot import guards
from bot.errors import ConfigurationError
from bot.settings import Settings

GOOD = {
    "secret_key": "k" * 43,
    "database_url": "postgresql://db/countersign",
    "redis_url": "redis://cache/0",
    "host": "0.0.0.0",
}


def refusal(*, under_up: bool = False, **changed: object) -> str:
    with pytest.raises(ConfigurationError) as caught:
        guards.check_serve(Settings(_env_file=None, **{**GOOD, **changed}), under_up=under_up)
    return str(caught.value)


def test_what_is_whole_may_serve() -> None:
    guards.check_serve(Settings(_env_file=None, **GOOD), under_up=False)


def test_without_a_secret_key_it_says_which_setting_and_how_to_make_one() -> None:
    said = refusal(secret_key=None)

    assert "SECRET_KEY" in said
    assert "secrets.token_urlsafe" in said


@pytest.mark.parametrize("key", ["short", f"{'k' * 43},short", " , "])
def test_a_weak_secret_key_is_refused_also_among_several(key: str) -> None:
    assert "SECRET_KEY" in refusal(secret_key=key)


def test_servers_are_not_started_by_serve() -> None:
    assert refusal(database_url=None, redis_url=None).startswith("Set DATABASE_URL and REDIS_URL")


def test_unsigned_teams_activities_are_for_this_machine_only() -> None:
    assert "TEAMS_ANONYMOUS" in refusal(teams_anonymous=True)
    guards.check_serve(
        Settings(_env_file=None, **{**GOOD, "host": "127.0.0.1", "teams_anonymous": True}), under_up=False
    )


@pytest.mark.twin
def test_without_that_guard_anybody_could_speak_as_anybody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guards, "refuse_anonymous_off_loopback", lambda settings: None)

    guards.check_serve(Settings(_env_file=None, **GOOD, teams_anonymous=True), under_up=False)


@pytest.mark.parametrize("name", guards.STAND_INS)
def test_a_stand_in_is_refused_outside_up_and_fine_under_it(name: str) -> None:
    stand_in = {name: "http://127.0.0.1:3000/standin/x"}

    assert name.upper() in refusal(**stand_in)
    guards.check_serve(Settings(_env_file=None, **GOOD, **stand_in), under_up=True)


@pytest.mark.twin
def test_without_that_guard_serve_would_trust_whatever_a_stand_in_signs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(guards, "refuse_stand_ins", lambda settings: None)

    stand_in = {"teams_openid_url": "http://127.0.0.1:3000/standin/teams/openid"}
    guards.check_serve(Settings(_env_file=None, **GOOD, **stand_in), under_up=False)


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("slack_bot_token", "SLACK_SIGNING_SECRET"),
        ("slack_client_id", "SLACK_CLIENT_SECRET"),
        ("microsoft_app_password", "MICROSOFT_APP_ID"),
    ],
)
def test_half_of_a_services_credentials_is_told_with_the_other_half(name: str, missing: str) -> None:
    said = refusal(**{name: "something-secret"})

    assert missing in said
    assert "something-secret" not in said
