"""Jira's tools against the stand-in, by the real SDK, on Cloud and on Data Center."""

from __future__ import annotations

from typing import Any

import pytest

BOTH = pytest.mark.parametrize("version", [3, 2])
ADA = {3: "712020:ada", 2: "ada"}
NEW = {"title": "The oven's door sticks", "description": "Since noon.\n\nTwo pizzas burnt."}


@BOTH
def test_a_ticket_is_opened_with_all_that_was_asked_for(sandbox: Any, version: int) -> None:
    asked = NEW | {"type": "Incident", "priority": "High", "labels": ["kitchen"], "assignee": ADA[version]}
    done = sandbox.do("CREATE", asked, version=version)

    result = done.result
    assert result["key"] == "SHOP-11"
    assert result["url"] == f"{sandbox.base}/browse/SHOP-11"
    assert (result["status"], result["assignee"], result["labels"]) == ("To Do", "Ada Reyes", ["kitchen"])
    assert result["missing"] == []
    assert done.external_id == f"jira:{result['id']}"
    kept = sandbox.issues()["SHOP-11"]["fields"]
    assert (kept["issuetype"]["name"], kept["priority"]["name"]) == ("Incident", "High")


@BOTH
def test_opening_a_ticket_takes_one_call_and_one_look_at_what_came_of_it(sandbox: Any, version: int) -> None:
    sandbox.do("CREATE", NEW, version=version)

    assert [call.split("?")[0] for call in sandbox.calls()] == [
        f"POST {version}/issue",
        f"GET {version}/issue/SHOP-11",
    ]


@BOTH
def test_a_person_reads_in_the_ticket_what_was_typed(sandbox: Any, version: int) -> None:
    from integrations.jira.words import plain

    sandbox.do("CREATE", NEW, version=version)

    assert plain(sandbox.issues()["SHOP-11"]["fields"]["description"]) == NEW["description"]


def test_fields_and_mark_go_out_in_one_request(sandbox: Any) -> None:
    """The SDK's own create drops properties that stand beside fields, and says nothing."""
    import json

    from integrations.jira.marks import mark_of

    sandbox.do("CREATE", NEW | {"labels": ["kitchen"]})
    sent = json.loads(next(each["body"] for each in sandbox.wire if each["title"].startswith("POST")))

    assert sent["fields"]["labels"] == ["kitchen", mark_of("r1:open:1")]
    assert sent["properties"] == [{"key": "countersign.effect", "value": {"mark": mark_of("r1:open:1")}}]
    assert (sent["fields"]["project"], sent["fields"]["issuetype"]) == ({"key": "SHOP"}, {"name": "Task"})


@BOTH
def test_a_search_is_one_call_for_each_page(sandbox: Any, version: int) -> None:
    sandbox.do("SEARCH", {"text": "tiramisu"}, version=version)

    assert sandbox.calls() == [f"POST {version}/search" + ("/jql" if version == 3 else "")]


def test_a_ticket_goes_where_it_is_asked_to_or_where_the_setting_says(sandbox: Any) -> None:
    there = sandbox.do("CREATE", NEW | {"project": "ops"}, key="r1:a:1")
    here = sandbox.do("CREATE", NEW, key="r1:b:1")

    assert (there.result["key"], here.result["key"]) == ("OPS-3", "SHOP-11")


@pytest.mark.parametrize("field", ["labels", "priority", "assignee"])
def test_what_the_project_does_not_take_is_left_out_and_said(sandbox: Any, field: str) -> None:
    sandbox.ask("POST", "rights", {"off_screen": [field]})
    asked = NEW | {"labels": ["kitchen"], "priority": "High", "assignee": ADA[3]}
    result = sandbox.do("CREATE", asked).result

    assert result["key"] == "SHOP-11"
    assert result["missing"] == [f"the {field}"]


def test_a_project_without_labels_has_the_mark_in_the_last_line_of_the_description(sandbox: Any) -> None:
    from integrations.jira.marks import mark_of
    from integrations.jira.words import plain

    sandbox.ask("POST", "rights", {"off_screen": ["labels"]})
    sandbox.do("CREATE", NEW)

    lines = plain(sandbox.issues()["SHOP-11"]["fields"]["description"]).splitlines()
    assert lines[-1] == f"Reference: {mark_of('r1:open:1')}"


