"""A webhook told in full: who, which page, what they said; and whatever cannot be read is left out."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.notion.telling import tell
from integrations.notion.webhook import verify

SECRET = "secret_of_the_tests"


def _told(sandbox: Any, type: str) -> dict[str, Any]:
    got = sandbox.received.wait_for(lambda bodies: any(type.encode() in body for body, _ in bodies))
    events = [verify(headers, body, SECRET, sandbox.clock()) for body, headers in got]
    return next(each for each in events if each["type"] == type)


def test_a_comment_is_told_with_its_author_its_page_and_its_words(sandbox: Any) -> None:
    sandbox.act("comment", page="Roadmap for the winter", who="grace", text="Gift cards first, please")

    happened = tell(sandbox.service(), _told(sandbox, "comment.created"))

    assert happened is not None
    assert happened.sentence == "Grace Kim commented on the page “Roadmap for the winter” in Notion."
    assert happened.text == "Gift cards first, please"
    assert happened.url.startswith(sandbox.base)


def test_a_page_in_the_trash_is_told_by_its_name(sandbox: Any) -> None:
    sandbox.act("trash", page="Roadmap for the winter", who="omar")

    happened = tell(sandbox.service(), _told(sandbox, "page.deleted"))

    assert happened is not None
    assert happened.sentence == "Omar Haddad put the page “Roadmap for the winter” into Notion's trash."


def test_without_the_right_to_read_people_somebody_did_it(sandbox: Any) -> None:
    sandbox.act("comment", page="Roadmap for the winter", who="grace", text="Hm")
    event = _told(sandbox, "comment.created")
    sandbox.fault("403", f"/users/{event['authors'][0]['id']}", "GET")

    happened = tell(sandbox.service(), event)

    assert happened is not None
    assert happened.sentence == "Somebody commented on the page “Roadmap for the winter” in Notion."


@pytest.mark.parametrize("kind", ["404", "500_before", "429", "html"])
def test_where_nothing_can_be_read_the_thread_is_told_all_the_same(sandbox: Any, kind: str) -> None:
    sandbox.act("comment", page="Roadmap for the winter", who="grace", text="Hm")
    event = _told(sandbox, "comment.created")
    sandbox.fault(kind, "*", "*", times=9)

    happened = tell(sandbox.service(), event)

    assert happened is not None
    assert happened.sentence == "Somebody commented on the page in Notion."
    assert happened.text == ""


def test_what_nobody_acts_on_is_not_read_again(sandbox: Any) -> None:
    assert tell(sandbox.service(), {"type": "page.created"}) is None
    assert sandbox.sent == []


def test_a_name_with_line_breaks_stays_on_its_line(sandbox: Any) -> None:
    sandbox.act("rename", page="Roadmap for the winter", who="ada", text="Two\nlines")

    happened = tell(sandbox.service(), _told(sandbox, "page.properties_updated"))

    assert happened is not None
    assert "\n" not in happened.sentence
