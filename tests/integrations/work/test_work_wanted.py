"""What a person asks to be summarized, in the many ways in which one says it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.work.wanted import LONGEST_WORDS, MOST_DAYS, Wanted, in_words, wanted


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ("", Wanted(days=7)),
        ("/summarize", Wanted(days=7)),
        ("summarize", Wanted(days=7)),
        ("/summarize PAY", Wanted(project="PAY")),
        ("/summarize PAY last 7 days", Wanted(project="PAY", days=7)),
        ("please summarise what happened in PAY since yesterday", Wanted(project="PAY", days=2)),
        ("project pay", Wanted(project="PAY")),
        ("project: shop this week", Wanted(project="SHOP", days=7)),
        ("pizzeria/shop", Wanted(repository="pizzeria/shop")),
        ("repo pizzeria/shop.io last two weeks", Wanted(repository="pizzeria/shop.io", days=14)),
        ("label:checkout", Wanted(labels=("checkout",))),
        ("labelled checkout", Wanted(labels=("checkout",))),
        ("#menu #checkout", Wanted(labels=("menu", "checkout"))),
        ("last 7 days", Wanted(days=7)),
        ("the last month", Wanted(days=31)),
        ("past 3 weeks", Wanted(days=21)),
        ("30d", Wanted(days=30)),
        ("today", Wanted(days=1)),
        ("this month", Wanted(days=31)),
        ("last 99999 years", Wanted(words="99999 years")),
        ("last 9999 days", Wanted(days=MOST_DAYS)),
        ("coupon bugs in jira", Wanted(words="coupon bugs", services=("jira",))),
        (
            "tickets in GitHub and Notion about payments",
            Wanted(words="payments", services=("github", "notion")),
        ),
        ('"double charge" last week', Wanted(words="double charge", days=7)),
        ("PAY ever", Wanted(project="PAY")),
        ("PAY SHOP", Wanted(project="PAY", words="SHOP")),
        ("PAY-12", Wanted(words="PAY-12")),
        ("o/../x", Wanted(words="o/../x")),
    ],
)
def test_it_is_understood(request_: str, expected: Wanted) -> None:
    assert wanted(request_) == expected


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (Wanted(project="PAY", days=7), "project PAY, the last 7 days"),
        (Wanted(repository="a/b", days=1), "repository a/b, the last day"),
        (Wanted(labels=("x", "y"), words="coupons"), "label x, y, “coupons”"),
        (Wanted(services=("jira", "notion"), days=2), "in Jira and Notion, the last 2 days"),
        (Wanted(), "everything, however old"),
    ],
)
def test_it_is_said_as_it_was_understood(asked: Wanted, words: str) -> None:
    assert in_words(asked) == words


@given(st.text(max_size=800))
def test_every_text_asks_for_something_bounded(text: str) -> None:
    found = wanted(text)

    assert 0 <= found.days <= MOST_DAYS
    assert len(found.words) <= LONGEST_WORDS
    assert len(found.labels) <= 5
    assert in_words(found)


@given(st.sampled_from(["PAY", "SHOP", "OPS1"]), st.integers(1, 3650), st.sampled_from(["/summarize ", ""]))
def test_project_and_days_come_through_in_either_order(project: str, days: int, command: str) -> None:
    expected = Wanted(project=project, days=days)

    assert wanted(f"{command}{project} last {days} days") == expected
    assert wanted(f"{command}last {days} days {project}") == expected
