"""What GitHub's tools are given and what they answer."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from integrations.base import Arguments, Result

_REPOSITORY = re.compile(r"[A-Za-z0-9-]{1,100}/[A-Za-z0-9._-]{1,100}", re.ASCII)
MOST_TICKETS = 1000


def a_repository(text: str) -> str:
    """`owner/name`. `o/../x` would really call /x, so dots alone are no name."""
    owner, _, name = text.partition("/")
    if not _REPOSITORY.fullmatch(text) or {owner, name} & {".", ".."}:
        raise ValueError("a repository is owner/name")
    return text


def _repository_or_none(text: str) -> str:
    return a_repository(text) if text else text


def _has_an_address(label: str) -> str:
    if label in (".", ".."):
        raise ValueError("a label of dots alone cannot be taken off by itself")
    return label


Repository = Annotated[str, AfterValidator(_repository_or_none)]
Login = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,98}[A-Za-z0-9])?$")]
Label = Annotated[
    str, StringConstraints(min_length=1, max_length=50, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$")
]
RemovableLabel = Annotated[Label, AfterValidator(_has_an_address)]
# In a list of labels GitHub takes a comma for the end of one; a quotation mark ends a search term.
FindableLabel = Annotated[
    str, StringConstraints(min_length=1, max_length=50, pattern=r'^[^\x00-\x1f\x7f,"\\]+$')
]
Number = Annotated[int, Field(ge=1, le=2_000_000_000)]
# Escaped it is at most twice as long, and GitHub takes 65,536 characters.
Text = Annotated[str, StringConstraints(max_length=30_000)]
Title = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=r"\S")]
Since = Annotated[
    str,
    StringConstraints(
        max_length=32, pattern=r"^(\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?)?$"
    ),
]


class InRepository(Arguments):
    """`repository` empty: the one in GITHUB_REPOSITORY."""

    repository: Repository = ""


class CreateIssueArguments(InRepository):
    """`body` is text, not Markdown: it is shown as it was typed."""

    title: Title
    body: Text = ""
    labels: list[Label] = Field(default_factory=list, max_length=20)
    assignees: list[Login] = Field(default_factory=list, max_length=10)


class OnIssue(InRepository):
    number: Number


class CommentArguments(OnIssue):
    """`body` is text, not Markdown: it is shown as it was typed."""

    body: Annotated[str, StringConstraints(min_length=1, max_length=30_000, pattern=r"\S")]


class LabelArguments(OnIssue):
    add: list[Label] = Field(default_factory=list, max_length=20)
    remove: list[RemovableLabel] = Field(default_factory=list, max_length=10)


class AssignArguments(OnIssue):
    add: list[Login] = Field(default_factory=list, max_length=10)
    remove: list[Login] = Field(default_factory=list, max_length=10)


class CloseArguments(OnIssue):
    reason: Literal["completed", "not_planned"] = "completed"


class SearchArguments(InRepository):
    """`since` is when it was last changed; without a zone it is UTC. `text` goes through GitHub's
    search, which lags and finds 1,000 at most; without it the list is read, which does neither."""

    labels: list[FindableLabel] = Field(default_factory=list, max_length=10)
    state: Literal["open", "closed", "all"] = "open"
    kind: Literal["issues", "pull_requests", "all"] = "all"
    since: Since = ""
    text: Annotated[str, StringConstraints(max_length=200)] = ""
    most: Annotated[int, Field(ge=1, le=MOST_TICKETS)] = 500
    excerpt: Annotated[int, Field(ge=0, le=4000)] = 600


class Issue(Result):
    """An issue or pull request after what was done. `dropped`: what GitHub silently left out of it."""

    repository: str
    number: int
    title: str
    url: str
    state: str
    labels: list[str] = Field(default_factory=list)
    assignees: list[str] = Field(default_factory=list)
    dropped: list[str] = Field(default_factory=list)
    changed: bool = True
    label: str


class Comment(Result):
    repository: str
    number: int
    comment: int
    url: str
    label: str


class Ticket(Result):
    """One issue or pull request, plain, as a summary needs it."""

    repository: str
    number: int
    kind: Literal["issue", "pull_request"]
    title: str
    url: str
    state: str
    author: str
    labels: list[str]
    assignees: list[str]
    comments: int
    created_at: str
    updated_at: str
    closed_at: str
    text: str


class Found(Result):
    """`complete` is False where there are more than were asked for, or GitHub could not look everywhere."""

    tickets: list[Ticket]
    complete: bool
    label: str
