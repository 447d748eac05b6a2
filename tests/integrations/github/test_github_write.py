"""github.create_issue and github.comment: said once, whatever is lost on the way."""

from __future__ import annotations

import time
import traceback
from datetime import UTC, datetime, timedelta, timezone
from functools import partial
from typing import Any

import pytest

from integrations.base import Attempt
from integrations.errors import IntegrationError, NotReached, OutcomeUnknown, RateLimited, Refused
from integrations.github import access, client, text, tools, write
from integrations.github.tools import COMMENT, CREATE_ISSUE
from integrations.http import open_session

TITLE = "The oven is cold"


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "open_session", partial(open_session, total=0.6))


def test_an_issue_is_opened_with_all_that_was_asked(sandbox: Any) -> None:
    done = sandbox.create(body="Since *noon*.", labels=["bug", "kitchen"], assignees=["lin", "ada"])

    assert done.external_id == "pizzeria/shop#13"
    assert done.result["number"] == 13
    assert done.result["labels"] == ["bug", "kitchen"]
    assert done.result["assignees"] == ["lin", "ada"]
    assert done.result["dropped"] == []
    assert done.result["url"].endswith("/pizzeria/shop/issues/13")
    [made] = sandbox.issues(TITLE)
    assert made["body"] == "Since \\*noon\\*.\n\n<!-- effect:run:step:1 -->"
    assert sandbox.calls() == ["POST /repos/pizzeria/shop/issues"]


def test_a_comment_leads_to_the_issue_it_stands_on(sandbox: Any) -> None:
    done = sandbox.do(COMMENT, {"number": 9, "body": "It is the pump.", "repository": "Pizzeria/Shop"})

    assert done.external_id == "pizzeria/shop#9"
    [made] = [each for each in sandbox.state()["comment"] if each["id"] == done.result["comment"]]
    assert made["body"] == "It is the pump.\n\n<!-- effect:run:step:1 -->"


LOST = ["500_after", "drop_after", "html", "empty", "truncated"]


@pytest.mark.parametrize("kind", LOST)
def test_an_answer_lost_after_the_issue_was_opened_is_found_on_the_second_try(
    sandbox: Any, kind: str
) -> None:
    sandbox.fault(kind)

    with pytest.raises(OutcomeUnknown):
        sandbox.create()
    done = sandbox.create(2)

    assert done.external_id == "pizzeria/shop#13"
    assert len(sandbox.issues(TITLE)) == 1
    assert sandbox.calls().count("POST /repos/pizzeria/shop/issues") == 1