def test_someone_who_cannot_be_assigned_is_said_and_the_ticket_is_there(sandbox: Any) -> None:
    result = sandbox.do("CREATE", NEW | {"assignee": "712020:old"}).result

    assert (result["key"], result["assignee"], result["missing"]) == ("SHOP-11", "", ["the assignee"])


def test_a_look_that_fails_after_the_ticket_is_there_does_not_make_it_a_failure(sandbox: Any) -> None:
    sandbox.fault("500_before", "/SHOP-11", "GET")
    result = sandbox.do("CREATE", NEW).result

    assert result["key"] == "SHOP-11"
    assert result["missing"] == ["what it took of the rest, I could not see"]
    assert sandbox.ours() == ["SHOP-11"]


@BOTH
def test_a_ticket_is_changed_where_it_differs(sandbox: Any, version: int) -> None:
    asked = {
        "issue": "SHOP-7",
        "title": "Tiramisu alone",
        "add_labels": ["dessert"],
        "remove_labels": ["checkout"],
    }
    result = sandbox.do(
        "UPDATE", asked | {"priority": "High", "description": "New *words*."}, version=version
    ).result

    assert (result["title"], result["labels"], result["missing"]) == ("Tiramisu alone", ["dessert"], [])
    assert result["changed"]
    kept = sandbox.issues()["SHOP-7"]["fields"]
    assert (kept["summary"], kept["priority"]["name"]) == ("Tiramisu alone", "High")


@BOTH
def test_a_change_that_is_there_already_writes_nothing(sandbox: Any, version: int) -> None:
    asked = {
        "issue": "shop-1",
        "priority": "high",
        "add_labels": ["coupon"],
        "remove_labels": ["never"],
    }
    result = sandbox.do("UPDATE", asked, version=version).result

    assert not result["changed"]
    assert not [call for call in sandbox.calls() if call.startswith("PUT")]


@BOTH
def test_a_ticket_is_assigned_and_taken_back(sandbox: Any, version: int) -> None:
    given = sandbox.do("ASSIGN", {"issue": "SHOP-2", "person": ADA[version]}, version=version).result
    again = sandbox.do("ASSIGN", {"issue": "SHOP-2", "person": ADA[version]}, version=version).result
    taken = sandbox.do("ASSIGN", {"issue": "SHOP-2", "person": ""}, version=version).result

    assert (given["assignee"], again["changed"], taken["assignee"]) == ("Ada Reyes", False, "")
    assert len([call for call in sandbox.calls() if call.startswith("PUT")]) == 2


@BOTH
def test_a_ticket_is_moved_by_the_name_of_the_status_and_stays_if_it_is_there(
    sandbox: Any, version: int
) -> None:
    moved = sandbox.do("TRANSITION", {"issue": "SHOP-1", "to": "done"}, version=version).result
    again = sandbox.do("TRANSITION", {"issue": "SHOP-1", "to": "Done"}, version=version).result

    assert (moved["status"], moved["changed"], again["changed"]) == ("Done", True, False)
    assert len([call for call in sandbox.calls() if call.startswith("POST")]) == 1


@BOTH
def test_tickets_are_linked_once_and_in_the_right_direction(sandbox: Any, version: int) -> None:
    asked = {"issue": "SHOP-1", "other": "SHOP-5", "type": "Blocks"}
    first = sandbox.do("LINK", asked, version=version).result
    second = sandbox.do("LINK", asked, version=version).result
    back = sandbox.do(
        "LINK", {"issue": "SHOP-5", "other": "SHOP-1", "type": "Blocks"}, version=version
    ).result

    assert (first["changed"], second["changed"], back["changed"]) == (True, False, True)
    links = sandbox.issues()["SHOP-1"]["fields"]["issuelinks"]
    assert [("outwardIssue" in each) for each in links] == [True, False]


def test_a_link_without_direction_is_there_from_both_ends(sandbox: Any) -> None:
    sandbox.do("LINK", {"issue": "SHOP-1", "other": "SHOP-5"})

    assert not sandbox.do("LINK", {"issue": "SHOP-5", "other": "SHOP-1"}).result["changed"]


@BOTH
def test_a_comment_is_said_once_and_names_where_it_stands(sandbox: Any, version: int) -> None:
    done = sandbox.do("COMMENT", {"issue": "SHOP-1", "text": "Ada is on it."}, version=version)

    assert done.external_id == "jira:10001"
    assert done.result["url"].endswith(f"/browse/SHOP-1?focusedCommentId={done.result['id']}")
    assert len(sandbox.issues()["SHOP-1"]["comments"]) == 3


