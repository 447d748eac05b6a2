"""The manifest says what is true, and no more than is needed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.platforms.slack import manifest as manifests
from bot.platforms.slack.inbound import to_turn
from bot.platforms.slack.manifest import COMMANDS, EVENTS, PLACEHOLDER_URL, SCOPES, manifest, manifest_yaml
from bot.turn import Said, Shortcut, Turn

ROOT = Path(__file__).parents[4]
SOURCES = ROOT / "bot" / "platforms" / "slack"

Shape = Callable[[str], dict[str, Any]]

HEARD = {
    "agent_session_stopped": "session_stopped",
    "app_home_opened": "home_opened",
    "app_mention": "app_mention",
    "app_uninstalled": "uninstalled",
    "message.channels": "thread_reply",
    "message.groups": "thread_reply",
    "message.im": "direct_message",
    "tokens_revoked": "bot_token_revoked",
}

# Scope → what in our code, or which event, cannot do without it.
USED = {
    "app_mentions:read": "app_mention",
    "assistant:write": "assistant.threads.setStatus",
    "channels:history": "message.channels",
    "chat:write": "chat.postMessage",
    "commands": "/order",
    "files:read": "files.info",
    "groups:history": "message.groups",
    "im:history": "message.im",
    "im:write": "conversations.open",
    "usergroups:read": "usergroups.list",
    "users:read": "users.info",
    "users:read.email": '"email"',
}


def test_the_file_is_what_the_function_makes() -> None:
    text = (ROOT / "manifests" / "slack.yaml").read_text()
    assert yaml.safe_load(text) == manifest(PLACEHOLDER_URL)
    assert text.endswith(manifest_yaml(PLACEHOLDER_URL))


def test_every_address_is_ours() -> None:
    text = manifest_yaml("https://bot.acme.test/")
    addresses = {word.strip("'\"") for word in text.split() if word.startswith("http")}
    assert addresses == {"https://bot.acme.test/slack/events", "https://bot.acme.test/slack/oauth_redirect"}


@pytest.mark.parametrize("event", sorted(EVENTS))
def test_every_subscribed_event_is_a_turn(shape: Shape, event: str) -> None:
    assert isinstance(to_turn(shape(HEARD[event])), Turn)


@pytest.mark.parametrize("command", [name for name, *_ in COMMANDS])
def test_every_command_is_heard(shape: Shape, command: str) -> None:
    heard = to_turn(shape("command") | {"command": command, "text": ""})
    assert isinstance(heard, Turn)
    assert heard.act == Said(command, mentioned=True, opens_thread=True)


def test_the_shortcut_is_heard_by_its_name(shape: Shape) -> None:
    heard = to_turn(shape("shortcut"))
    assert isinstance(heard, Turn)
    assert isinstance(heard.act, Shortcut)
    assert heard.act.name == manifests.SHORTCUTS[0][1]


def test_no_scope_is_asked_for_that_nothing_uses() -> None:
    assert SCOPES.keys() == USED.keys()
    code = "".join(path.read_text() for path in SOURCES.glob("*.py") if path.name != "manifest.py")
    for scope, need in USED.items():
        assert need in EVENTS or need in code or any(need == name for name, *_ in COMMANDS), scope


def test_every_web_api_method_we_call_has_its_scope() -> None:
    code = (SOURCES / "client.py").read_text()
    needed = {
        "chat.postMessage": "chat:write",
        "chat.update": "chat:write",
        "chat.postEphemeral": "chat:write",
        "conversations.replies": "channels:history",
        "conversations.history": "channels:history",
        "conversations.open": "im:write",
        "users.info": "users:read",
        "assistant.threads.setStatus": "assistant:write",
    }
    import re

    called = set(re.findall(r'"((?:chat|conversations|users|views|assistant)\.[A-Za-z.]+)"', code))
    assert called - {"views.open", "views.publish"} == needed.keys()
    assert all(scope in SCOPES for scope in needed.values())


def test_slacks_limits_for_a_manifest_are_kept() -> None:
    found = manifest(PLACEHOLDER_URL)
    shown, features = found["display_information"], found["features"]
    assert len(shown["name"]) <= 35
    assert len(shown["description"]) <= 140
    assert 174 <= len(shown["long_description"]) <= 4000
    assert len(features["agent_view"]["agent_description"]) <= 300
    assert len(features["agent_view"]["suggested_prompts"]) <= 4
    assert "assistant_view" not in features
    for command in features["slash_commands"]:
        assert command["command"].startswith("/")
        assert len(command["command"]) <= 32
        assert len(command["description"]) <= 2000
        assert command["url"] == f"{PLACEHOLDER_URL}/slack/events"
    for shortcut in features["shortcuts"]:
        assert len(shortcut["name"]) <= 24
        assert len(shortcut["callback_id"]) <= 255
        assert len(shortcut["description"]) <= 150


def test_token_rotation_which_cannot_be_undone_is_off_unless_asked_for() -> None:
    assert manifest(PLACEHOLDER_URL)["settings"]["token_rotation_enabled"] is False
    asked = manifest(PLACEHOLDER_URL, token_rotation=True, socket_mode=True)["settings"]
    assert (asked["token_rotation_enabled"], asked["socket_mode_enabled"]) == (True, True)
