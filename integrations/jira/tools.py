"""Jira's tools: open a ticket, change, comment, assign, move and link it; find tickets and people.

`Done.external_id` is the ticket that something was done to: `jira:` and its number (`jira:10042`),
which stays when a ticket moves to another project and changes its key. What is told of a ticket is
told wherever one of these had to do with it. A search, and a link of two, have none.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from integrations.base import Arguments, Attempt, Integration, Performed, Result, Reversibility, Risk, Tool
from integrations.http import budget
from integrations.jira import changes, models
from integrations.jira.client import JiraService, connect
from integrations.jira.comment import comment
from integrations.jira.create import create_issue
from integrations.jira.find import find_person, search, whoami
from integrations.jira.words import one_line
from integrations.recipients import USUAL, named

Facts = tuple[tuple[str, str], ...]
Asked = TypeVar("Asked", bound=Arguments)

# Seconds for one performance, all its calls together. A worker's lease must be longer.
LONGEST = 35.0


def _create_facts(asked: models.CreateIssueArguments) -> Facts:
    """All that will be sent, nothing shortened: what is not on the card is not approved."""
    return (
        ("Title", one_line(asked.title)),
        ("Kind", asked.type),
        *_if("Priority", asked.priority),
        *_if("Assigned to", asked.assignee),
        *_if("Labels", ", ".join(asked.labels)),
        ("Project", asked.project.upper() or "the one in JIRA_PROJECT"),
        *_if("Description", asked.description),
    )


def _update_facts(asked: models.UpdateIssueArguments) -> Facts:
    facts: list[tuple[str, str]] = [("Ticket", asked.issue.upper())]
    facts += [("New title", one_line(asked.title))] if asked.title is not None else []
    facts += _if("New priority", asked.priority or "")
    facts += _if("Labels to add", ", ".join(asked.add_labels))
    facts += _if("Labels to remove", ", ".join(asked.remove_labels))
    facts += [("New description", asked.description or "none")] if asked.description is not None else []
    return tuple(facts)


def _comment_facts(asked: models.CommentArguments) -> Facts:
    return ("Ticket", asked.issue.upper()), ("Comment", asked.text)


def _assign_facts(asked: models.AssignArguments) -> Facts:
    who = f"{asked.name} ({asked.person})" if asked.name and asked.person else asked.person or "nobody"
    return ("Ticket", asked.issue.upper()), ("Assigned to", who)


def _transition_facts(asked: models.TransitionArguments) -> Facts:
    return ("Ticket", asked.issue.upper()), ("New status", asked.to), *_if("Resolution", asked.resolution)


def _link_facts(asked: models.LinkArguments) -> Facts:
    return ("Ticket", asked.issue.upper()), ("Link", asked.type), ("Other ticket", asked.other.upper())


def _search_facts(asked: models.SearchArguments) -> Facts:
    days = f"the last {asked.updated_days} days" if asked.updated_days else ""
    return (
        ("Project", asked.project.upper() or "the one in JIRA_PROJECT"),
        *_if("Words", asked.text),
        *_if("Labels", ", ".join(asked.labels)),
        *_if("Status", ", ".join(asked.statuses)),
        *_if("Changed in", days),
        *_if("Only", "open tickets" if asked.open_only else ""),
        *_if("Condition", asked.jql),
        ("At most", str(asked.limit)),
    )


def _person_facts(asked: models.FindPersonArguments) -> Facts:
    return ("Who", asked.query), ("Project", asked.project.upper() or "the one in JIRA_PROJECT")


def _if(label: str, value: str) -> list[tuple[str, str]]:
    return [(label, value)] if value else []


# What whoever approves may change: words, and never the ticket or the person.
WORDS = ("title", "description", "type", "priority", "text", "to", "resolution")


# Words that go to a ticket: whoever reads that project reads them, customers of a service desk as well.
OUT = frozenset({"text", "description"})


def _tool(
    name: str,
    summary: str,
    reversibility: Reversibility,
    arguments: type[Asked],
    result: type[Result],
    perform: Callable[[JiraService, Asked, Attempt], Performed],
    describe: Callable[[Asked], Facts],
) -> Tool:
    """Whatever comes in is validated; however many calls it takes, it ends before the lease does."""

    @wraps(perform)
    def timed(service: JiraService, given: Any, attempt: Attempt) -> Performed:
        with budget(LONGEST):
            return perform(service, arguments.model_validate(given), attempt)

    reads = reversibility is Reversibility.READ_ONLY
    changed = [field for field in WORDS if field in arguments.model_fields]
    reached = [field for field in ("person", "issue", "project") if field in arguments.model_fields]
    return Tool(
        name=f"jira.{name}",
        summary=summary,
        risk=Risk.READ if reads else Risk.WRITE,
        reversibility=reversibility,
        arguments=arguments,
        result=result,
        perform=timed,
        describe=lambda given: describe(arguments.model_validate(given)),
        egress=not reads and bool(OUT & arguments.model_fields.keys()),
        recipient=None if reads else named(*reached, usual=USUAL),
        editable=() if reads else tuple(changed),
    )


_READ, _UNDO, _SAID = Reversibility.READ_ONLY, Reversibility.REVERSIBLE, Reversibility.EXTERNALLY_REVERSIBLE
M = models

# A new ticket and a comment are mailed to people at once; to take them back is another person's work.
CREATE = _tool(
    "create_issue", "Open a ticket", _SAID, M.CreateIssueArguments, M.Issue, create_issue, _create_facts
)
UPDATE = _tool(
    "update_issue",
    "Change a ticket",
    _UNDO,
    M.UpdateIssueArguments,
    M.Issue,
    changes.update_issue,
    _update_facts,
)
COMMENT = _tool(
    "comment", "Comment on a ticket", _SAID, M.CommentArguments, M.Comment, comment, _comment_facts
)
ASSIGN = _tool("assign", "Assign a ticket", _UNDO, M.AssignArguments, M.Issue, changes.assign, _assign_facts)
TRANSITION = _tool(
    "transition",
    "Move a ticket to another status",
    _UNDO,
    M.TransitionArguments,
    M.Issue,
    changes.transition,
    _transition_facts,
)
LINK = _tool("link", "Link two tickets", _UNDO, M.LinkArguments, M.Link, changes.link, _link_facts)
SEARCH = _tool("search", "Find tickets", _READ, M.SearchArguments, M.Tickets, search, _search_facts)
FIND_PERSON = _tool(
    "find_person",
    "Find whom a ticket can be assigned to",
    _READ,
    M.FindPersonArguments,
    M.People,
    find_person,
    _person_facts,
)

JIRA = Integration(
    name="jira",
    tools=(CREATE, UPDATE, COMMENT, ASSIGN, TRANSITION, LINK, SEARCH, FIND_PERSON),
    connect=connect,
    required=("JIRA_URL", "JIRA_API_TOKEN"),
    whoami=whoami,
)
