"""Jira, GitHub and Notion are read side by side; what is missing is said, and what is there is whole."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.base import Attempt
from integrations.errors import IntegrationError, NotConfigured, NotReached, RateLimited, Refused
from integrations.work import collect as module
from integrations.work.collect import collect
from integrations.work.models import MOST_SOURCES, CollectArguments, Source
from integrations.work.reading import READERS, Asked, Read
from tests.integrations.work.conftest import Desk


def ids(found: dict[str, Any], service: str) -> list[str]:
    return [each["id"] for each in found["sources"] if each["service"] == service]


def test_all_three_are_read_newest_first_with_a_link_to_each(desk: Desk) -> None:
    found = desk.collect()

    assert {each["service"] for each in found["sources"]} == {"jira", "github", "notion"}
    assert all(each["url"].startswith(desk.sandboxes.base) for each in found["sources"])
    assert found["sources"][0]["id"] == "SHOP-5"
    assert (found["missing"], found["more"], found["scope"]) == ([], False, "the last 7 days")
    assert found["label"].startswith(f"{len(found['sources'])} found (7 from Jira, ")


def test_how_far_it_is_names_each_service(desk: Desk) -> None:
    desk.collect()

    assert "Jira: 7" in desk.told[-1]
    assert "GitHub: 3" in desk.told[-1]
    assert "Notion: 4" in desk.told[-1]


def test_a_project_a_label_and_words_narrow_it_down(desk: Desk) -> None:
    assert ids(desk.collect("OPS ever in jira"), "jira") == ["OPS-1", "OPS-2"]
    assert set(ids(desk.collect("label:menu ever in jira"), "jira")) == {"SHOP-3", "SHOP-4"}
    assert ids(desk.collect("apostrophe in jira"), "jira") == ["SHOP-9"]
    assert {each["title"] for each in desk.collect("retro in notion")["sources"]} == {
        "Retro of sprint 46",
        "Retro of sprint 47",
    }


def test_a_repository_is_asked_of_github_alone(desk: Desk) -> None:
    found = desk.collect("pizzeria/shop last 3 days")

    assert {each["service"] for each in found["sources"]} == {"github"}
    assert found["missing"] == []


def test_a_page_of_notion_tells_how_it_begins(desk: Desk) -> None:
    found = desk.collect("incident in notion")

    assert "A retry after a lost answer charged nine guests twice." in found["sources"][0]["excerpt"]


def test_what_is_done_is_known_as_done(desk: Desk) -> None:
    found = desk.collect("SHOP ever in jira")

    assert {each["id"] for each in found["sources"] if each["done"]} == {"SHOP-3", "SHOP-8"}


@pytest.mark.parametrize("service", ["jira", "github", "notion"])
def test_with_one_service_down_the_others_are_told_and_it_is_said_which_is_missing(
    desk: Desk, service: str
) -> None:
    desk.sandboxes.fault(service, "500_before", times=3)
    found = desk.collect()

    assert ids(found, service) == []
    assert len({each["service"] for each in found["sources"]}) == 2
    [sentence] = found["missing"]
    assert sentence.lower().startswith(f"{service} is missing: it had a fault of its own")


def test_what_is_not_connected_is_not_missed_unless_it_was_named(desk: Desk) -> None:
    desk.without = {"notion"}
    assert desk.collect()["missing"] == []
    assert desk.collect("in jira and notion")["missing"] == ["Notion is missing: it is not connected."]


def test_with_nothing_connected_it_says_what_to_set_up(desk: Desk) -> None:
    desk.without = {"jira", "github", "notion"}
    with pytest.raises(NotConfigured, match="set up Jira, GitHub or Notion"):
        desk.collect()


def test_the_newest_are_kept_and_the_rest_is_owned_up_to(desk: Desk) -> None:
    found = desk.collect("ever in jira", most=3)

    assert ids(found, "jira") == ["SHOP-5", "SHOP-1", "SHOP-10"]
    assert found["more"]
    assert found["label"].endswith("there is more, of which I left the oldest out")


# ── without a service ────────────────────────────────────────────────────────────────────


def source(number: int, service: str = "jira", text: str = "x") -> Source:
    moment = datetime(2026, 1, 1, tzinfo=UTC).replace(minute=number % 60, hour=number // 60 % 24)
    return Source(
        service=service,  # type: ignore[arg-type]  # one of three words
        id=f"{service}-{number:04}",
        title="t",
        url="https://e.example/",
        state="open",
        updated=moment.isoformat(),
        excerpt=text,
    )


def attempt() -> Attempt:
    return Attempt("k", 1, datetime.now(UTC), reach=lambda service: service)


def faked(monkeypatch: pytest.MonkeyPatch, **answers: Any) -> None:
    for service, answer in answers.items():

        def read(client: Any, asked: Asked, tell: Any, answer: Any = answer) -> Read:
            if isinstance(answer, Exception):
                raise answer
            return Read(tuple(answer), False)

        monkeypatch.setitem(READERS, service, read)  # type: ignore[misc]  # by its name


def test_no_more_than_the_limit_of_all_services_together(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [source(n) for n in range(MOST_SOURCES)]
    faked(monkeypatch, jira=many, github=[source(n, "github") for n in range(400)], notion=[])
    found = collect(None, CollectArguments(), attempt()).result

    assert len(found["sources"]) == MOST_SOURCES
    assert found["more"]


def test_many_long_texts_are_shortened_so_that_all_of_them_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [source(n, text="word " * 120) for n in range(MOST_SOURCES)]
    faked(monkeypatch, jira=many, github=[], notion=[])
    found = collect(None, CollectArguments(), attempt()).result

    assert sum(len(each["excerpt"]) for each in found["sources"]) <= module.MOST_TEXT


@pytest.mark.parametrize(
    ("problems", "expected"),
    [
        ((NotConfigured("Jira", "a"), Refused("GitHub", "b"), Refused("Notion", "c")), Refused),
        (
            (NotConfigured("Jira", "a"), RateLimited("GitHub", retry_after=3), Refused("Notion", "c")),
            RateLimited,
        ),
        ((NotReached("Jira", "a"), Refused("GitHub", "b"), NotConfigured("Notion", "c")), NotReached),
        (
            (NotConfigured("Jira", "a"), NotConfigured("GitHub", "b"), NotConfigured("Notion", "c")),
            NotConfigured,
        ),
    ],
)
def test_where_none_answers_what_may_pass_is_told_first(
    monkeypatch: pytest.MonkeyPatch, problems: tuple[IntegrationError, ...], expected: type[IntegrationError]
) -> None:
    faked(monkeypatch, **dict(zip(("jira", "github", "notion"), problems, strict=True)))
    with pytest.raises(expected):
        collect(None, CollectArguments(), attempt())


def test_a_bug_in_one_reader_is_not_taken_for_a_service_that_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    faked(monkeypatch, jira=[], github=[], notion=KeyError("bug"))
    with pytest.raises(KeyError):
        collect(None, CollectArguments(), attempt())
