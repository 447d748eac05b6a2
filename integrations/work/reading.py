"""Each service's tickets and pages as sources, all pages of them, newest first."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from pydantic import ValidationError

from integrations.errors import IntegrationError, Refused
from integrations.github.client import GithubService, in_utc
from integrations.github.models import SearchArguments as GithubSearch
from integrations.github.search import Tickets
from integrations.http import budget
from integrations.jira.client import JiraService
from integrations.jira.jql import question
from integrations.notion import plain
from integrations.notion.client import NotionService
from integrations.work.models import LONGEST_EXCERPT, LONGEST_TITLE, LONGEST_URL, Service, Source
from integrations.work.wanted import Wanted

Tell = Callable[[str], None]
LOOKED_INTO = 6  # Notion pages whose text is read too: each costs a call
BLOCKS = 40
# Who people are, Notion does not tell everybody: then there is a number instead of a name.
_NUMBERED = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DONE = frozenset({"done", "closed", "complete", "completed", "finished", "shipped", "merged", "archived"})
_STATE = ("status", "state", "stage")
_PEOPLE = ("owner", "assignee", "assign", "person", "people", "lead", "author")


@dataclass(frozen=True, slots=True)
class Asked:
    """`since` None: however old. No more than `most` are read."""

    wanted: Wanted
    since: datetime | None
    most: int


@dataclass(frozen=True, slots=True)
class Read:
    sources: tuple[Source, ...]
    more: bool


def from_jira(service: JiraService, asked: Asked, tell: Tell) -> Read:
    wanted = asked.wanted
    jql = question(
        service.project_or_ours(wanted.project),
        text=wanted.words,
        labels=wanted.labels,
        updated_days=wanted.days,
    )
    found = list(service.search(jql, asked.most + 1, lambda count: tell(f"{min(count, asked.most)}")))
    return _read(
        (
            _source(
                "jira", ticket.key, ticket.title, ticket.url, ticket.status, ticket.done,
                (ticket.assignee, ticket.reporter), ticket.labels, ticket.updated, ticket.text,
            )
            for ticket in found
        ),
        asked.most,
    )  # fmt: skip


def from_github(service: GithubService, asked: Asked, tell: Tell) -> Read:
    wanted = asked.wanted
    try:
        search = GithubSearch(
            repository=wanted.repository,
            labels=list(wanted.labels),
            state="all",
            since=in_utc(asked.since) if asked.since else "",
            text=wanted.words or wanted.project,
            most=asked.most,
            excerpt=LONGEST_EXCERPT,
        )
    except ValidationError:
        raise Refused("GitHub", "has no such label or repository.", code="invalid") from None
    tickets = Tickets(service, search, lambda text: tell(text.removesuffix(" tickets")))
    found = [
        _source(
            "github", f"{ticket.repository}#{ticket.number}", ticket.title, ticket.url, ticket.state,
            ticket.state in ("closed", "merged"), (*ticket.assignees, ticket.author), ticket.labels,
            ticket.updated_at, ticket.text,
        )
        for ticket in tickets
    ]  # fmt: skip
    return Read(tuple(found[: asked.most]), not tickets.complete)


def from_notion(service: NotionService, asked: Asked, tell: Tell) -> Read:
    """Pages of the database that is set up; without one, whatever is shared with us, by title."""
    since = in_utc(asked.since) if asked.since else ""
    wanted = asked.wanted
    pages: Iterable[Mapping[str, Any]]
    if service.database:
        pages = service.pages(service.source(), edited_after=since, most=asked.most + 1)
    else:
        found = service.search(" ".join((wanted.project, wanted.words)).strip(), most=asked.most + 1)
        pages = (each for each in map(plain.page, found) if each["edited"] >= since)
    kept: list[Mapping[str, Any]] = []
    for number, page in enumerate(pages, 1):
        if _fits(page, wanted, by_words=bool(service.database)):
            kept.append(page)
        if number % 100 == 0:
            tell(f"{number}")
    tell(f"{len(kept)}")
    texts = _texts(service, [str(page["id"]) for page in kept[:LOOKED_INTO]])
    return _read((_page(page, texts.get(str(page["id"]), "")) for page in kept), asked.most)


def _fits(page: Mapping[str, Any], wanted: Wanted, *, by_words: bool) -> bool:
    """Notion's search knows titles alone, so what its pages say of themselves is compared here."""
    told = f"{page['title']} {' '.join(page['properties'].values())}".casefold()
    words = f"{wanted.project} {wanted.words}".split() if by_words else []
    return all(word.casefold() in told for word in (*words, *wanted.labels))


def _page(page: Mapping[str, Any], text: str) -> Source:
    properties: Mapping[str, str] = page["properties"]
    state = next((value for name, value in properties.items() if name.lower() in _STATE), "")
    people = next((value for name, value in properties.items() if name.lower() in _PEOPLE), "")
    named = [each for each in people.split(", ") if each and not _NUMBERED.fullmatch(each)]
    told = "; ".join(f"{name}: {value}" for name, value in properties.items() if name != "Effect key")
    return _source(
        "notion", page["id"], page["title"] or "Untitled", page["url"], state, state.casefold() in _DONE,
        named, properties.get("Tags", "").split(", "), page["edited"],
        f"{text}\n{told}" if text else told,
    )  # fmt: skip


def _texts(service: NotionService, pages: list[str]) -> dict[str, str]:
    """The beginning of each page. One that cannot be read has none, and is a source all the same."""

    def one(page: str) -> str:
        with budget(10):
            try:
                blocks = islice(service.children(page, most=BLOCKS), BLOCKS)
                return "\n".join(text for text in map(plain.block_text, blocks) if text)
            except IntegrationError:
                return ""

    if not pages:
        return {}
    with ThreadPoolExecutor(len(pages)) as pool:
        return dict(zip(pages, pool.map(one, pages), strict=True))


def _read(found: Iterable[Source], most: int) -> Read:
    sources = tuple(found)
    return Read(sources[:most], len(sources) > most)


def _source(
    service: Service,
    id: str,
    title: str,
    url: str,
    state: str,
    done: bool,
    people: Iterable[str],
    labels: Iterable[str],
    updated: str,
    text: str,
) -> Source:
    return Source(
        service=service,
        id=id[:200],
        title=" ".join(title.split())[:LONGEST_TITLE],
        url=url if len(url) <= LONGEST_URL else "",
        state=" ".join(state.split())[:60],
        done=done,
        people=[each[:100] for each in dict.fromkeys(people) if each][:5],
        labels=[each[:60] for each in labels if each][:10],
        updated=updated[:40],
        excerpt=text.strip()[:LONGEST_EXCERPT],
    )


READERS: dict[Service, Callable[[Any, Asked, Tell], Read]] = {
    "jira": from_jira,
    "github": from_github,
    "notion": from_notion,
}
