"""The endpoints that change something, with Jira's own checks of what it is given."""

from __future__ import annotations

import re
from typing import Any

from integrations.jira.sandbox import things
from integrations.jira.sandbox.call import Call
from integrations.jira.sandbox.faults import Refusal, missing
from integrations.jira.sandbox.store import Data
from integrations.jira.sandbox.things import LINKS, ME, PRIORITIES, PROJECTS, TYPES, WAYS, new_issue

LONGEST_TEXT = 32_767
_MADE_WITH = {"project", "issuetype", "summary", "description", "labels", "priority", "assignee"}
_CHANGED = {"summary", "description", "priority", "labels", "assignee"}

Answer = tuple[int, Any]


def create(call: Call) -> Answer:
    call.may("CREATE_ISSUES")
    given = _part(call.body, "fields")
    problems = {name: _not_on_screen(name) for name in set(given) & call.off_screen | set(given) - _MADE_WITH}
    project = _named(given, "project", "key")
    if project not in PROJECTS:
        raise Refusal(errors=problems | {"project": "valid project is required"})
    found = new_issue(call.store, project, call.now, call.by)
    problems |= _set(call, found, {name: value for name, value in given.items() if name not in problems})
    kind = _named(given, "issuetype", "name")
    if kind not in TYPES:
        problems["issuetype"] = "Specify a valid issue type"
    found["type"] = kind
    if "summary" not in given:
        problems["summary"] = "You must specify a summary of the issue."
    if problems:
        raise Refusal(errors=problems)
    found["properties"] = {each["key"]: each["value"] for each in _properties(call)}
    call.keep(found)
    call.tell("jira:issue_created", found, issue_event_type_name="issue_created")
    return 201, {
        "id": found["id"],
        "key": found["key"],
        "self": f"{call.home}/rest/api/{call.version}/issue/{found['id']}",
    }


def update(call: Call, key: str) -> Answer:
    found = call.issue(key)
    call.may("EDIT_ISSUES")
    before = dict(found)
    given = _part(call.body, "fields")
    problems = {name: _not_on_screen(name) for name in set(given) - _CHANGED}
    problems |= _set(call, found, {name: value for name, value in given.items() if name not in problems})
    labels = list(found["labels"])
    for operation in _part(call.body, "update").get("labels", []):
        match operation:
            case {"add": str(label)} if _is_label(label):
                labels += [label] if label not in labels else []
            case {"remove": str(label)}:
                labels = [each for each in labels if each != label]
            case _:
                problems["labels"] = "The label contains spaces which is invalid."
    if problems:
        raise Refusal(errors=problems)
    found["labels"] = labels
    changed = [
        (name, _shown(before[name]), _shown(found[name]))
        for name in ("summary", "description", "priority", "labels", "assignee")
        if before[name] != found[name]
    ]
    if changed:
        call.keep(found)
        call.tell_change(found, *changed)
    return 204, None


def comment(call: Call, key: str) -> Answer:
    found = call.issue(key)
    call.may("ADD_COMMENTS")
    text = call.body.get("body")
    problem = _text_problem(call, text)
    if problem or not text:
        raise Refusal(errors={"comment": problem or "Comment body can not be empty!"})
    said = {
        "id": str(call.store.next("comment", 10300)),
        "issue": found["id"],
        "author": call.by,
        "body": text,
        "created": call.now,
        "properties": _properties(call),
    }
    call.store.say(found, said)
    call.keep(found)
    call.tell_comment(found, said)
    return 201, things.comment(call.store, said, call.version, call.home)


def assign(call: Call, key: str) -> Answer:
    found = call.issue(key)
    call.may("ASSIGN_ISSUES")
    before = dict(found)
    problems = _set(call, found, {"assignee": call.body})
    if problems:
        raise Refusal(errors=problems)
    if found["assignee"] != before["assignee"]:
        call.keep(found)
        call.tell_change(found, ("assignee", _name(call, before["assignee"]), _name(call, found["assignee"])))
    return 204, None


def move(call: Call, key: str) -> Answer:
    found = call.issue(key)
    call.may("TRANSITION_ISSUES")
    id = _part(call.body, "transition").get("id")
    _, begins, to = WAYS.get(str(id), ("", (), ""))
    if found["status"] not in begins:
        raise Refusal("It seems that you have tried to perform an illegal workflow operation.")
    before = found["status"]
    found["status"] = to
    resolution = _named(_part(call.body, "fields"), "resolution", "name")
    was, found["resolution"] = found["resolution"], (resolution or "Done") if to == "Done" else None
    call.keep(found)
    items = [("status", before, to)]
    if was != found["resolution"]:
        items.append(("resolution", was or "", found["resolution"] or ""))
    call.tell_change(found, *items)
    return 204, None


