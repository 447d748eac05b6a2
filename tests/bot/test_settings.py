"""Settings: from the environment or .env, secrets hidden, nonsense refused by name."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.settings import Settings, is_sandbox


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


def test_without_anything_set_everything_is_local_and_offline() -> None:
    settings = Settings()

    assert (settings.host, settings.port, settings.model) == ("127.0.0.1", 3000, "offline")
    assert settings.database_url is None
    assert settings.on_loopback


def test_the_environment_wins_over_the_env_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PORT=4000\nLOG_LEVEL=DEBUG\n")
    monkeypatch.setenv("PORT", "5000")

    assert Settings().port == 5000
    assert Settings().log_level == "DEBUG"


def test_an_empty_value_is_an_unset_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("JIRA_API_VERSION", "")

    assert Settings().database_url is None
    assert Settings().jira_api_version == 3


def test_numbers_arrive_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIRA_API_VERSION", "2")

    assert Settings().jira_api_version == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "70000"),
        ("PORT", "abc"),
        ("MODEL", "psychic"),
        ("JIRA_API_VERSION", "4"),
        ("LINK_HOSTS", "https://docs.example.com/"),
    ],
)
def test_nonsense_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(ValidationError) as caught:
        Settings()
    assert caught.value.errors()[0]["loc"] == (name.lower(),)


def test_printing_the_settings_shows_no_secret() -> None:
    settings = Settings(stripe_api_key="sk_test_do_not_show", database_url="postgresql://me:do_not_show@db/x")

    assert "do_not_show" not in f"{settings} {settings!r}"
    assert settings.secret("stripe_api_key") == "sk_test_do_not_show"
    assert settings.secret("notion_token") == ""


def test_an_integration_gets_what_is_set_by_its_name_in_the_env_file() -> None:
    plain = Settings(jira_api_token="t", jira_url="https://jira.example").plain()

    assert plain["JIRA_API_TOKEN"] == "t"
    assert plain["JIRA_API_VERSION"] == "3"
    assert "NOTION_TOKEN" not in plain


def test_a_sandbox_is_an_address_of_this_machine() -> None:
    assert is_sandbox("http://127.0.0.1:3000/standin/slack/api/")
    assert is_sandbox("http://[::1]:3000/")
    assert not is_sandbox("https://slack.com/api/")
    assert not is_sandbox("https://127.0.0.1.example.com/")
    assert not is_sandbox("")
