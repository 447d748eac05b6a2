"""Changes of a ticket that can be made twice without harm: each looks first, and looks again after."""

from __future__ import annotations

from integrations.base import Attempt, Done, Performed
from integrations.errors import Refused
from integrations.jira.client import Data, JiraService
from integrations.jira.create import described
from integrations.jira.errors import NOTHING, SERVICE
from integrations.jira.marks import looks_like_a_mark, unmarked
from integrations.jira.models import (
    AssignArguments,
    Issue,
    Link,
    LinkArguments,
    TransitionArguments,
    UpdateIssueArguments,
)
from integrations.jira.pages import name_of
from integrations.jira.words import one_line, plain

_SHOWN = ("summary", "status", "assignee", "labels", "priority", "description")


def update_issue(service: JiraService, asked: UpdateIssueArguments, attempt: Attempt) -> Performed:
    before = service.issue(asked.issue, _SHOWN)
    fields, labels = _wanted(service, asked, before["fields"])
    if not fields and not labels:
        return _done(service, before, changed=False)
    service.update(asked.issue, fields, {"labels": labels} if labels else {})
    after = service.issue(asked.issue, _SHOWN)
    still_fields, still_labels = _wanted(service, asked, after["fields"])
    names = {"summary": "the title", "description": "the description", "priority": "the priority"}
    missing = [names[name] for name in still_fields]
    missing += ["labels: " + ", ".join(str(*each.values()) for each in still_labels)] if still_labels else []
    return _done(service, after, changed=True, missing=missing)


def _wanted(service: JiraService, asked: UpdateIssueArguments, have: Data) -> tuple[Data, list[Data]]:
    """What is not yet as it was asked for: fields to set, labels to add and take away."""
    fields: Data = {}
    if asked.title is not None and one_line(str(have.get("summary") or "")) != one_line(asked.title):
        fields["summary"] = one_line(asked.title)
    if asked.description is not None:
        text = described(unmarked(asked.description), service.version)
        if plain(have.get("description")).strip() != plain(text).strip():
            fields["description"] = text
    if asked.priority and name_of(have.get("priority")).casefold() != asked.priority.casefold():
        fields["priority"] = {"name": asked.priority}
    labels = set(have.get("labels") or [])
    operations = [{"add": each} for each in dict.fromkeys(asked.add_labels) if each not in labels]
    operations += [{"remove": each} for each in dict.fromkeys(asked.remove_labels) if each in labels]
    return fields, operations


def assign(service: JiraService, asked: AssignArguments, attempt: Attempt) -> Performed:
    before = service.issue(asked.issue, _SHOWN)
    if _assignee(service, before) == asked.person:
        return _done(service, before, changed=False)
    service.assign(asked.issue, asked.person)
    after = service.issue(asked.issue, _SHOWN)
    missing = [] if _assignee(service, after) == asked.person else ["the assignee"]
    return _done(service, after, changed=True, missing=missing)


def transition(service: JiraService, asked: TransitionArguments, attempt: Attempt) -> Performed:
    """The status is what counts, not what the way to it is called."""
    before = service.issue(asked.issue, _SHOWN)
    if _is(before, asked.to):
        return _done(service, before, changed=False)
    ways = [each for each in service.transitions(asked.issue) if _leads_to(each, asked.to)]
    if not ways:
        why = "from where it is now, no step leads to that status"
        problem = f"did not let me move {asked.issue.upper()}: {why}. {NOTHING}"
        raise Refused(SERVICE, problem, code="no_such_step")
    # One that opens no form can be taken without filling anything in.
    way = min(ways, key=lambda each: bool(each.get("hasScreen")))
    fields = {"resolution": {"name": asked.resolution}} if asked.resolution else {}
    service.move(asked.issue, str(way["id"]), fields)
    after = service.issue(asked.issue, _SHOWN)
    return _done(service, after, changed=True, missing=[] if _is(after, asked.to) else ["the status"])


def _is(issue: Data, status: str) -> bool:
    return name_of(issue["fields"].get("status")).casefold() == status.strip().casefold()


def _leads_to(way: Data, status: str) -> bool:
    return name_of(way.get("to")).casefold() == status.strip().casefold()


def link(service: JiraService, asked: LinkArguments, attempt: Attempt) -> Performed:
    """Jira answers a second, same link with success; we look all the same, and say that it was there."""
    issue, other = asked.issue.upper(), asked.other.upper()
    first = service.issue(issue, ("issuelinks",))
    changed = not _linked(first, other, asked.type)
    if changed:
        service.add_link(asked.type, str(first["key"]), other)
    return Done(Link(issue=issue, other=other, type=asked.type, changed=changed).model_dump(mode="json"))


def _linked(issue: Data, other: str, type: str) -> bool:
    for each in issue["fields"].get("issuelinks") or []:
        ends = (each.get("outwardIssue") or {}, each.get("inwardIssue") or {})
        same = name_of(each.get("type")).casefold() == type.casefold()
        # "Relates" is the same from both ends; any other kind has a direction.
        where = ends if type.casefold() == "relates" else ends[:1]
        if same and any(other in (str(end.get("key")), str(end.get("id"))) for end in where):
            return True
    return False


def _assignee(service: JiraService, issue: Data) -> str:
    return str((issue["fields"].get("assignee") or {}).get(service.person_field) or "")


def _done(service: JiraService, issue: Data, *, changed: bool, missing: list[str] | None = None) -> Done:
    fields = issue["fields"]
    result = Issue(
        id=issue["id"],
        key=issue["key"],
        url=service.link_to(issue["key"]),
        title=one_line(str(fields.get("summary") or "")),
        status=name_of(fields.get("status")),
        assignee=name_of(fields.get("assignee"), "displayName"),
        labels=[str(each) for each in fields.get("labels") or [] if not looks_like_a_mark(str(each))],
        changed=changed,
        missing=missing or [],
    )
    return Done(result.model_dump(mode="json"), external_id=f"jira:{issue['id']}")
