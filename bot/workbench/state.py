"""Everything there is, for a page that has just been opened (`State` in protocol.ts)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from bot.settings import Settings
from bot.workbench import cast, slack_views, slack_world, teams_world, wire
from bot.workbench.cast import Json
from bot.workbench.environment import SERVICES, uses_sandbox, uses_slack, uses_teams
from bot.workbench.store import Store

MESSAGES, WIRE, RUNS = 500, 200, 10


def state(
    store: Store, settings: Settings, runs: list[Json], records: list[Json], sandboxes: Sequence[str] = ()
) -> Json:
    """`sandboxes` are the services whose sandbox is mounted here."""
    return {
        "seq": store.seq(),
        "persons": [_person(person) for person in cast.PERSONS.values()],
        "slack": slack_state(store) if uses_slack(settings) else None,
        "teams": teams_state(store) if uses_teams(settings) else None,
        "runs": runs[:RUNS],
        "records": records,
        "wire": store.wire(WIRE),
        "connected": connected(settings, sandboxes),
        "suggestion": cast.SUGGESTION,
        "now": wire.now_text(store.clock()),
    }


def slack_state(store: Store) -> Json:
    return {
        "team": cast.TEAM,
        "bot": {"user": cast.BOT_USER, "name": cast.BOT_NAME},
        "commands": list(cast.COMMANDS),
        "shortcuts": list(cast.SHORTCUTS),
        "channels": [
            {"id": channel.id, "name": channel.name, "kind": channel.kind}
            | ({"person": channel.person.id} if channel.person else {})
            for channel in cast.CHANNELS.values()
        ],
        "messages": [slack_world.shown(message) for message in store.newest("message", MESSAGES)],
        "modals": [slack_views.shown(view) for view in store.newest("view")],
        "homes": {
            person: home["blocks"]
            for person in cast.PERSONS
            if (home := store.get("home", person)) is not None
        },
        "status": {kept["key"]: kept["status"] for kept in store.newest("status")},
    }


def teams_state(store: Store) -> Json:
    return {
        "tenant": cast.TENANT,
        "bot": {"id": cast.TEAMS_BOT, "name": cast.BOT_NAME},
        "conversations": [
            {"id": chat.id, "name": chat.name, "kind": chat.kind}
            | ({"person": chat.person.id} if chat.person else {})
            for chat in cast.CHATS.values()
        ],
        "activities": [teams_world.shown(activity) for activity in store.newest("activity", MESSAGES)],
        "typing": [kept["id"] for kept in store.newest("typing")],
    }


def connected(settings: Settings, sandboxes: Sequence[str] = ()) -> list[Json]:
    """`href` is a sandbox's own page; `service` its name, where its calls can be troubled."""
    platforms = {"Slack": uses_slack(settings), "Teams": uses_teams(settings)}
    listed = [_shown(title, here) for title, here in platforms.items()]
    for service in SERVICES:
        if service.name in sandboxes:
            more = {"service": service.name, "href": f"/standin/{service.name}/"}
            listed.append(_shown(service.title, True) | more)
        elif uses_sandbox(settings, service):
            listed.append({"name": service.title, "state": "not connected", "detail": ""})
        else:
            listed.append(_shown(service.title, False))
    return [*listed, {"name": "Model", "state": settings.model, "detail": _model(settings)}]


def _shown(title: str, here: bool) -> Json:
    detail = "a stand-in on this machine" if here else "your account"
    return {"name": title, "state": "sandbox" if here else "real", "detail": detail}


def _model(settings: Settings) -> str:
    named = {"openai": settings.openai_model, "vllm": settings.vllm_model, "edge": settings.edge_model}
    return named.get(settings.model, "no key needed" if settings.model == "offline" else "")


def _person(person: cast.Person) -> Json:
    kept = ("id", "name", "role", "email", "slack", "teams", "aad")
    return {name: value for name, value in asdict(person).items() if name in kept}
