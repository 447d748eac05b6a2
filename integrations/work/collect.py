"""work.collect: what there is in Jira, GitHub and Notion, asked side by side; what is missing is said."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

from integrations.base import Attempt, Done, Performed
from integrations.errors import IntegrationError, NotConfigured
from integrations.http import budget
from integrations.work.models import (
    LONGEST_EXCERPT,
    NAMES,
    SERVICES,
    CollectArguments,
    Collected,
    Service,
    Source,
)
from integrations.work.reading import READERS, Asked, Read
from integrations.work.wanted import Wanted, in_words, wanted

# Seconds for all services together; an effect's lease is longer.
LONGEST = 33.0
# Characters of all excerpts together: with many sources, each is shorter.
MOST_TEXT = 120_000
NOTHING = "is connected that I could read from: set up Jira, GitHub or Notion (`countersign services`)"


def collect(client: Any, asked: CollectArguments, attempt: Attempt) -> Performed:
    """Raises `NotConfigured` where no service is connected, and what a service said where none answered."""
    request = wanted(asked.request)
    clients, problems = _clients(request, attempt)
    since = attempt.began - timedelta(days=request.days) if request.days else None
    read, failed = _side_by_side(clients, Asked(request, since, asked.most), attempt.progress)
    problems |= failed
    if not read:
        raise _worst(list(problems.values()))
    every = sorted(
        (source for found in read.values() for source in found.sources),
        key=lambda each: (_moment(each.updated), each.id),
        reverse=True,
    )
    kept = _fitted(every[: asked.most])
    missing = [_missing(NAMES[service], problem) for service, problem in problems.items()]
    more = len(every) > asked.most or any(found.more for found in read.values())
    found = Collected(
        sources=kept,
        missing=missing,
        more=more,
        scope=in_words(request),
        label=_label(kept, more=more),
    )
    return Done(found.model_dump(mode="json"))


def _clients(request: Wanted, attempt: Attempt) -> tuple[dict[Service, Any], dict[Service, IntegrationError]]:
    """Those that are connected. One that is not is missing only where it was asked for by name."""
    clients: dict[Service, Any] = {}
    problems: dict[Service, IntegrationError] = {}
    for service in _asked_for(request):
        try:
            clients[service] = attempt.reach(service)
        except NotConfigured as problem:
            if service in request.services:
                problems[service] = problem
    if not clients:
        raise next(iter(problems.values()), NotConfigured("No service", NOTHING))
    return clients, problems


def _asked_for(request: Wanted) -> Sequence[Service]:
    """A repository is GitHub's, and nobody else knows it."""
    if request.services:
        return request.services
    return ("github",) if request.repository and not (request.project or request.words) else SERVICES


def _side_by_side(
    clients: Mapping[Service, Any], asked: Asked, progress: Callable[[str], None]
) -> tuple[dict[Service, Read], dict[Service, IntegrationError]]:
    """A thread for each service. What one of them says never hides what the others gave."""
    told = _Told(progress)

    def one(service: Service) -> Read | IntegrationError:
        with budget(LONGEST):
            try:
                return READERS[service](clients[service], asked, lambda text: told(service, text))
            except IntegrationError as problem:
                return problem

    with ThreadPoolExecutor(len(clients)) as pool:
        answers = dict(zip(clients, pool.map(one, clients), strict=True))
    read = {service: each for service, each in answers.items() if isinstance(each, Read)}
    failed = {service: each for service, each in answers.items() if isinstance(each, IntegrationError)}
    return read, failed


class _Told:
    """One sentence of how far all of them are, whichever went on."""

    def __init__(self, progress: Callable[[str], None]) -> None:
        self._progress = progress
        self._lock = threading.Lock()
        self._far: dict[Service, str] = {}

    def __call__(self, service: Service, text: str) -> None:
        with self._lock:
            self._far[service] = text
            told = " · ".join(f"{NAMES[each]}: {self._far[each]}" for each in SERVICES if each in self._far)
        self._progress(told)


def _worst(problems: Sequence[IntegrationError]) -> IntegrationError:
    """Nothing was read. What may pass is told first, so that it is tried again."""
    return min(problems, key=lambda each: (not each.retryable, isinstance(each, NotConfigured)))


def _missing(name: str, problem: IntegrationError) -> str:
    return f"{name} is missing: it {problem.problem.rstrip('.')}."


def _fitted(sources: Sequence[Source]) -> list[Source]:
    each = max(80, min(LONGEST_EXCERPT, MOST_TEXT // max(len(sources), 1)))
    return [
        source
        if len(source.excerpt) <= each
        else source.model_copy(update={"excerpt": source.excerpt[:each]})
        for source in sources
    ]


def _label(sources: Sequence[Source], *, more: bool) -> str:
    counts = {service: sum(each.service == service for each in sources) for service in SERVICES}
    parts = [f"{count} from {NAMES[service]}" for service, count in counts.items() if count]
    end = "; there is more, of which I left the oldest out" if more else ""
    where = f" ({', '.join(parts)})" if parts else ""
    return f"{len(sources)} found{where}{end}"


def _moment(updated: str) -> float:
    """Jira writes +0000, the others Z."""
    try:
        return datetime.fromisoformat(updated).timestamp()
    except (ValueError, OverflowError):
        return 0.0