@pytest.mark.twin
def test_twin_without_the_look_up_a_lost_answer_opens_two(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.fault("drop_after")
    with pytest.raises(OutcomeUnknown):
        sandbox.create()
    monkeypatch.setattr("integrations.github.client.GithubService.find_issue", lambda *_: None)

    sandbox.create(2)

    assert len(sandbox.issues(TITLE)) == 2


@pytest.mark.parametrize("kind", LOST)
def test_a_comment_whose_answer_was_lost_is_found_on_the_second_try(sandbox: Any, kind: str) -> None:
    sandbox.fault(kind, "/comments")

    with pytest.raises(OutcomeUnknown):
        sandbox.do(COMMENT, {"number": 9, "body": "Once."})
    done = sandbox.do(COMMENT, {"number": 9, "body": "Once."}, 2)

    assert done.external_id == "pizzeria/shop#9"
    assert sum("Once." in each["body"] for each in sandbox.state()["comment"]) == 1


@pytest.mark.twin
def test_twin_without_the_look_up_a_comment_is_made_twice(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.fault("drop_after", "/comments")
    with pytest.raises(OutcomeUnknown):
        sandbox.do(COMMENT, {"number": 9, "body": "Once."})
    monkeypatch.setattr("integrations.github.client.GithubService.find_comment", lambda *_: None)

    sandbox.do(COMMENT, {"number": 9, "body": "Once."}, 2)

    assert sum("Once." in each["body"] for each in sandbox.state()["comment"]) == 2


@pytest.mark.parametrize("kind", ["500_before", "503", "drop_before", "redirect", "409"])
def test_what_was_never_carried_out_is_carried_out_by_the_second_try(sandbox: Any, kind: str) -> None:
    sandbox.fault(kind, to=f"{sandbox.base}/repos/pizzeria/payroll/issues")

    with pytest.raises(OutcomeUnknown):
        sandbox.create()
    assert sandbox.issues(TITLE) == []
    assert sandbox.create(2).external_id == "pizzeria/shop#13"
    assert len(sandbox.issues(TITLE)) == 1


@pytest.mark.parametrize("kind", ["hang", "drip", "drip_headers"])
@pytest.mark.usefixtures("hurried")
def test_a_github_that_takes_for_ever_is_left_at_the_deadline(sandbox: Any, kind: str) -> None:
    sandbox.fault(kind)
    began = time.monotonic()

    with pytest.raises(OutcomeUnknown):
        sandbox.create()

    assert time.monotonic() - began < 3
    sandbox.create(2)
    assert len(sandbox.issues(TITLE)) == 1


def test_soon_after_the_first_try_not_finding_it_settles_nothing(sandbox: Any) -> None:
    """GitHub may work on a request for ten seconds after its line was cut."""
    soon = Attempt("run:step:1", 2, datetime.now(UTC) - timedelta(seconds=2))

    with pytest.raises(OutcomeUnknown) as unknown:
        CREATE_ISSUE.perform(sandbox.service(), {"title": TITLE}, soon)
    assert unknown.value.code == "unsettled"
    with pytest.raises(OutcomeUnknown):
        COMMENT.perform(sandbox.service(), {"number": 9, "body": "x"}, soon)
    assert sandbox.issues(TITLE) == []


@pytest.mark.twin
def test_twin_without_the_wait_a_slow_first_try_and_the_second_both_open_one(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "TIMEOUTS", (3.05, 0.2))
    monkeypatch.setattr(write, "SETTLED", timedelta(0))
    sandbox.fault("delay", delay_ms=700)
    with pytest.raises(OutcomeUnknown):
        sandbox.create()

    CREATE_ISSUE.perform(sandbox.service(), {"title": TITLE}, Attempt("run:step:1", 2, datetime.now(UTC)))
    _until(lambda: len(sandbox.issues(TITLE)) == 2)


def _until(true: Any) -> None:
    end = time.monotonic() + 5
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_the_look_up_sees_what_the_search_does_not_know_yet(sandbox: Any) -> None:
    sandbox.create()
    service = sandbox.service()
    by_search = list(service.pages("/search/issues", {"q": f'"{TITLE}" repo:pizzeria/shop'}, "look"))

    assert by_search == [([], 1)]
    assert service.find_issue("pizzeria/shop", "run:step:1", datetime.now(UTC) - timedelta(minutes=1))


def test_the_look_up_is_asked_in_utc_whatever_the_zone(sandbox: Any) -> None:
    sandbox.create()
    east = datetime.now(timezone(timedelta(hours=5)))

    CREATE_ISSUE.perform(sandbox.service(), {"title": TITLE}, Attempt("run:step:1", 2, east))

    assert len(sandbox.issues(TITLE)) == 1


@pytest.mark.twin
def test_twin_a_time_without_its_zone_misses_what_is_there(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.create()
    east = datetime.now(timezone(timedelta(hours=5))) - timedelta(seconds=30)
    monkeypatch.setattr(client, "in_utc", lambda when: when.strftime("%Y-%m-%dT%H:%M:%SZ"))

    CREATE_ISSUE.perform(sandbox.service(), {"title": TITLE}, Attempt("run:step:1", 2, east))

    assert len(sandbox.issues(TITLE)) == 2


def test_a_mark_that_another_person_copied_is_not_ours(sandbox: Any) -> None:
    forged = f"mine\n\n{text.mark('run:step:1')}"
    sandbox.act("open", who="omar", title="Forged", body=forged)
    sandbox.act("comment", who="omar", number=9, body=forged)

    assert sandbox.create(2).result["title"] == TITLE
    sandbox.do(COMMENT, {"number": 9, "body": "Really said."}, 2)
    assert sum("Really said." in each["body"] for each in sandbox.state()["comment"]) == 1


@pytest.mark.twin
def test_twin_without_a_look_at_the_author_a_copied_mark_silences_us(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.act("comment", who="omar", number=9, body=f"mine\n\n{text.mark('run:step:1')}")
    monkeypatch.setattr(client, "_author", lambda _: "countersign-bot")

    sandbox.do(COMMENT, {"number": 9, "body": "Really said."}, 2)

    assert not any("Really said." in each["body"] for each in sandbox.state()["comment"])


def test_a_look_up_without_end_settles_nothing(sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        sandbox.create(key=f"other:step:{number}")
    monkeypatch.setattr(client, "PAGE", 1)
    monkeypatch.setattr(client, "MOST_PAGES", 2)

    with pytest.raises(OutcomeUnknown) as unknown:
        sandbox.create(2)
    assert unknown.value.code == "too_many"


def test_the_look_up_goes_on_to_the_next_page(sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        sandbox.create(key=f"run:step:{number}")
    monkeypatch.setattr(client, "PAGE", 1)

    assert sandbox.create(2, key="run:step:0").external_id == "pizzeria/shop#13"


# ── what GitHub leaves out ───────────────────────────────────────────────────────────────


def test_labels_and_people_that_github_drops_are_said(sandbox: Any) -> None:
    sandbox.ask("POST", "rights", {"push": False})

    done = sandbox.create(labels=["bug"], assignees=["ada"])

    assert done.result["dropped"] == ["bug", "ada"]
    assert done.result["label"] == "pizzeria/shop#13 opened, but GitHub left out “bug”, “ada”"


def test_capitals_make_no_other_label(sandbox: Any) -> None:
    assert sandbox.create(labels=["BUG"], assignees=["Ada"]).result["dropped"] == []


def test_somebody_unknown_is_named_and_nothing_is_opened(sandbox: Any) -> None:
    with pytest.raises(Refused, match="does not accept the assignees") as refused:
        sandbox.create(assignees=["nobody-at-all"])
    assert refused.value.code == "invalid"
    assert sandbox.issues(TITLE) == []


@pytest.mark.parametrize(
    ("rights", "code"),
    [({"has_issues": False}, "gone"), ({"archived": True}, "forbidden"), ({"hidden": True}, "missing")],
)
def test_a_repository_that_takes_none_says_so(sandbox: Any, rights: dict[str, bool], code: str) -> None:
    sandbox.ask("POST", "rights", rights)

    with pytest.raises(Refused, match="Nothing was changed") as refused:
        sandbox.create()
    assert refused.value.code == code


# ── limits ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("kind", "retry_after", "seconds"),
    [("429", "7", 7.0), ("429", "", 60.0), ("403_secondary", "", 60.0), ("403_secondary", "30", 30.0)],
)
def test_being_asked_to_slow_down_says_for_how_long(
    sandbox: Any, kind: str, retry_after: str, seconds: float
) -> None:
    sandbox.fault(kind, retry_after=retry_after)
    began = time.monotonic()

    with pytest.raises(RateLimited) as limited:
        sandbox.create()

    assert limited.value.retry_after == seconds
    assert time.monotonic() - began < 2
    assert sandbox.issues(TITLE) == []


def test_the_hours_limit_is_waited_for_until_it_starts_anew(sandbox: Any) -> None:
    sandbox.fault("403_primary")

    with pytest.raises(RateLimited) as limited:
        sandbox.create()

    left = 3600 - time.time() % 3600
    assert abs(limited.value.retry_after - max(left, 1)) < 5 or left > 3595


@pytest.mark.parametrize(
    ("kind", "code"), [("404", "missing"), ("410", "gone"), ("422", "invalid"), ("403", "forbidden")]
)
def test_a_definite_no_is_told_and_not_tried_again(sandbox: Any, kind: str, code: str) -> None:
    sandbox.fault(kind)

    with pytest.raises(Refused) as refused:
        sandbox.create()
    assert refused.value.code == code
    assert not refused.value.retryable


def test_a_look_up_that_fails_may_be_tried_again_freely(sandbox: Any) -> None:
    sandbox.fault("503", method="GET")

    with pytest.raises(NotReached):
        sandbox.create(2)
    assert sandbox.issues(TITLE) == []


def test_a_github_that_is_down_was_never_reached(sandbox: Any) -> None:
    sandbox.stop()
    try:
        with pytest.raises(NotReached, match="could not be reached"):
            sandbox.create()
    finally:
        sandbox.start()


def test_many_calls_end_within_one_budget(sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "LONGEST", 0.5)
    sandbox.ask("POST", "latency", {"ms": 300})
    began = time.monotonic()

    with pytest.raises(IntegrationError):
        sandbox.create(2)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    "kind",
    ["401", "403", "404", "409", "422", "429", "500_before", "500_after", "drop_after", "html", "truncated"],
)
def test_no_error_repeats_what_github_or_we_sent(sandbox: Any, kind: str) -> None:
    sandbox.fault(kind)

    with pytest.raises(IntegrationError) as failed:
        sandbox.create(body="canary-" + "in-the-body")

    told = "".join(traceback.format_exception(failed.value))
    for secret in ("canary-in", "github_pat", "<html>", "Server Error", "Bad credentials", "docs.github.com"):
        assert secret not in told
