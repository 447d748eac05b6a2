"""views.*: modals on a stack of at most three per person, and App Home."""

from __future__ import annotations

import json
import secrets
from typing import Any

from bot.workbench import cast
from bot.workbench.cast import Json
from bot.workbench.slack_blocks import view_problems
from bot.workbench.slack_world import SlackError, SlackWorld, with_block_ids

VIEW_LIMIT = 250_000
STACK = 3


def checked(view: object, kind: str) -> Json:
    if isinstance(view, dict) and len(json.dumps(view)) > VIEW_LIMIT:
        raise SlackError("view_too_large")
    found = view_problems(view)
    if isinstance(view, dict) and view.get("type") != kind:
        found.append("[ERROR] wrong type of view for this method [json-pointer:/view/type]")
    if found or not isinstance(view, dict):
        raise SlackError("invalid_arguments", response_metadata={"messages": found})
    return view


def open_view(world: SlackWorld, args: Json) -> Json:
    view = checked(args.get("view"), "modal")
    ticket = world.use_trigger(args.get("trigger_id"))
    for open_now in stack(world, ticket["person"]):
        close(world, open_now)
    return {"view": show(world, ticket["person"], view, root="")}


def push_view(world: SlackWorld, args: Json) -> Json:
    view = checked(args.get("view"), "modal")
    ticket = world.use_trigger(args.get("trigger_id"))
    return {"view": push(world, ticket["person"], view)}


def push(world: SlackWorld, person: str, view: Json) -> Json:
    below = stack(world, person)
    if len(below) >= STACK:
        raise SlackError("push_limit_reached")
    root, previous = (below[0]["id"], below[-1]["id"]) if below else ("", None)
    return show(world, person, view, root=root, previous=previous)


def update_view(world: SlackWorld, args: Json) -> Json:
    view = checked(args.get("view"), "modal")
    wanted = args.get("view_id")
    for kept in world.store.newest("view"):
        if kept["id"] == wanted or (args.get("external_id") and kept["external_id"] == args["external_id"]):
            if args.get("hash") not in (None, "", kept["hash"]):
                raise SlackError("hash_conflict")
            return {"view": replace(world, kept, view)}
    raise SlackError("not_found")


def publish(world: SlackWorld, args: Json) -> Json:
    view = checked(args.get("view"), "home")
    person = cast.BY_SLACK.get(str(args.get("user_id") or ""))
    if person is None:
        raise SlackError("user_not_found")
    home = _complete(view, id=f"V0HOME{person.id.upper()}", root="")
    world.store.put("home", person.id, home)
    world.store.emit({"type": "slack.home", "person": person.id, "blocks": home["blocks"]})
    return {"view": home}


def stack(world: SlackWorld, person: str) -> list[Json]:
    """The open modals of one person, the top one last."""
    return [view for view in world.store.newest("view") if view["person"] == person]


def show(world: SlackWorld, person: str, view: Json, *, root: str, previous: str | None = None) -> Json:
    id = f"V0{secrets.token_hex(5).upper()}"
    kept = _complete(view, id=id, root=root or id, previous=previous) | {"person": person}
    return _keep(world, kept)


def replace(world: SlackWorld, kept: Json, view: Json) -> Json:
    new = _complete(view, id=kept["id"], root=kept["root_view_id"], previous=kept["previous_view_id"])
    return _keep(world, new | {"person": kept["person"]})


def _keep(world: SlackWorld, kept: Json, errors: dict[str, str] | None = None) -> Json:
    world.store.put("view", kept["id"], kept | {"errors": errors} if errors else kept)
    world.store.emit({"type": "slack.modal", "modal": shown(kept | {"errors": errors})})
    return outside(kept)


def with_errors(world: SlackWorld, kept: Json, errors: dict[str, str]) -> None:
    _keep(world, kept, errors)


def close(world: SlackWorld, kept: Json) -> None:
    world.store.drop("view", kept["id"])
    world.store.emit({"type": "slack.modal_closed", "view_id": kept["id"]})


def outside(kept: Json) -> Json:
    """A view as Slack sends it: whose screen it is on is not in it."""
    return {name: value for name, value in kept.items() if name not in ("person", "errors")}


def shown(kept: Json) -> Json:
    """As the page has it (`SlackModal` in protocol.ts)."""
    modal: dict[str, Any] = {
        "view_id": kept["id"],
        "person": cast.BY_SLACK[kept["person"]].id,
        "view": outside(kept),
    }
    if kept.get("errors"):
        modal["errors"] = kept["errors"]
    return modal


def _complete(view: Json, *, id: str, root: str, previous: str | None = None) -> Json:
    return {
        "id": id,
        "team_id": cast.TEAM,
        "app_id": cast.SLACK_APP,
        "app_installed_team_id": cast.TEAM,
        "bot_id": cast.BOT_ID,
        "type": view["type"],
        "title": view.get("title"),
        "submit": view.get("submit"),
        "close": view.get("close"),
        "blocks": with_block_ids(view["blocks"]),
        "private_metadata": view.get("private_metadata") or "",
        "callback_id": view.get("callback_id") or "",
        "external_id": view.get("external_id") or "",
        "state": {"values": {}},
        "hash": f"{secrets.randbelow(10**10)}.{secrets.token_urlsafe(6)}",
        "clear_on_close": bool(view.get("clear_on_close")),
        "notify_on_close": bool(view.get("notify_on_close")),
        "previous_view_id": previous,
        "root_view_id": root or id,
    }


METHODS = {
    "views.open": open_view,
    "views.push": push_view,
    "views.update": update_view,
    "views.publish": publish,
}
