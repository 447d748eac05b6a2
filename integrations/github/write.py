"""github.create_issue and github.comment: said once, though GitHub knows no idempotency keys.

What we make ends with a mark. A second try looks for it first. GitHub may still be at work on
what the first try sent, for ten seconds at most: before that, not finding the mark settles nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from integrations.base import Attempt, Done
from integrations.errors import OutcomeUnknown, Refused
from integrations.github import text
from integrations.github.access import Data
from integrations.github.client import GithubService
from integrations.github.errors import NOTHING, SERVICE
from integrations.github.models import Comment, CommentArguments, CreateIssueArguments, Issue

CLOCK_SKEW = timedelta(seconds=60)
# GitHub ends a request of its API after ten seconds.
SETTLED = timedelta(seconds=10)


def external_id(repository: str, number: int) -> str:
    """The thread of an issue or pull request, as webhooks name it too: `owner/name#12` in small letters."""
    return f"{repository}#{number}".lower()


def create_issue(service: GithubService, arguments: CreateIssueArguments, attempt: Attempt) -> Done:
    repository = service.repository(arguments.repository)
    title = text.one_line(arguments.title)
    if not title:
        raise _no("was not asked: the title shows nothing.")
    body: Data = {"title": title, "body": _body(arguments.body, attempt.key)}
    if arguments.labels:
        body["labels"] = arguments.labels
    if arguments.assignees:
        body["assignees"] = arguments.assignees
    made = None
    if attempt.number > 1:
        made = service.find_issue(repository, attempt.key, attempt.began - CLOCK_SKEW)
        _settled(made, attempt)
    made = made or service.create_issue(repository, body)
    dropped = missing(arguments.labels, labels_of(made)) + missing(arguments.assignees, assignees_of(made))
    result = issue_result(repository, made, "opened", dropped)
    return Done(result.model_dump(mode="json"), external_id(repository, result.number))


def comment(service: GithubService, arguments: CommentArguments, attempt: Attempt) -> Done:
    repository, number = service.repository(arguments.repository), arguments.number
    body = _body(arguments.body, attempt.key)
    made = None
    if attempt.number > 1:
        since = attempt.began - CLOCK_SKEW
        made = service.find_comment(repository, number, attempt.key, since)
        _settled(made, attempt)
    made = made or service.create_comment(repository, number, body)
    result = Comment(
        repository=repository,
        number=number,
        comment=made["id"],
        url=str(made.get("html_url") or ""),
        label=f"commented on {repository}#{number}",
    )
    return Done(result.model_dump(mode="json"), external_id(repository, number))


def _settled(found: Data | None, attempt: Attempt) -> None:
    if found is None and datetime.now(UTC) - attempt.began < SETTLED:
        raise OutcomeUnknown(SERVICE, "may still be at work on this; I look again", code="unsettled")


def _body(typed: str, key: str) -> str:
    body = text.marked(typed, key)
    if len(body) > text.LONGEST_BODY:
        raise _no("was not asked: the text is longer than it takes.")
    return body


def _no(problem: str) -> Refused:
    return Refused(SERVICE, f"{problem} {NOTHING}", code="invalid")


# ── what came back ───────────────────────────────────────────────────────────────────────


def labels_of(issue: Data) -> list[str]:
    found = issue.get("labels")
    each = found if isinstance(found, list) else []
    return [str(one.get("name", "")) if isinstance(one, dict) else str(one) for one in each]


def assignees_of(issue: Data) -> list[str]:
    found = issue.get("assignees")
    return [str(one.get("login", "")) for one in (found if isinstance(found, list) else [])]


def missing(wanted: Iterable[str], there: Iterable[str]) -> list[str]:
    """GitHub does not tell labels and people apart by capitals, and drops them without a word."""
    have = {each.lower() for each in there}
    return [each for each in wanted if each.lower() not in have]


def issue_result(
    repository: str, issue: Data, done: str, dropped: list[str], *, changed: bool = True
) -> Issue:
    number = int(issue["number"])
    said = f"{repository}#{number} {done}"
    if dropped:
        said += f", but GitHub left out {', '.join(f'“{each}”' for each in dropped)}"
    return Issue(
        repository=repository,
        number=number,
        title=str(issue.get("title") or "")[:300],
        url=str(issue.get("html_url") or ""),
        state=str(issue.get("state") or ""),
        labels=labels_of(issue),
        assignees=assignees_of(issue),
        dropped=dropped,
        changed=changed,
        label=said,
    )