@BOTH
def test_everybody_who_fits_is_found_and_never_just_the_first(sandbox: Any, version: int) -> None:
    result = sandbox.do("FIND_PERSON", {"query": "kim"}, version=version).result
    names = [each["name"] for each in result["people"]]

    assert "Grace Kim" in names
    assert "Lena Kimura" in names
    assert "Kim Olsen" not in names, "the account is closed"


def test_an_account_of_a_program_is_nobody_to_assign_to(sandbox: Any) -> None:
    assert sandbox.do("FIND_PERSON", {"query": "kitchen"}).result["people"] == []


def test_an_address_that_is_hidden_is_simply_empty(sandbox: Any) -> None:
    [omar] = sandbox.do("FIND_PERSON", {"query": "omar"}).result["people"]

    assert omar == {"id": "712020:omar", "name": "Omar Haddad", "email": ""}


@BOTH
def test_tickets_are_found_by_words_labels_and_status(sandbox: Any, version: int) -> None:
    def keys(**asked: Any) -> list[str]:
        return [each["key"] for each in sandbox.do("SEARCH", asked, version=version).result["tickets"]]

    assert keys(labels=["checkout"], jql="ORDER BY key ASC") == ["SHOP-1", "SHOP-2", "SHOP-7"]
    assert keys(text="tiramisu") == ["SHOP-7"]
    assert keys(statuses=["Done"], jql="order by key") == ["SHOP-3", "SHOP-8"]
    assert keys(project="OPS", open_only=True, updated_days=2) == ["OPS-1"]
    assert keys(jql="assignee is empty AND priority = Low") == ["SHOP-7"]


@BOTH
def test_a_found_ticket_is_told_as_plain_data(sandbox: Any, version: int) -> None:
    [found] = sandbox.do("SEARCH", {"text": "apostrophe"}, version=version).result["tickets"]

    assert found["text"] == "O'Brien Street prints as O&#39;Brien Street."
    assert (found["key"], found["status"], found["done"], found["assignee"]) == (
        "SHOP-9",
        "Blocked",
        False,
        "Ada Reyes",
    )
    assert found["url"] == f"{sandbox.base}/browse/SHOP-9"


@BOTH
def test_all_pages_are_read_and_progress_is_told(
    sandbox: Any, version: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from integrations.base import Attempt
    from integrations.jira import pages, tools

    monkeypatch.setattr(pages, "PAGE", 4)
    told: list[str] = []
    attempt = Attempt("k", 1, began=sandbox_time(), progress=told.append)
    result = tools.SEARCH.perform(sandbox.service(version), {"limit": 50}, attempt).result

    assert len(result["tickets"]) == 10
    assert not result["more"]
    assert told == ["4 tickets from Jira so far", "8 tickets from Jira so far", "10 tickets from Jira so far"]


@BOTH
def test_a_limit_is_kept_and_it_is_said_that_there_are_more(sandbox: Any, version: int) -> None:
    result = sandbox.do("SEARCH", {"limit": 3}, version=version).result

    assert (len(result["tickets"]), result["more"]) == (3, True)


@BOTH
def test_who_we_are_and_what_we_may_not_do(sandbox: Any, version: int) -> None:
    from integrations.jira.tools import JIRA

    assert JIRA.whoami is not None
    us = JIRA.whoami(sandbox.service(version))
    sandbox.ask("POST", "rights", {"denied": ["ASSIGN_ISSUES", "LINK_ISSUES"]})
    less = JIRA.whoami(sandbox.service(version))
    nowhere = JIRA.whoami(sandbox.service(version, JIRA_PROJECT="NOPE"))

    assert (us.id, us.name, us.missing) == (
        {3: "712020:countersign", 2: "countersign"}[version],
        "Countersign",
        (),
    )
    assert less.missing == ("may not assign tickets", "may not link tickets")
    assert nowhere.missing == ("there is no project of the name in JIRA_PROJECT that I may see",)


def sandbox_time() -> Any:
    from datetime import UTC, datetime

    return datetime.now(UTC)


def test_what_puts_words_into_a_ticket_says_that_it_carries_data_out() -> None:
    from integrations.jira.tools import JIRA

    assert {tool.name for tool in JIRA.tools if tool.egress} == {
        "jira.create_issue",
        "jira.update_issue",
        "jira.comment",
    }
