"""A ticket is opened once and a comment said once, whenever an answer is lost, however late the search is."""

from __future__ import annotations

import time
import traceback
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from integrations.base import Attempt
from integrations.errors import IntegrationError, NotReached, OutcomeUnknown, RateLimited
from integrations.http import open_session
from integrations.jira import client, lookup, tools
from integrations.jira.marks import mark_of, unmarked
from integrations.jira.words import plain

BOTH = pytest.mark.parametrize("version", [3, 2])
NEW = {"title": "The oven's door sticks", "description": "Since noon."}
SAID = {"issue": "SHOP-1", "text": "Ada is on it."}
LOST = ["500_after", "drop_after", "html", "truncated", "empty"]
BEFORE = ["500_before", "drop_before", "503"]


def _lost(sandbox: Any, kind: str, version: int = 3, **more: Any) -> None:
    sandbox.fault(kind)
    with pytest.raises(OutcomeUnknown):
        sandbox.do("CREATE", NEW, version=version, **more)


@BOTH
@pytest.mark.parametrize("kind", LOST)
def test_a_ticket_whose_answer_was_lost_is_found_by_the_next_try(
    sandbox: Any, kind: str, version: int
) -> None:
    _lost(sandbox, kind, version)

    done = sandbox.do("CREATE", NEW, 2, version=version)
    assert (done.result["key"], sandbox.ours()) == ("SHOP-11", ["SHOP-11"])


@pytest.mark.parametrize("kind", BEFORE)
def test_a_ticket_that_was_never_opened_is_opened_by_the_next_try(sandbox: Any, kind: str) -> None:
    _lost(sandbox, kind)
    assert sandbox.ours() == []

    assert sandbox.do("CREATE", NEW, 2).result["key"] == "SHOP-11"
    assert sandbox.ours() == ["SHOP-11"]


