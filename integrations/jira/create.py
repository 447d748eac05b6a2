"""jira.create_issue: open a ticket, once, and say what Jira did not take of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from integrations.base import Attempt, Done, Performed
from integrations.errors import IntegrationError, Refused
from integrations.jira.client import Data, JiraService
from integrations.jira.errors import NOTHING, SERVICE, FieldsRefused
from integrations.jira.lookup import find_ticket
from integrations.jira.marks import LINE, as_property, looks_like_a_mark, mark_of, unmarked
from integrations.jira.models import CreateIssueArguments, Issue
from integrations.jira.pages import name_of
from integrations.jira.words import LONGEST, document, one_line

# What a ticket can do without; it is left out where the project does not take it, and that is said.
SPARE = {"labels": "the labels", "priority": "the priority", "assignee": "the assignee"}


def create_issue(service: JiraService, asked: CreateIssueArguments, attempt: Attempt) -> Performed:
    """From the second try on, what an earlier try may have made is looked for first."""
    project = service.project_or_ours(asked.project)
    made = find_ticket(service, project, attempt) if attempt.number > 1 else None
    left_out: frozenset[str] = frozenset()
    while made is None:
        try:
            fields = _fields(service, asked, project, mark_of(attempt.key), left_out)
            made = service.create(fields, [as_property(mark_of(attempt.key))])
        except FieldsRefused as refused:
            more = refused.fields & set(SPARE)
            if more != refused.fields or not more - left_out:
                raise
            left_out |= more
    return Done(
        _seen(service, asked, made, left_out).model_dump(mode="json"), external_id=f"jira:{made['id']}"
    )


def _fields(
    service: JiraService, asked: CreateIssueArguments, project: str, mark: str, left_out: frozenset[str]
) -> Data:
    """Dicts, never names alone: with names the SDK would ask first."""
    text = unmarked(asked.description)
    if "labels" in left_out:
        text = f"{text.rstrip()}\n\n{LINE}{mark}" if text.strip() else f"{LINE}{mark}"
    fields: Data = {
        "project": {"key": project},
        "issuetype": {"name": asked.type},
        "summary": one_line(asked.title),
    }
    if text:
        fields["description"] = described(text, service.version)
    spare: Data = {
        "labels": [*asked.labels, mark],
        "priority": {"name": asked.priority} if asked.priority else None,
        "assignee": {service.person_field: asked.assignee} if asked.assignee else None,
    }
    return fields | {name: value for name, value in spare.items() if value and name not in left_out}


def described(text: str, version: int) -> Any:
    """The description as Jira takes it. Raises `Refused` for one that grew too long by being escaped."""
    made = document(text, version)
    if len(made if isinstance(made, str) else text) > LONGEST:
        raise Refused(SERVICE, f"takes no text as long as this one. {NOTHING}", code="too_large")
    return made


def _seen(service: JiraService, asked: CreateIssueArguments, made: Data, left_out: frozenset[str]) -> Issue:
    """What came of it. A look that fails now changes nothing about the ticket being there."""
    try:
        fields = service.issue(made["key"], ("summary", "status", "assignee", "labels", "priority"))["fields"]
        url = service.link_to(made["key"])
    except (IntegrationError, KeyError):
        return Issue(
            id=made["id"],
            key=made["key"],
            url=f"{service.base}/browse/{made['key']}",
            title=one_line(asked.title),
            missing=[*_said(left_out), "what it took of the rest, I could not see"],
        )
    labels = [str(each) for each in fields.get("labels") or []]
    assignee = fields.get("assignee") or {}
    missing = _said(left_out)
    if "labels" not in left_out and set(asked.labels) - set(labels):
        missing.append("labels: " + ", ".join(sorted(set(asked.labels) - set(labels))))
    if "assignee" not in left_out and asked.assignee and assignee.get(service.person_field) != asked.assignee:
        missing.append(SPARE["assignee"])
    priority = name_of(fields.get("priority"))
    if "priority" not in left_out and asked.priority and priority.casefold() != asked.priority.casefold():
        missing.append(SPARE["priority"])
    return Issue(
        id=made["id"],
        key=made["key"],
        url=url,
        title=one_line(str(fields.get("summary") or asked.title)),
        status=name_of(fields.get("status")),
        assignee=name_of(assignee, "displayName"),
        labels=[each for each in labels if not looks_like_a_mark(each)],
        missing=missing,
    )


def _said(left_out: Iterable[str]) -> list[str]:
    return [words for name, words in SPARE.items() if name in left_out]
