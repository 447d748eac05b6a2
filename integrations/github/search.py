"""Issues and pull requests as plain tickets: the list of a repository, or GitHub's search for words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from integrations.errors import Refused
from integrations.github import text
from integrations.github.access import Data
from integrations.github.client import GithubService, Page, Progress, in_utc
from integrations.github.errors import SERVICE
from integrations.github.models import Found, SearchArguments, Ticket
from integrations.github.write import assignees_of, labels_of

MOST_OF_SEARCH = 1000
_KINDS = {"issues": "issue", "pull_requests": "pull_request"}


@dataclass(slots=True)
class Tickets:
    """The tickets as they come in, page by page. `complete` is told once all are taken."""

    service: GithubService
    wanted: SearchArguments
    progress: Progress
    complete: bool = True

    def __iter__(self) -> Iterator[Ticket]:
        repository = self.service.repository(self.wanted.repository)
        seen: set[int] = set()
        read = 0
        for page, last in self._pages(repository):
            read += len(page)
            self.complete = self.complete and last >= 0
            for each in page:
                ticket = as_ticket(repository, each, self.wanted.excerpt)
                # A ticket that was changed while we read comes again on a later page.
                if ticket.number in seen or self.wanted.kind not in ("all", f"{ticket.kind}s"):
                    continue
                if len(seen) == self.wanted.most:
                    self.complete = False
                    return
                seen.add(ticket.number)
                yield ticket
            self.progress(f"{read} of about {last * 100} tickets" if last > 1 else f"{read} tickets")
        if self.wanted.text and read >= MOST_OF_SEARCH:
            self.complete = False

    def _pages(self, repository: str) -> Iterator[Page]:
        what = f"look at the issues of {repository}"
        if self.wanted.text:
            asked: Data = {"q": query(repository, self.wanted), "sort": "updated", "order": "desc"}
            return self.service.pages("/search/issues", asked, what)
        asked = {"state": self.wanted.state, "sort": "updated", "direction": "desc"}
        if self.wanted.labels:
            asked["labels"] = ",".join(self.wanted.labels)
        if self.wanted.since:
            asked["since"] = in_utc(since(self.wanted.since))
        return self.service.pages(f"/repos/{repository}/issues", asked, what)


def search(service: GithubService, wanted: SearchArguments, progress: Progress) -> Found:
    tickets = Tickets(service, wanted, progress)
    found = list(tickets)
    more = "" if tickets.complete else ", and there are more"
    return Found(
        tickets=found,
        complete=tickets.complete,
        label=f"{len(found)} {'ticket' if len(found) == 1 else 'tickets'} in "
        f"{service.repository(wanted.repository)}{more}",
    )


def query(repository: str, wanted: SearchArguments) -> str:
    """GitHub's search language; what people typed stands in quotation marks, which it cannot end."""
    terms = [f'"{phrase(wanted.text)}"', f"repo:{repository}"]
    if wanted.kind != "all":
        terms.append("is:issue" if wanted.kind == "issues" else "is:pr")
    if wanted.state != "all":
        terms.append(f"state:{wanted.state}")
    terms += [f'label:"{label}"' for label in wanted.labels]
    if wanted.since:
        terms.append(f"updated:>={in_utc(since(wanted.since))}")
    return " ".join(terms)


def phrase(typed: str) -> str:
    """There is no escaping in the search of issues that can be relied on, so these two go."""
    found = text.one_line(typed.replace('"', " ").replace("\\", " "))
    if not found:
        raise Refused(SERVICE, "was not asked: there is no word to look for.", code="invalid")
    return found


def since(written: str) -> datetime:
    try:
        when = datetime.fromisoformat(written)
    except ValueError:
        raise Refused(SERVICE, "was not asked: there is no such day or time.", code="invalid") from None
    return when if when.tzinfo is not None else when.replace(tzinfo=UTC)


def as_ticket(repository: str, issue: Data, excerpt: int) -> Ticket:
    """Reads what the list gave and nothing else; one field more would be one request each."""
    kind: Literal["issue", "pull_request"] = "pull_request" if issue.get("pull_request") else "issue"
    return Ticket(
        repository=repository,
        number=_number(issue),
        kind=kind,
        title=_text(issue, "title")[:300],
        url=_text(issue, "html_url"),
        state=_state(issue),
        author=str((issue.get("user") or {}).get("login") or ""),
        labels=labels_of(issue),
        assignees=assignees_of(issue),
        comments=issue["comments"] if isinstance(issue.get("comments"), int) else 0,
        created_at=_text(issue, "created_at"),
        updated_at=_text(issue, "updated_at"),
        closed_at=_text(issue, "closed_at"),
        text=text.as_typed(_text(issue, "body"))[:excerpt],
    )


def _state(issue: Data) -> str:
    merged: Any = issue.get("pull_request")
    if isinstance(merged, dict) and merged.get("merged_at"):
        return "merged"
    return _text(issue, "state")


def _number(issue: Data) -> int:
    number = issue.get("number")
    return number if isinstance(number, int) else 0


def _text(issue: Data, name: str) -> str:
    value = issue.get(name)
    return value if isinstance(value, str) else ""
