"""What Jira's tools are given and what they answer."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from integrations.base import Arguments, Result
from integrations.jira.marks import looks_like_a_mark


def _no_mark(label: str) -> str:
    if looks_like_a_mark(label):
        raise ValueError("this label would pass for one of our own marks")
    return label


# An empty or crooked key would reach another address of the service, so keys have a shape.
IssueKey = Annotated[
    str, StringConstraints(pattern=r"^([A-Za-z][A-Za-z0-9_]{0,30}-[0-9]{1,10}|[0-9]{1,18})$")
]
Project = Annotated[str, StringConstraints(pattern=r"^([A-Za-z][A-Za-z0-9_]{0,30})?$")]
Label = Annotated[str, StringConstraints(pattern=r'^[^\s"\x00-\x1f]{1,100}$'), AfterValidator(_no_mark)]
Labels = Annotated[list[Label], Field(max_length=20)]
# Cloud's account ids, or user names on Data Center.
PersonId = Annotated[str, StringConstraints(max_length=128, pattern=r"^[^\s\x00-\x1f\"<>]*$")]
Title = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"\S")]
Text = Annotated[str, StringConstraints(max_length=30_000)]
Name = Annotated[str, StringConstraints(max_length=60, pattern=r"^[^\x00-\x1f\"]*$")]


class CreateIssueArguments(Arguments):
    """`project` empty: JIRA_PROJECT. `type` and `priority` as they are called there; `assignee` is an id."""

    title: Title
    description: Text = ""
    type: Annotated[Name, StringConstraints(min_length=1)] = "Task"
    priority: Name = ""
    labels: Labels = Field(default_factory=list)
    assignee: PersonId = ""
    project: Project = ""


class UpdateIssueArguments(Arguments):
    """Only what is named is changed."""

    issue: IssueKey
    title: Title | None = None
    description: Text | None = None
    priority: Name | None = None
    add_labels: Labels = Field(default_factory=list)
    remove_labels: Labels = Field(default_factory=list)


class CommentArguments(Arguments):
    issue: IssueKey
    text: Annotated[str, StringConstraints(min_length=1, max_length=30_000, pattern=r"\S")]


class AssignArguments(Arguments):
    """`person` is an id that jira.find_person gave; empty: nobody."""

    issue: IssueKey
    person: PersonId
    name: Annotated[str, StringConstraints(max_length=200)] = ""


class TransitionArguments(Arguments):
    """`to` is the name of a status, such as Done; `resolution` where the workflow wants one."""

    issue: IssueKey
    to: Annotated[Name, StringConstraints(min_length=1)]
    resolution: Name = ""


class SearchArguments(Arguments):
    """All of it has to hold. `jql` is a flow's own condition, never what somebody typed: that is `text`."""

    project: Project = ""
    text: Annotated[str, StringConstraints(max_length=200)] = ""
    labels: Annotated[
        list[Annotated[str, StringConstraints(min_length=1, max_length=255)]], Field(max_length=10)
    ] = Field(default_factory=list)
    statuses: Annotated[list[Name], Field(max_length=10)] = Field(default_factory=list)
    updated_days: Annotated[int, Field(ge=0, le=3650)] = 0
    open_only: bool = False
    jql: Annotated[str, StringConstraints(max_length=1000)] = ""
    limit: Annotated[int, Field(ge=1, le=1000)] = 100


class LinkArguments(Arguments):
    """`issue` blocks, duplicates, … `other`; `type` is the name of the kind of link."""

    issue: IssueKey
    other: IssueKey
    type: Annotated[Name, StringConstraints(min_length=1)] = "Relates"


class FindPersonArguments(Arguments):
    """A name or an e-mail address, or the beginning of one."""

    query: Annotated[str, StringConstraints(min_length=2, max_length=200, pattern=r"\S")]
    project: Project = ""


class Issue(Result):
    """`missing`: what Jira did not take though it was asked for, in words."""

    id: str
    key: str
    url: str
    title: str = ""
    status: str = ""
    assignee: str = ""
    labels: list[str] = Field(default_factory=list)
    changed: bool = True
    missing: list[str] = Field(default_factory=list)


class Comment(Result):
    id: str
    issue: str
    url: str


class Link(Result):
    issue: str
    other: str
    type: str
    changed: bool


class Person(Result):
    id: str
    name: str
    email: str = ""


class People(Result):
    """Everybody who fits; `more`: there are others, so ask for more of the name."""

    people: list[Person]
    more: bool = False


class Ticket(Result):
    """One ticket as a search finds it. `text` is the description; `cut` says that it went on."""

    id: str
    key: str
    url: str
    title: str
    type: str = ""
    status: str = ""
    done: bool = False
    priority: str = ""
    assignee: str = ""
    reporter: str = ""
    labels: list[str] = Field(default_factory=list)
    created: str = ""
    updated: str = ""
    text: str = ""
    cut: bool = False


class Tickets(Result):
    """`more`: there are others beyond the limit."""

    tickets: list[Ticket]
    more: bool = False