def link(call: Call) -> Answer:
    kind = _named(call.body, "type", "name")
    if kind not in LINKS:
        raise Refusal(f"No issue link type with name '{kind[:60]}' found.", status=404)
    inward, outward = (
        call.store.issue(_named(call.body, end, "key") or _named(call.body, end, "id"))
        for end in ("inwardIssue", "outwardIssue")
    )
    if inward is None or outward is None:
        raise missing()
    call.may("LINK_ISSUES")
    made = {"type": kind, "inward": inward["key"], "outward": outward["key"]}
    there = [{name: each[name] for name in made} for each in inward["links"]]
    if made not in there:
        made["id"] = str(call.store.next("link", 30001))
        for each in (inward, outward):
            each["links"].append(made)
            call.keep(each)
    return 201, None


# ── what it is given ─────────────────────────────────────────────────────────────────────


def _set(call: Call, found: Data, given: Data) -> dict[str, str]:
    """Put these into the ticket; the problems by field, in Jira's words."""
    problems: dict[str, str] = {}
    for name, value in given.items():
        match name:
            case "summary":
                if not isinstance(value, str) or not value.strip():
                    problems[name] = "You must specify a summary of the issue."
                elif "\n" in value or "\r" in value:
                    problems[name] = "The summary is invalid because it contains newline characters."
                elif len(value) > 255:
                    problems[name] = "Summary can't exceed 255 characters."
                found[name] = value
            case "description":
                problem = _text_problem(call, value)
                if problem:
                    problems[name] = problem
                found[name] = value
            case "priority":
                if _named(given, name, "name") not in PRIORITIES:
                    problems[name] = "The priority selected is invalid."
                found[name] = _named(given, name, "name")
            case "labels":
                if not isinstance(value, list) or not all(_is_label(each) for each in value):
                    problems[name] = "The label contains spaces which is invalid."
                found[name] = value
            case "assignee":
                who = _who(call, value)
                if who == "":
                    problems[name] = "The user cannot be assigned issues."
                found[name] = who
    return problems


def _who(call: Call, value: Any) -> str | None:
    """None: nobody is meant. Empty: there is no such person, or they cannot be assigned."""
    if not isinstance(value, dict):
        return None if value is None else ""
    wanted = value.get("accountId", value.get("id")) if call.version == 3 else value.get("name")
    if wanted is None:
        return None
    name = "id" if call.version == 3 else "login"
    fit = [each["id"] for each in call.store.people() if each[name] == wanted and each.get("active", True)]
    return str(fit[0]) if fit else ""


def _text_problem(call: Call, text: Any) -> str:
    if text is None:
        return ""
    if call.version == 2 or call.by != ME:
        good = isinstance(text, str)
        return "" if good and len(text) <= LONGEST_TEXT else "Operation value must be a string"
    good = isinstance(text, dict) and text.get("type") == "doc" and text.get("version") == 1
    if not good or not isinstance(text.get("content"), list) or _has_empty_text(text):
        return "Operation value must be an Atlassian Document (see the Atlassian Document Format)"
    return ""


def _has_empty_text(node: Any) -> bool:
    if isinstance(node, list):
        return any(_has_empty_text(each) for each in node)
    if not isinstance(node, dict):
        return False
    return (node.get("type") == "text" and not node.get("text")) or _has_empty_text(node.get("content"))


def _properties(call: Call) -> list[Data]:
    found = call.body.get("properties") or []
    if not isinstance(found, list) or not all(
        isinstance(e, dict) and set(e) == {"key", "value"} for e in found
    ):
        raise Refusal("The properties are invalid.")
    return found


def _part(body: Any, name: str) -> Data:
    found = body.get(name) if isinstance(body, dict) else None
    return found if isinstance(found, dict) else {}


def _named(body: Any, name: str, by: str) -> str:
    found = _part(body, name).get(by)
    return found if isinstance(found, str) else ""


def _is_label(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"\S{1,255}", value) is not None


def _not_on_screen(name: str) -> str:
    return f"Field '{name[:40]}' cannot be set. It is not on the appropriate screen, or unknown."


def _shown(value: Any) -> str:
    return " ".join(value) if isinstance(value, list) else value if isinstance(value, str) else ""


def _name(call: Call, id: str | None) -> str:
    return str((call.store.person(id) or {}).get("name") or "")
