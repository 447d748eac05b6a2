"""The stand-ins' keys and the variables that point a bot at them."""

from __future__ import annotations

import stat
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Any

import pytest

from bot.errors import ConfigurationError
from bot.settings import Settings
from bot.workbench import cast, environment
from bot.workbench.keys import folder, keys


def settings(tmp_path: Path, **more: Any) -> Settings:
    return Settings(_env_file=None, state_dir=tmp_path, port=3000, **more)


def test_keys_are_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    first = keys(tmp_path)

    path = folder(tmp_path) / "keys.json"
    assert keys(tmp_path) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert first.slack_bot_token not in repr(first)


def test_processes_that_start_together_agree_on_the_keys(tmp_path: Path) -> None:
    with ThreadPool(4) as pool:
        made = pool.map(keys, [tmp_path] * 4)

    assert len({one.slack_bot_token for one in made}) == 1
    assert [path.name for path in folder(tmp_path).iterdir()] == ["keys.json"]


def test_a_broken_key_file_is_named(tmp_path: Path) -> None:
    keys(tmp_path)
    (folder(tmp_path) / "keys.json").write_text("{")

    with pytest.raises(ConfigurationError, match=r"keys\.json"):
        keys(tmp_path)


def test_without_any_credential_everything_is_a_stand_in(tmp_path: Path) -> None:
    variables = environment(settings(tmp_path))

    assert variables["SLACK_API_URL"] == "http://127.0.0.1:3000/standin/slack/api/"
    assert variables["TEAMS_OPENID_URL"] == "http://127.0.0.1:3000/standin/teams/openid"
    assert variables["TEAMS_LOGIN_URL"] == "http://127.0.0.1:3000/standin/teams/login"
    assert variables["STRIPE_API_BASE"] == "http://127.0.0.1:3000/standin/stripe"
    assert cast.APPROVALS_CHANNEL in variables["APPROVALS_CHANNEL"].split(",")
    assert variables["STRIPE_API_KEY"].startswith("sk_test_")
    assert set(variables) >= {
        "SLACK_BOT_TOKEN",
        "SLACK_SIGNING_SECRET",
        "MICROSOFT_APP_ID",
        "MICROSOFT_APP_PASSWORD",
        "MICROSOFT_APP_TENANT_ID",
        "TEAMS_ISSUER",
        "STRIPE_WEBHOOK_SECRET",
    }


def test_every_variable_is_a_setting_and_gives_the_same_stand_ins_again(tmp_path: Path) -> None:
    variables = environment(settings(tmp_path))
    known = {name.upper() for name in Settings.model_fields}

    assert set(variables) <= known
    aimed: dict[str, Any] = {name.lower(): value for name, value in variables.items()}
    again = environment(settings(tmp_path, **aimed))
    assert again == {name: value for name, value in variables.items() if not name.startswith("APPROV")}


@pytest.mark.parametrize(
    ("real", "gone"),
    [
        ({"slack_bot_token": "xoxb-1"}, "SLACK"),
        ({"slack_signing_secret": "s"}, "SLACK"),
        ({"slack_client_id": "1.2"}, "SLACK"),
        ({"microsoft_app_id": "a"}, "MICROSOFT"),
        ({"teams_anonymous": True}, "TEAMS"),
        ({"stripe_api_key": "sk_test_1"}, "STRIPE"),
    ],
)
def test_a_service_with_credentials_of_its_own_is_left_alone(
    tmp_path: Path, real: dict[str, Any], gone: str
) -> None:
    variables = environment(settings(tmp_path, **real))

    assert not [name for name in variables if name.startswith(gone)]
    assert variables


def test_approvals_go_to_teams_where_slack_is_real_and_to_nobodys_choice_but_ones_own(tmp_path: Path) -> None:
    real = environment(settings(tmp_path, slack_bot_token="xoxb-1"))
    own = environment(settings(tmp_path, approvals_channel="C1"))

    assert real["APPROVALS_CHANNEL"] == cast.APPROVALS_CHAT
    assert "APPROVALS_CHANNEL" not in own


def test_each_way_to_name_this_machine_gives_a_right_url(tmp_path: Path) -> None:
    urls = {
        host: environment(settings(tmp_path, host=host))["SLACK_API_URL"]
        for host in ("127.0.0.1", "localhost", "::1")
    }

    assert urls == {
        "127.0.0.1": "http://127.0.0.1:3000/standin/slack/api/",
        "localhost": "http://localhost:3000/standin/slack/api/",
        "::1": "http://[::1]:3000/standin/slack/api/",
    }
