"""Everything there is, for a page that has just been opened (`State` in protocol.ts)."""

from __future__ import annotations

from dataclasses import asdict

from bot.settings import Settings
from bot.workbench import cast, slack_views, slack_world, teams_world, wire
from bot.workbench.cast import Json
from bot.workbench.environment import uses_slack, uses_stripe, uses_teams
from bot.workbench.store import Store

MESSAGES, WIRE, RUNS, RECORDS = 500, 200, 10, 60


def state(store: Store, settings: Settings, runs: list[Json], records: list[Json]) -> Json:
    return {
        "seq": store.seq(),
        "persons": [_person(person) for person in cast.PERSONS.values()],
        "slack": slack_state(store) if uses_slack(settings) else None,
        "teams": teams_state(store) if uses_teams(settings) else None,
        "runs": runs[:RUNS],
        "records": records[:RECORDS],
        "wire": store.wire(WIRE),
        "connected": connected(settings),
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


def connected(settings: Settings) -> list[Json]:
    stands = "a stand-in on this machine"
    services = {"Slack": uses_slack(settings), "Teams": uses_teams(settings), "Stripe": uses_stripe(settings)}
    listed = [
        {"name": name, "state": "sandbox" if here else "real", "detail": stands if here else "your account"}
        for name, here in services.items()
    ]
    return [*listed, {"name": "Model", "state": settings.model, "detail": _model(settings)}]


def _model(settings: Settings) -> str:
    named = {"openai": settings.openai_model, "vllm": settings.vllm_model, "edge": settings.edge_model}
    return named.get(settings.model, "no key needed" if settings.model == "offline" else "")


def _person(person: cast.Person) -> Json:
    kept = ("id", "name", "role", "email", "slack", "teams", "aad")
    return {name: value for name, value in asdict(person).items() if name in kept}
