"""github.label, github.assign and github.close: by nature the same when done twice, so no marks.

Each looks before it writes: what is so already is not written again, and nobody is notified twice.
"""

from __future__ import annotations

from integrations.base import Done
from integrations.errors import Refused
from integrations.github.access import Data
from integrations.github.client import GithubService
from integrations.github.errors import NOTHING, SERVICE
from integrations.github.models import AssignArguments, CloseArguments, LabelArguments
from integrations.github.write import assignees_of, external_id, issue_result, labels_of, missing


def label(service: GithubService, arguments: LabelArguments) -> Done:
    repository, number = service.repository(arguments.repository), arguments.number
    _something(arguments.add, arguments.remove)
    before = service.issue(repository, number)
    now = labels_of(before)
    add, remove = missing(arguments.add, now), _there(arguments.remove, now)
    if add:
        now = service.add_labels(repository, number, add)
    for each in remove:
        left = service.remove_label(repository, number, each)
        now = missing(now, [each]) if left is None else left
    after = before | {"labels": [{"name": each} for each in now]}
    return _outcome(repository, after, "labelled", arguments.add, arguments.remove, now, bool(add or remove))


def assign(service: GithubService, arguments: AssignArguments) -> Done:
    repository, number = service.repository(arguments.repository), arguments.number
    _something(arguments.add, arguments.remove)
    after = service.issue(repository, number)
    now = assignees_of(after)
    add, remove = missing(arguments.add, now), _there(arguments.remove, now)
    # The next one first: it is never nobody's.
    if add:
        after = service.assign(repository, number, add)
    if remove:
        after = service.unassign(repository, number, remove)
    return _outcome(
        repository,
        after,
        "assigned",
        arguments.add,
        arguments.remove,
        assignees_of(after),
        bool(add or remove),
    )


def close(service: GithubService, arguments: CloseArguments) -> Done:
    repository, number = service.repository(arguments.repository), arguments.number
    issue = service.issue(repository, number)
    if issue.get("state") == "closed":
        result = issue_result(repository, issue, "was closed already", [], changed=False)
    else:
        body = {"state": "closed", "state_reason": arguments.reason}
        issue = service.change(repository, number, body, f"close {repository}#{number}")
        if issue.get("state") != "closed":
            raise Refused(SERVICE, f"left {repository}#{number} open, without a word why.", code="dropped")
        result = issue_result(repository, issue, "closed", [])
    return Done(result.model_dump(mode="json"), external_id(repository, number))


def _something(add: list[str], remove: list[str]) -> None:
    if not add and not remove:
        raise Refused(SERVICE, f"was not asked: there is nothing to change. {NOTHING}", code="invalid")
    if {each.lower() for each in add} & {each.lower() for each in remove}:
        raise Refused(SERVICE, f"was not asked: one is to be added and removed. {NOTHING}", code="invalid")


def _there(wanted: list[str], now: list[str]) -> list[str]:
    have = {each.lower() for each in now}
    return [each for each in wanted if each.lower() in have]


def _outcome(
    repository: str,
    issue: Data,
    done: str,
    added: list[str],
    removed: list[str],
    now: list[str],
    wrote: bool,
) -> Done:
    """Raises `Refused` where GitHub took nothing of it: that is no success."""
    dropped, stayed = missing(added, now), _there(removed, now)
    number = int(issue["number"])
    if dropped + stayed and len(dropped + stayed) == len(added + removed):
        named = ", ".join(f"“{each}”" for each in dropped + stayed)
        raise Refused(
            SERVICE,
            f"silently left out {named} at {repository}#{number}:"
            f" our token may not do that, or it is not known there. {NOTHING}",
            code="dropped",
        )
    said = done if wrote else "was so already"
    result = issue_result(repository, issue, said, dropped + stayed, changed=wrote)
    return Done(result.model_dump(mode="json"), external_id(repository, number))
