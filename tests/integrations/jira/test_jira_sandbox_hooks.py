"""What the stand-in of Jira tells by itself: signed, tried again, and read as the bot reads it."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.jira.find import whoami
from integrations.jira.webhook import read, verify


def _heard(sandbox: Any, many: int) -> list[Any]:
    """What the bot makes of what it got, through its own check of the signature."""
    secret = "hook_of_the_tests"
    calls = sandbox.received.wait_for(many)
    return [read(verify(headers, body, secret, sandbox.clock())) for body, headers in calls]


@pytest.mark.parametrize(
    ("act", "kind", "sentence"),
    [
        ({"what": "close", "issue": "SHOP-1"}, "closed", "SHOP-1 was closed as Done by Omar Haddad."),
        (
            {"what": "move", "issue": "SHOP-1", "to": "In Review"},
            "moved",
            "SHOP-1 was moved to In Review by Omar Haddad.",
        ),
        (
            {"what": "assign", "issue": "SHOP-2", "to": "712020:grace"},
            "assigned",
            "SHOP-2 was assigned to Grace Kim by Omar Haddad.",
        ),
        (
            {"what": "comment", "issue": "SHOP-1", "text": "Done *now*"},
            "commented",
            "SHOP-1 has a comment by Omar Haddad.",
        ),
        (
            {"what": "priority", "issue": "SHOP-7", "to": "High"},
            "prioritized",
            "SHOP-7 was given the priority High by Omar Haddad.",
        ),
        ({"what": "delete", "issue": "SHOP-7"}, "deleted", "SHOP-7 was deleted by Omar Haddad."),
        (
            {"what": "move", "issue": "SHOP-3", "to": "To Do", "by": "712020:ada"},
            "reopened",
            "SHOP-3 was reopened and moved to To Do by Ada Reyes.",
        ),
    ],
)
def test_what_somebody_else_does_is_told_signed(sandbox: Any, act: Any, kind: str, sentence: str) -> None:
    sandbox.ask("POST", "act", act)
    [happened] = _heard(sandbox, 1)

    assert (happened.kind, happened.sentence) == (kind, sentence)
    assert happened.url.startswith(f"{sandbox.base}/browse/SHOP-")
    assert happened.external_id.startswith("jira:1000")
    assert happened.actor == act.get("by", "712020:omar")


def test_what_we_do_is_told_too_and_names_us(sandbox: Any) -> None:
    done = sandbox.do("COMMENT", {"issue": "SHOP-1", "text": "We are on it."})
    [happened] = _heard(sandbox, 1)

    assert happened.actor == whoami(sandbox.service()).id
    assert happened.external_id == done.external_id


def test_a_data_center_names_people_as_its_client_knows_them(sandbox: Any) -> None:
    us = whoami(sandbox.service(2))
    sandbox.do("COMMENT", {"issue": "SHOP-1", "text": "We are on it."}, version=2)
    [happened] = _heard(sandbox, 1)

    assert happened.actor == us.id == "countersign"


def test_a_delivery_is_tried_again_as_jira_does(sandbox: Any) -> None:
    sandbox.received.answers[:] = [503]
    sandbox.act("close", "SHOP-1")
    first, second = sandbox.received.wait_for(2)

    assert first[0] == second[0]
    assert first[1]["X-Atlassian-Webhook-Identifier"] == second[1]["X-Atlassian-Webhook-Identifier"]
    assert second[1]["X-Atlassian-Webhook-Retry"] == "1"


def test_a_delivery_that_is_answered_with_a_no_is_not_tried_again(sandbox: Any) -> None:
    sandbox.received.answers[:] = [401]
    sandbox.act("close", "SHOP-1")
    sandbox.received.wait_for(1)
    sandbox.act("close", "SHOP-4")
    sandbox.received.wait_for(2)

    states = [(each["state"], each["attempts"]) for each in sandbox.ask("GET", "webhooks")]
    assert states[0] == ("given up", 1)


def test_a_delivery_that_waited_through_a_restart_is_made(sandbox: Any) -> None:
    sandbox.ask("POST", "webhooks", {"paused": True})
    sandbox.act("close", "SHOP-1")
    assert sandbox.received.got == []
    sandbox.stop()
    sandbox.start()

    sandbox.received.wait_for(1)


def test_deliveries_can_be_made_to_come_twice_with_one_key(sandbox: Any) -> None:
    sandbox.ask("POST", "webhooks", {"duplicates": 2})
    sandbox.act("close", "SHOP-1")

    assert len({happened.key for happened in _heard(sandbox, 3)}) == 1
