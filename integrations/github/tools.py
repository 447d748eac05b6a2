"""GitHub's tools: open an issue, comment, label, assign, close, and find issues and pull requests.

`Done.external_id` is the thread of an issue or pull request: `owner/name#12`, in small letters,
which is also what a webhook names. A comment leads to the issue that it stands on.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from integrations.base import Attempt, Done, Integration, Performed, Reversibility, Risk, Tool
from integrations.github import change, write
from integrations.github.client import GithubService, connect
from integrations.github.models import (
    AssignArguments,
    CloseArguments,
    Comment,
    CommentArguments,
    CreateIssueArguments,
    Found,
    InRepository,
    Issue,
    LabelArguments,
    OnIssue,
    SearchArguments,
)
from integrations.github.search import search
from integrations.github.whoami import LONGEST, whoami
from integrations.http import budget
from integrations.recipients import USUAL, named

Facts = tuple[tuple[str, str], ...]
Perform = Callable[[GithubService, Any, Attempt], Performed]


def _in_time(perform: Perform) -> Perform:
    """However many calls it takes, it ends before whoever waits for it gives it to somebody else."""

    @wraps(perform)
    def timed(service: GithubService, arguments: Any, attempt: Attempt) -> Performed:
        with budget(LONGEST):
            return perform(service, arguments, attempt)

    return timed


@_in_time
def _create_issue(service: GithubService, arguments: Any, attempt: Attempt) -> Performed:
    return write.create_issue(service, CreateIssueArguments.model_validate(arguments), attempt)


@_in_time
def _comment(service: GithubService, arguments: Any, attempt: Attempt) -> Performed:
    return write.comment(service, CommentArguments.model_validate(arguments), attempt)


@_in_time
def _label(service: GithubService, arguments: Any, attempt: Attempt) -> Performed:
    return change.label(service, LabelArguments.model_validate(arguments))


@_in_time
def _assign(service: GithubService, arguments: Any, attempt: Attempt) -> Performed:
    return change.assign(service, AssignArguments.model_validate(arguments))


@_in_time
def _close(service: GithubService, arguments: Any, attempt: Attempt) -> Performed:
    return change.close(service, CloseArguments.model_validate(arguments))


@_in_time
def _search(service: GithubService, arguments: Any, attempt: Attempt) -> Performed:
    wanted = SearchArguments.model_validate(arguments)
    return Done(search(service, wanted, attempt.progress).model_dump(mode="json"))


# ── for the approval card: all that will be sent, nothing shortened ──────────────────────


def _where(asked: InRepository) -> list[tuple[str, str]]:
    return [("Repository", asked.repository or "the usual one (GITHUB_REPOSITORY)")]


def _which(asked: OnIssue) -> list[tuple[str, str]]:
    return [*_where(asked), ("Number", f"#{asked.number}")]


def _lists(**named: list[str]) -> list[tuple[str, str]]:
    return [(name.replace("_", " ").capitalize(), ", ".join(each)) for name, each in named.items() if each]


def _describe_create(arguments: Any) -> Facts:
    asked = CreateIssueArguments.model_validate(arguments)
    facts = [("Title", asked.title), ("Text", asked.body or "none"), *_where(asked)]
    return (*facts, *_lists(labels=asked.labels, assigned_to=asked.assignees))


def _describe_comment(arguments: Any) -> Facts:
    asked = CommentArguments.model_validate(arguments)
    return (("Comment", asked.body), *_which(asked))


def _describe_label(arguments: Any) -> Facts:
    asked = LabelArguments.model_validate(arguments)
    return (*_which(asked), *_lists(add_labels=asked.add, take_labels_off=asked.remove))


def _describe_assign(arguments: Any) -> Facts:
    asked = AssignArguments.model_validate(arguments)
    return (*_which(asked), *_lists(assign_to=asked.add, take_off=asked.remove))


def _describe_close(arguments: Any) -> Facts:
    asked = CloseArguments.model_validate(arguments)
    return (*_which(asked), ("Close as", asked.reason.replace("_", " ")))


def _describe_search(arguments: Any) -> Facts:
    asked = SearchArguments.model_validate(arguments)
    facts = [
        *_where(asked),
        ("Reads", f"{asked.kind.replace('_', ' ')}, {asked.state}, {asked.most} at most"),
    ]
    facts += _lists(labels=asked.labels, changed_since=[asked.since] if asked.since else [])
    return (*facts, *_lists(words=[asked.text] if asked.text else []))


# A public repository is an address that somebody chose: what is written there leaves the house.
CREATE_ISSUE = Tool(
    name="github.create_issue",
    summary="Open an issue in a GitHub repository",
    risk=Risk.WRITE,
    reversibility=Reversibility.EXTERNALLY_REVERSIBLE,
    arguments=CreateIssueArguments,
    result=Issue,
    perform=_create_issue,
    egress=True,
    describe=_describe_create,
    recipient=named("repository", usual=USUAL),
    editable=("title", "body"),
)
COMMENT = Tool(
    name="github.comment",
    summary="Comment on a GitHub issue or pull request",
    risk=Risk.WRITE,
    reversibility=Reversibility.EXTERNALLY_REVERSIBLE,
    arguments=CommentArguments,
    result=Comment,
    perform=_comment,
    egress=True,
    describe=_describe_comment,
    recipient=named("repository", usual=USUAL),
    editable=("body",),
)
LABEL = Tool(
    name="github.label",
    summary="Put labels on a GitHub issue or pull request, or take them off",
    risk=Risk.WRITE,
    reversibility=Reversibility.REVERSIBLE,
    arguments=LabelArguments,
    result=Issue,
    perform=_label,
    egress=True,
    describe=_describe_label,
    recipient=named("repository", usual=USUAL),
)
ASSIGN = Tool(
    name="github.assign",
    summary="Hand a GitHub issue or pull request to somebody",
    risk=Risk.WRITE,
    reversibility=Reversibility.REVERSIBLE,
    arguments=AssignArguments,
    result=Issue,
    perform=_assign,
    describe=_describe_assign,
    recipient=named("repository", usual=USUAL),
)
CLOSE = Tool(
    name="github.close",
    summary="Close a GitHub issue or pull request",
    risk=Risk.WRITE,
    reversibility=Reversibility.REVERSIBLE,
    arguments=CloseArguments,
    result=Issue,
    perform=_close,
    describe=_describe_close,
    recipient=named("repository", usual=USUAL),
    editable=("reason",),
)
SEARCH = Tool(
    name="github.search",
    summary="Find issues and pull requests of a GitHub repository",
    risk=Risk.READ,
    reversibility=Reversibility.READ_ONLY,
    arguments=SearchArguments,
    result=Found,
    perform=_search,
    describe=_describe_search,
)

GITHUB = Integration(
    name="github",
    tools=(CREATE_ISSUE, COMMENT, LABEL, ASSIGN, CLOSE, SEARCH),
    connect=connect,
    required=("GITHUB_TOKEN",),
    whoami=whoami,
)
