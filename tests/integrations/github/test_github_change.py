"""github.label, github.assign and github.close: looked at first, so the second time changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.errors import OutcomeUnknown, Refused
from integrations.github import client
from integrations.github.tools import ASSIGN, CLOSE, LABEL

NINE = "/repos/pizzeria/shop/issues/9"


def _issue(sandbox: Any, number: int) -> Any:
    [found] = [
        each
        for each in sandbox.state()["issue"]
        if (each["repo"], each["number"]) == ("pizzeria/shop", number)
    ]
    return found


def test_labels_are_put_on_and_taken_off(sandbox: Any) -> None:
    done = sandbox.do(LABEL, {"number": 9, "add": ["kitchen", "BUG"], "remove": ["Urgent", "menu"]})

    assert done.external_id == "pizzeria/shop#9"
    assert _issue(sandbox, 9)["labels"] == ["bug", "checkout", "kitchen"]
    assert done.result["labels"] == ["bug", "checkout", "kitchen"]
    assert sandbox.calls() == [f"GET {NINE}", f"POST {NINE}/labels", f"DELETE {NINE}/labels/Urgent"]


def test_labels_that_are_there_already_are_not_written_again(sandbox: Any) -> None:
    done = sandbox.do(LABEL, {"number": 9, "add": ["Bug"], "remove": ["menu"]})

    assert sandbox.calls() == [f"GET {NINE}"]
    assert done.result["changed"] is False
    assert done.result["label"] == "pizzeria/shop#9 was so already"


@pytest.mark.parametrize("name", ["a/b", "a b?c#d", "100%", "é", "...", "a;b", "%2e%2e", "\\"])
def test_a_label_with_any_letters_in_it_is_one_part_of_the_address(sandbox: Any, name: str) -> None:
    sandbox.do(LABEL, {"number": 9, "add": [name]})
    assert name in _issue(sandbox, 9)["labels"]

    sandbox.do(LABEL, {"number": 9, "remove": [name]})
    assert name not in _issue(sandbox, 9)["labels"]


@pytest.mark.parametrize("name", [".", ".."])
def test_a_label_that_would_lead_to_another_address_is_left_alone(sandbox: Any, name: str) -> None:
    """`DELETE …/labels/.` is `DELETE …/labels`, which takes all of them off."""
    with pytest.raises(ValueError, match="dots"):
        sandbox.do(LABEL, {"number": 9, "add": ["menu"], "remove": [name]})
    with pytest.raises(Refused, match="dots"):
        sandbox.service().remove_label("pizzeria/shop", 9, name)
    assert sandbox.calls() == []


@pytest.mark.twin
def test_twin_without_the_check_another_address_is_called(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "_DOTS", frozenset())

    sandbox.service().remove_label("pizzeria/shop", 9, ".")

    assert sandbox.calls() == [f"DELETE {NINE}/labels/"]


def test_a_label_that_somebody_else_took_off_meanwhile_is_no_failure(sandbox: Any) -> None:
    sandbox.fault("404", "/labels/urgent", method="DELETE")

    assert "urgent" not in sandbox.do(LABEL, {"number": 9, "remove": ["urgent"]}).result["labels"]


def test_the_next_one_is_assigned_before_the_last_one_is_let_go(sandbox: Any) -> None:
    done = sandbox.do(ASSIGN, {"number": 9, "add": ["grace"], "remove": ["ada", "lin"]})

    assert done.result["assignees"] == ["grace"]
    assert _issue(sandbox, 9)["assignees"] == ["grace"]
    assert sandbox.calls()[1:] == [f"POST {NINE}/assignees", f"DELETE {NINE}/assignees"]


def test_who_is_assigned_already_is_not_notified_again(sandbox: Any) -> None:
    assert sandbox.do(ASSIGN, {"number": 9, "add": ["ADA"]}).result["changed"] is False
    assert sandbox.calls() == [f"GET {NINE}"]


def test_somebody_whom_github_drops_is_said(sandbox: Any) -> None:
    done = sandbox.do(ASSIGN, {"number": 9, "add": ["grace", "a-stranger"]})

    assert done.result["dropped"] == ["a-stranger"]
    assert done.result["label"] == "pizzeria/shop#9 assigned, but GitHub left out “a-stranger”"


def test_where_github_drops_everybody_nothing_was_done_and_that_is_said(sandbox: Any) -> None:
    with pytest.raises(Refused, match="silently left out “a-stranger”") as refused:
        sandbox.do(ASSIGN, {"number": 9, "add": ["a-stranger"]})
    assert refused.value.code == "dropped"


def test_without_the_right_to_label_one_is_told(sandbox: Any) -> None:
    sandbox.ask("POST", "rights", {"push": False})

    with pytest.raises(Refused, match="may not"):
        sandbox.do(LABEL, {"number": 9, "add": ["menu"]})
    with pytest.raises(Refused, match="silently left out “grace”"):
        sandbox.do(ASSIGN, {"number": 9, "add": ["grace"]})


def test_an_issue_is_closed_with_a_reason(sandbox: Any) -> None:
    done = sandbox.do(CLOSE, {"number": 9, "reason": "not_planned"})

    assert (done.result["state"], done.external_id) == ("closed", "pizzeria/shop#9")
    assert _issue(sandbox, 9)["state_reason"] == "not_planned"


def test_what_is_closed_already_is_not_closed_again(sandbox: Any) -> None:
    sandbox.act("close", who="lin", number=9)

    done = sandbox.do(CLOSE, {"number": 9})

    assert sandbox.calls() == [f"GET {NINE}"]
    assert done.result["changed"] is False
    assert "was closed already" in done.result["label"]


def test_a_pull_request_is_closed_like_an_issue(sandbox: Any) -> None:
    assert sandbox.do(CLOSE, {"number": 10}).result["state"] == "closed"


@pytest.mark.parametrize("kind", ["drop_after", "500_after", "html"])
@pytest.mark.parametrize(
    ("tool", "arguments", "path", "method"),
    [
        (CLOSE, {"number": 9}, "/issues/9", "PATCH"),
        (LABEL, {"number": 9, "add": ["menu"]}, "/labels", "POST"),
        (LABEL, {"number": 9, "remove": ["urgent"]}, "/labels/urgent", "DELETE"),
        (ASSIGN, {"number": 9, "add": ["grace"]}, "/assignees", "POST"),
        (ASSIGN, {"number": 9, "remove": ["ada"]}, "/assignees", "DELETE"),
    ],
)
def test_a_change_whose_answer_was_lost_is_seen_by_the_second_try(
    sandbox: Any, kind: str, tool: Any, arguments: Any, path: str, method: str
) -> None:
    sandbox.fault(kind, path, method=method)

    with pytest.raises(OutcomeUnknown):
        sandbox.do(tool, arguments)
    calls = len(sandbox.wire)
    assert sandbox.do(tool, arguments, 2).result["changed"] is False
    assert [each for each in sandbox.calls(calls) if not each.startswith("GET")] == []


@pytest.mark.parametrize("tool", [LABEL, ASSIGN, CLOSE])
def test_an_issue_that_is_not_there_is_told(sandbox: Any, tool: Any) -> None:
    add: dict[str, Any] = {} if tool is CLOSE else {"add": ["x"]}

    with pytest.raises(Refused, match="pizzeria/shop#999") as refused:
        sandbox.do(tool, {"number": 999} | add)
    assert refused.value.code == "missing"


def test_a_deleted_issue_is_told(sandbox: Any) -> None:
    sandbox.act("delete", number=9)

    with pytest.raises(Refused) as refused:
        sandbox.do(CLOSE, {"number": 9})
    assert refused.value.code == "gone"


@pytest.mark.parametrize("tool", [LABEL, ASSIGN])
@pytest.mark.parametrize("arguments", [{}, {"add": ["Ada"], "remove": ["ada"]}])
def test_nothing_and_its_own_opposite_are_not_asked(sandbox: Any, tool: Any, arguments: Any) -> None:
    with pytest.raises(Refused, match="was not asked"):
        sandbox.do(tool, {"number": 9} | arguments)
    assert sandbox.calls() == []