@pytest.mark.twin
def test_twin_without_the_look_up_the_ticket_is_there_twice(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _lost(sandbox, "drop_after")
    monkeypatch.setattr("integrations.jira.create.find_ticket", lambda *_: None)
    sandbox.do("CREATE", NEW, 2)

    assert len(sandbox.ours()) == 2


def test_a_search_that_is_an_hour_behind_hides_no_ticket(sandbox: Any) -> None:
    sandbox.ask("POST", "lag", {"ms": 3_600_000})
    _lost(sandbox, "drop_after")
    for number in range(3):
        sandbox.act("create", text=f"Somebody else's {number}")

    assert sandbox.do("CREATE", NEW, 2).result["key"] == "SHOP-11"
    assert sandbox.ours() == ["SHOP-11"]


@pytest.mark.twin
def test_twin_by_the_search_alone_a_late_index_makes_two(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.ask("POST", "lag", {"ms": 3_600_000})
    _lost(sandbox, "drop_after")
    monkeypatch.setattr(lookup, "_unshown", lambda *_: iter(()))
    sandbox.do("CREATE", NEW, 2)

    assert len(sandbox.ours()) == 2


def test_a_ticket_in_a_gap_of_what_the_search_shows_is_found(sandbox: Any) -> None:
    sandbox.ask("POST", "lag", {"ms": 3_600_000})
    _lost(sandbox, "drop_after")
    sandbox.ask("POST", "lag", {"ms": 0})
    sandbox.act("create", text="Indexed at once, though it is younger")
    sandbox.act("delete", "SHOP-10")

    assert sandbox.do("CREATE", NEW, 2).result["key"] == "SHOP-11"


def test_between_looks_it_waits_and_says_so(sandbox: Any) -> None:
    """The request of the first try may still be under way there: it comes while we wait."""
    told: list[str] = []
    service = sandbox.service()

    def while_waiting(seconds: float) -> None:
        if sandbox.ours() == []:
            sandbox.do("CREATE", NEW)
        told.append(f"waited {seconds:g}")

    from dataclasses import replace

    attempt = Attempt("r1:open:1", 2, datetime.now(UTC), progress=told.append)
    done = tools.CREATE.perform(replace(service, pause=while_waiting), NEW, attempt)

    assert (done.result["key"], sandbox.ours()) == ("SHOP-11", ["SHOP-11"])
    assert told == ["Jira may still be at work on an earlier try; I am looking again.", "waited 5"]


def test_all_looks_together_fit_into_one_performance() -> None:
    assert sum(lookup.LOOKS) <= 15.0 < tools.LONGEST - 15.0


def test_a_project_that_takes_no_labels_is_searched_by_property_and_by_the_last_line(sandbox: Any) -> None:
    sandbox.ask("POST", "rights", {"off_screen": ["labels"]})
    for version, key in ((3, "r1:a:1"), (2, "r1:b:1")):
        # The first call is refused for its labels; the second makes the ticket, and its answer is lost.
        sandbox.fault("delay")
        sandbox.fault("drop_after")
        with pytest.raises(OutcomeUnknown):
            sandbox.do("CREATE", NEW, version=version, key=key)
        sandbox.do("CREATE", NEW, 2, version=version, key=key)

    assert len(sandbox.ours()) == 2


def test_another_effect_with_the_same_words_is_another_ticket(sandbox: Any) -> None:
    sandbox.do("CREATE", NEW, key="r1:open:1")
    sandbox.do("CREATE", NEW, 2, key="r1:open:2")

    assert len(sandbox.ours()) == 2


def test_a_ticket_from_before_we_began_is_none_of_this_attempt(sandbox: Any) -> None:
    """Two installations may share a Jira, and count their runs alike."""
    sandbox.do("CREATE", NEW)
    sandbox.clock.ahead = 7200.0

    assert sandbox.do("CREATE", NEW, 2, hours=-2).result["key"] == "SHOP-12"


@pytest.mark.parametrize("ahead", [-30.0, 30.0])
def test_clocks_that_differ_by_half_a_minute_hide_nothing(sandbox: Any, ahead: float) -> None:
    sandbox.clock.ahead = ahead
    _lost(sandbox, "drop_after")

    assert sandbox.do("CREATE", NEW, 2).result["key"] == "SHOP-11"


def test_a_mark_that_somebody_else_wrote_counts_for_nothing(sandbox: Any) -> None:
    sandbox.act("create", text="Mine now", labels=[mark_of("r1:open:1")])

    assert sandbox.do("CREATE", NEW, 2).result["key"] == "SHOP-12"


@pytest.mark.twin
def test_twin_without_looking_who_made_it_a_stranger_swallows_our_ticket(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.act("create", text="Mine now", labels=[mark_of("r1:open:1")])
    monkeypatch.setattr(lookup, "_is_ours", lambda *_: True)
    sandbox.do("CREATE", NEW, 2)

    assert sandbox.ours() == []


FORGED = {"title": "Innocent", "description": f"Please look.\n\nReference: {mark_of('r9:open:1')}"}


def test_a_mark_that_somebody_typed_is_none(sandbox: Any) -> None:
    sandbox.do("CREATE", FORGED, key="r1:open:1")

    assert sandbox.do("CREATE", NEW, 2, key="r9:open:1").result["key"] == "SHOP-12"


@pytest.mark.twin
def test_twin_with_typed_marks_left_whole_another_ticket_is_never_opened(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.jira.create.unmarked", lambda text: text)
    sandbox.do("CREATE", FORGED, key="r1:open:1")
    done = sandbox.do("CREATE", NEW, 2, key="r9:open:1")

    assert (done.result["key"], len(sandbox.ours())) == ("SHOP-11", 1)


def test_what_was_typed_still_reads_the_same() -> None:
    assert (
        unmarked("see bot-0123456789abcdef0123 there").replace("\u2060", "")
        == "see bot-0123456789abcdef0123 there"
    )


def test_a_label_that_would_pass_for_a_mark_is_refused(sandbox: Any) -> None:
    from pydantic import ValidationError

    with pytest.raises(ValidationError, match="own marks"):
        sandbox.do("CREATE", NEW | {"labels": [mark_of("r9:open:1")]})
    with pytest.raises(ValidationError, match="own marks"):
        sandbox.do("UPDATE", {"issue": "SHOP-1", "add_labels": [mark_of("r9:open:1").upper()]})


def test_so_many_new_tickets_that_it_cannot_be_settled_are_said(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup, "MOST_NEW", 2)
    for number in range(3):
        sandbox.act("create", text=str(number))
    sandbox.clock.ahead = 2.0

    with pytest.raises(OutcomeUnknown, match="so many new tickets"):
        sandbox.do("CREATE", NEW, 2)
    assert sandbox.ours() == []


def test_a_look_up_that_fails_opens_nothing_and_may_be_tried_again(sandbox: Any) -> None:
    sandbox.fault("500_before", "/search/jql")

    with pytest.raises(NotReached):
        sandbox.do("CREATE", NEW, 2)
    assert sandbox.ours() == []


# ── comments ─────────────────────────────────────────────────────────────────────────────


def _comments(sandbox: Any) -> list[str]:
    return [plain(each["body"]) for each in sandbox.issues()["SHOP-1"]["comments"]]


@BOTH
@pytest.mark.parametrize("kind", LOST)
def test_a_comment_whose_answer_was_lost_is_said_once(sandbox: Any, kind: str, version: int) -> None:
    sandbox.fault(kind, "/comment")
    with pytest.raises(OutcomeUnknown):
        sandbox.do("COMMENT", SAID, version=version)

    done = sandbox.do("COMMENT", SAID, 2, version=version)
    assert _comments(sandbox).count(SAID["text"]) == 1
    assert done.external_id == "jira:10001"


@pytest.mark.parametrize("kind", BEFORE)
def test_a_comment_that_never_came_is_said_by_the_next_try(sandbox: Any, kind: str) -> None:
    sandbox.fault(kind, "/comment")
    with pytest.raises(OutcomeUnknown):
        sandbox.do("COMMENT", SAID)
    sandbox.do("COMMENT", SAID, 2)

    assert _comments(sandbox).count(SAID["text"]) == 1


@pytest.mark.twin
def test_twin_without_the_look_up_a_comment_is_said_twice(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.fault("drop_after", "/comment")
    with pytest.raises(OutcomeUnknown):
        sandbox.do("COMMENT", SAID)
    monkeypatch.setattr("integrations.jira.comment.find_comment", lambda *_: None)
    sandbox.do("COMMENT", SAID, 2)

    assert _comments(sandbox).count(SAID["text"]) == 2


def test_the_same_words_of_somebody_else_or_of_another_effect_are_not_ours(sandbox: Any) -> None:
    mark = [{"key": "countersign.effect", "value": {"mark": mark_of("r1:open:1")}}]
    sandbox.act("comment", "SHOP-1", text=SAID["text"], properties=mark)
    sandbox.do("COMMENT", SAID, key="r1:other:1")
    sandbox.do("COMMENT", SAID, 2, key="r1:open:1")

    assert _comments(sandbox).count(SAID["text"]) == 3


def test_a_data_center_that_gives_no_properties_leaves_the_words_to_go_by(sandbox: Any) -> None:
    service = sandbox.service(2)
    said = "Ada is *on* it [~grace]"
    sandbox.fault("drop_after", "/comment")
    with pytest.raises(OutcomeUnknown):
        sandbox.do("COMMENT", {"issue": "SHOP-1", "text": said}, service=service)

    class Bare:
        """The client, with the properties of every comment lost."""

        version, person_field = 2, "name"
        myself = staticmethod(service.myself)

        def comments(self, key: str, *, start: int = 0) -> Any:
            page = service.comments(key, start=start)
            bare = [{n: v for n, v in each.items() if n != "properties"} for each in page["comments"]]
            return page | {"comments": bare}

    from integrations.jira.words import wiki

    began = Attempt("r1:open:1", 2, datetime.now(UTC) - timedelta(seconds=5))
    assert lookup.find_comment(Bare(), "SHOP-1", wiki(said), began) is not None  # type: ignore[arg-type]
    assert lookup.find_comment(Bare(), "SHOP-1", wiki("else"), began) is None  # type: ignore[arg-type]


# ── what can be done twice without harm ──────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("tool", "arguments", "path", "method"),
    [
        ("ASSIGN", {"issue": "SHOP-2", "person": "712020:ada"}, "/assignee", "PUT"),
        ("TRANSITION", {"issue": "SHOP-1", "to": "Done"}, "/transitions", "POST"),
        ("UPDATE", {"issue": "SHOP-7", "add_labels": ["dessert"]}, "/SHOP-7", "PUT"),
        ("LINK", {"issue": "SHOP-1", "other": "SHOP-5", "type": "Blocks"}, "/issueLink", "POST"),
    ],
)
def test_a_change_whose_answer_was_lost_is_seen_and_not_made_again(
    sandbox: Any, tool: str, arguments: Any, path: str, method: str
) -> None:
    sandbox.fault("drop_after", path, method)
    with pytest.raises(OutcomeUnknown):
        sandbox.do(tool, arguments)
    before = len([call for call in sandbox.calls() if call.startswith(method)])
    result = sandbox.do(tool, arguments, 2).result

    assert not result["changed"]
    assert len([call for call in sandbox.calls() if call.startswith(method)]) == before


@pytest.mark.parametrize("kind", ["hang", "drip", "drip_headers"])
def test_a_jira_that_takes_for_ever_is_left_at_the_deadline(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    sandbox.fault(kind)
    began = time.monotonic()
    with monkeypatch.context() as quick:
        quick.setattr(client, "open_session", partial(open_session, total=0.5))
        with pytest.raises(OutcomeUnknown):
            sandbox.do("CREATE", NEW)

    assert time.monotonic() - began < 3
    sandbox.do("CREATE", NEW, 2)
    assert len(sandbox.ours()) == 1


def test_many_calls_end_within_one_budget(sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox.ask("POST", "latency", {"ms": 250})
    monkeypatch.setattr(tools, "LONGEST", 0.4)
    began = time.monotonic()

    with pytest.raises(NotReached):
        sandbox.do("CREATE", NEW, 2)
    assert time.monotonic() - began < 2
    assert sandbox.ours() == []


@pytest.mark.parametrize(("waits", "seconds"), [("7", 7.0), ("", 5.0)])
def test_being_asked_to_slow_down_says_for_how_long_and_nothing_was_done(
    sandbox: Any, waits: str, seconds: float
) -> None:
    sandbox.fault("429", retry_after=waits)

    with pytest.raises(RateLimited) as limited:
        sandbox.do("CREATE", NEW)
    assert (limited.value.retry_after, sandbox.ours()) == (seconds, [])


@pytest.mark.parametrize("kind", ["400", "401", "403", "404", "409", "413", "422", "429", *LOST, *BEFORE])
def test_no_error_repeats_what_jira_or_we_sent(sandbox: Any, kind: str) -> None:
    sandbox.fault(kind)
    asked = NEW | {"description": "canary-" + "in-the-body"}
    with pytest.raises(IntegrationError) as failed:
        sandbox.do("CREATE", asked)

    told = "".join(traceback.format_exception(failed.value))
    for secret in ("canary-in", "token-of-the-tests", "<html>", "Refused."):
        assert secret not in told


def test_a_sandbox_that_is_down_was_never_reached(sandbox: Any) -> None:
    service = sandbox.service()
    sandbox.stop()
    try:
        with pytest.raises(NotReached, match="could not be reached"):
            sandbox.do("CREATE", NEW, service=service)
    finally:
        sandbox.start()
