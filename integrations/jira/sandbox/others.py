"""What other people do in the sandbox: the same endpoints, in somebody else's name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from integrations.jira.sandbox import writes
from integrations.jira.sandbox.call import Call
from integrations.jira.sandbox.seed import OMAR
from integrations.jira.sandbox.state import Sandbox
from integrations.jira.sandbox.store import Data
from integrations.jira.sandbox.things import WAYS

Act = Callable[[Call, str, Data], Any]


def act(sandbox: Sandbox, wanted: Data) -> Data:
    """{"what": comment | move | close | assign | priority | label | create | delete, "issue": key,
    "by": a person's id, "text": …, "to": …}. Raises ValueError naming what is wrong.
    """
    what = wanted.get("what")
    if what not in _ACTS:
        raise ValueError(f"what is one of {', '.join(_ACTS)}")
    by = str(wanted.get("by", OMAR))
    if sandbox.store.person(by) is None:
        raise ValueError("nobody has this id")
    call = Call(sandbox.store, sandbox.clock(), sandbox.home, sandbox.version, by=by, lag=sandbox.lag)
    with sandbox.store.transaction():
        done = _ACTS[what](call, str(wanted.get("issue", "")), wanted)
    return {"ok": True} | (done if isinstance(done, dict) else {})


def _comment(call: Call, key: str, wanted: Data) -> Any:
    call.body = {"body": str(wanted.get("text", "")), "properties": wanted.get("properties") or []}
    return writes.comment(call, key)[1]


def _move(call: Call, key: str, wanted: Data) -> Any:
    """By whatever steps it takes: other people may have pressed several buttons."""
    to, status = str(wanted.get("to", "")), call.issue(key)["status"]
    ways = [id for id, (_, begins, end) in WAYS.items() if end == to and status in begins]
    if not ways:
        raise ValueError("no step leads there")
    call.body = {"transition": {"id": ways[0]}}
    return writes.move(call, key)[1]


def _close(call: Call, key: str, wanted: Data) -> Any:
    return _move(call, key, {"to": "Done"})


def _assign(call: Call, key: str, wanted: Data) -> Any:
    call.body = {"accountId": wanted.get("to")}
    if call.version == 2:
        call.body = {"name": (call.store.person(str(wanted.get("to"))) or {}).get("login")}
    return writes.assign(call, key)[1]


def _priority(call: Call, key: str, wanted: Data) -> Any:
    call.body = {"fields": {"priority": {"name": str(wanted.get("to", ""))}}}
    return writes.update(call, key)[1]


def _label(call: Call, key: str, wanted: Data) -> Any:
    call.body = {"update": {"labels": [{"add": str(wanted.get("to", ""))}]}}
    return writes.update(call, key)[1]


def _create(call: Call, key: str, wanted: Data) -> Any:
    call.body = {
        "fields": {
            "project": {"key": str(wanted.get("project", "SHOP"))},
            "issuetype": {"name": "Task"},
            "summary": str(wanted.get("text", "Something else")),
            "description": str(wanted.get("description", "")) or None,
            "labels": wanted.get("labels") or [],
        }
    }
    return writes.create(call)[1]


def _delete(call: Call, key: str, wanted: Data) -> Any:
    found = call.issue(key)
    call.store.remove(found)
    call.tell("jira:issue_deleted", found)
    return None


_ACTS: dict[str, Act] = {
    "comment": _comment,
    "move": _move,
    "close": _close,
    "assign": _assign,
    "priority": _priority,
    "label": _label,
    "create": _create,
    "delete": _delete,
}
