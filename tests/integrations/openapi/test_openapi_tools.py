"""An operation as a tool: what it sends, what it says about itself, and what becomes of every answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from integrations.base import Reversibility, Risk
from integrations.errors import (
    IntegrationError,
    NotConfigured,
    NotReached,
    RateLimited,
    Refused,
)
from integrations.openapi import client
from integrations.openapi.errors import NobodyKnows

from .conftest import KENNEL, Kennel, Stand

Make = Callable[..., Kennel]
DOG = {"body": {"name": "Rex"}}


# ── what is sent ─────────────────────────────────────────────────────────────────────────


def test_a_read_carries_its_arguments_in_the_address_and_the_header(kennel: Make, stand: Stand) -> None:
    kennel(TOKEN="t0ken").call("dogs_list", {"size": 2, "tag": ["big & old", "a/b"], "X-Trace": "abc"})

    (seen,) = stand.seen
    assert seen.method == "GET"
    assert seen.target == "/v1/dogs?size=2&tag=big%20%26%20old&tag=a%2Fb"
    assert seen.headers["X-Trace"] == "abc"
    assert seen.headers["Authorization"] == "Bearer t0ken"
    assert seen.headers["Accept"] == "application/json"
    assert seen.headers["Accept-Encoding"] == "identity"


def test_a_write_carries_its_body_as_json(kennel: Make, stand: Stand) -> None:
    stand.say(201, {"id": 12, "name": "Rex"})
    done = kennel().call("dogs_create", {"body": {"name": "Réx", "owner": None}})

    (seen,) = stand.seen
    assert (seen.method, seen.target) == ("POST", "/v1/dogs")
    assert json.loads(seen.body) == {"name": "Réx", "owner": None}
    assert seen.headers["Content-Type"] == "application/json"
    assert "Authorization" not in seen.headers
    assert done.result == {"status": 201, "body": {"id": 12, "name": "Rex"}}
    assert done.external_id == "12"


def test_a_decimal_is_a_number_in_the_body_and_on_the_card(kennel: Make, stand: Stand) -> None:
    document = json.loads(json.dumps(KENNEL))
    document["components"]["schemas"]["Dog"]["properties"]["fee"] = {"type": "number"}
    made = kennel(document=document)
    made.call("dogs_create", {"body": {"name": "Rex", "fee": "19.99"}})
    describe = made.tool("dogs_create").describe
    assert describe is not None

    assert stand.seen[0].body == b'{"name":"Rex","fee":19.99}'
    assert dict(describe({"body": {"name": "Rex", "fee": "19.99"}}))["body.fee"] == "19.99"


def test_an_answer_without_a_body_is_one_too(kennel: Make, stand: Stand) -> None:
    stand.say(204, b"")

    assert kennel().call("dogs_delete", {"id": "a b"}).result == {"status": 204, "body": None}
    assert stand.seen[0].target == "/v1/dogs/a%20b"


@pytest.mark.parametrize(
    ("settings", "header", "value"),
    [
        ({"TOKEN": "k", "HEADER": "X-API-Key"}, "X-API-Key", "k"),
        ({"TOKEN": "k", "HEADER": "Authorization: token"}, "Authorization", "token k"),
        ({"TOKEN": "k"}, "Authorization", "Bearer k"),
    ],
)
def test_credentials_go_where_the_settings_say(
    kennel: Make, stand: Stand, settings: dict[str, str], header: str, value: str
) -> None:
    kennel(**settings).call("dogs_get", {"id": "1"})

    assert stand.seen[0].headers[header] == value


def test_a_key_can_go_into_the_address_and_nobody_can_give_another(kennel: Make, stand: Stand) -> None:
    made = kennel(TOKEN="k&y", QUERY="size")
    made.call("dogs_list", {"tag": ["x"]})

    assert stand.seen[0].target == "/v1/dogs?tag=x&size=k%26y"
    with pytest.raises(ValidationError, match="size is not known"):
        made.call("dogs_list", {"size": 3})


def test_a_header_that_carries_our_credentials_is_no_argument(kennel: Make) -> None:
    made = kennel(TOKEN="k", HEADER="X-Trace")

    with pytest.raises(ValidationError, match="X-Trace is not known"):
        made.tool("dogs_list").arguments.model_validate({"X-Trace": "mine"})


# ── what it says about itself ────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "risk", "reversibility"),
    [
        ("dogs_list", Risk.READ, Reversibility.READ_ONLY),
        ("dogs_create", Risk.WRITE, Reversibility.IRREVERSIBLE),
        ("dogs_delete", Risk.DESTRUCTIVE, Reversibility.IRREVERSIBLE),
        ("dogs_search", Risk.WRITE, Reversibility.IRREVERSIBLE),
    ],
)
def test_its_risk_is_that_of_its_method(
    kennel: Make, name: str, risk: Risk, reversibility: Reversibility
) -> None:
    tool = kennel().tool(name)

    assert (tool.risk, tool.reversibility) == (risk, reversibility)


def test_a_post_that_only_reads_is_named_in_the_settings(kennel: Make) -> None:
    made = kennel(READS="dogs_search")

    assert made.tool("dogs_search").risk is Risk.READ
    assert made.tool("dogs_create").risk is Risk.WRITE


def test_every_value_that_will_be_sent_stands_on_the_card(kennel: Make) -> None:
    describe = kennel().tool("dogs_search").describe
    assert describe is not None
    body = {
        "name": "Rex",
        "n": 3,
        "true": "true",
        "none": None,
        "no": "",
        "list": ["a", {"b": []}],
        "x.y": "z",
    }
    facts = dict(describe({"body": body}))

    assert facts == {
        "Calls": facts["Calls"],
        "body.name": "Rex",
        "body.n": "3",
        "body.true": '"true"',
        "body.none": "null",
        "body.no": '""',
        "body.list[1]": "a",
        "body.list[2].b": "[]",
        'body."x.y"': "z",
    }
    assert facts["Calls"].startswith("POST /v1/dogs/search at 127.0.0.1:")


def test_a_summary_cannot_turn_the_card_around(kennel: Make) -> None:
    document = json.loads(json.dumps(KENNEL))
    document["paths"]["/dogs"]["post"]["summary"] = "Harmless \u202egnihton\x00\n" + "x" * 500

    summary = kennel(document=document).tool("dogs_create").summary
    assert summary.startswith("Harmless gnihton x")
    assert len(summary) <= 80


def test_arguments_read_as_the_plain_ones_and_tell_their_schema(kennel: Make) -> None:
    arguments = kennel().tool("dogs_create").arguments

    given = arguments.model_validate(DOG)
    assert given.model_dump(mode="json") == DOG
    assert arguments.model_validate(given) is given
    assert arguments.model_json_schema()["required"] == ["body"]


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"body": {}},
        {"body": {"name": "x", "zz": 1}},
        {"body": {"name": 3}},
        {"body": {"name": "x"}, "q": 1},
        [],
    ],
)
def test_arguments_that_do_not_fit_are_refused_before_anything_is_sent(
    kennel: Make, stand: Stand, arguments: Any
) -> None:
    with pytest.raises(ValidationError):
        kennel().call("dogs_create", arguments or {"x": 1})
    assert stand.seen == []


@pytest.mark.twin
def test_twin_without_the_check_whatever_was_given_is_sent(
    kennel: Make, stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.openapi.checking.Checker.problems", lambda self, given: ())
    kennel().call("dogs_create", {"body": {"admin": True}})

    assert json.loads(stand.seen[0].body) == {"admin": True}


def test_a_refusal_of_arguments_does_not_repeat_them(kennel: Make) -> None:
    with pytest.raises(ValidationError) as caught:
        kennel().tool("dogs_create").arguments.model_validate({"body": {"name": "s3cret" * 30}})
    assert "s3cret" not in str(caught.value)


def test_what_takes_or_gives_no_json_is_no_tool(kennel: Make) -> None:
    with pytest.raises(KeyError):
        kennel().tool("dogs_picture")
    with pytest.raises(NotConfigured, match="image/png, and only JSON is sent"):
        kennel(TOOLS="dogs_picture").tool("dogs_get")


def test_the_tools_of_a_document_are_those_that_somebody_named(kennel: Make) -> None:
    made = kennel(TOOLS="dogs_l*,dogs_get")
    assert [tool.name for tool in made.catalogue.named()] == ["kennel.dogs_list", "kennel.dogs_get"]

    made.tool("dogs_create")
    assert "kennel.dogs_create" in [tool.name for tool in made.catalogue.named()]


def test_its_version_changes_with_what_a_call_would_do(kennel: Make) -> None:
    before = kennel().tool("dogs_create").version
    document = json.loads(json.dumps(KENNEL))
    document["paths"]["/cats"] = {"post": document["paths"]["/dogs"].pop("post")}

    assert kennel().tool("dogs_create").version == before
    assert kennel(document=document).tool("dogs_create").version != before
    assert kennel(SERVER="http://127.0.0.1:1/v1").tool("dogs_create").version != before


# ── what becomes of every answer ─────────────────────────────────────────────────────────

READ, WRITE = ("dogs_get", {"id": "1"}), ("dogs_create", DOG)


@pytest.mark.parametrize(
    ("status", "headers", "of_read", "of_write", "code"),
    [
        (400, {}, Refused, Refused, "invalid"),
        (401, {}, NotConfigured, NotConfigured, "not_configured"),
        (403, {}, NotConfigured, NotConfigured, "not_configured"),
        (404, {}, Refused, Refused, "missing"),
        (409, {}, Refused, Refused, "conflict"),
        (412, {}, Refused, Refused, "conflict"),
        (413, {}, Refused, Refused, "too_large"),
        (415, {}, Refused, Refused, "refused"),
        (422, {}, Refused, Refused, "invalid"),
        (429, {}, RateLimited, RateLimited, "rate_limited"),
        (429, {"Retry_After": "7"}, RateLimited, RateLimited, "rate_limited"),
        (302, {"Location": "/v1/dogs/2"}, Refused, NobodyKnows, ""),
        (307, {"Location": "/v1/dogs/2"}, Refused, NobodyKnows, ""),
        (500, {}, NotReached, NobodyKnows, ""),
        (502, {"Content_Type": "text/html"}, NotReached, NobodyKnows, ""),
        (503, {"Retry_After": "9"}, RateLimited, NobodyKnows, ""),
        (0, {}, NotReached, NobodyKnows, ""),
    ],
)
def test_a_no_is_said_as_what_it_is(
    kennel: Make,
    stand: Stand,
    status: int,
    headers: dict[str, str],
    of_read: type[IntegrationError],
    of_write: type[IntegrationError],
    code: str,
) -> None:
    made = kennel(TOKEN="s3cret")
    for (name, arguments), expected in ((READ, of_read), (WRITE, of_write)):
        stand.say(status, {"message": "their own words"}, **headers)
        with pytest.raises(IntegrationError) as caught:
            made.call(name, arguments)
        assert type(caught.value) is expected
        assert caught.value.code == (code or caught.value.code)
        for private in ("their own words", "s3cret", "Rex"):
            assert private not in str(caught.value)
    assert len(stand.seen) == 2


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b'{"id": ', "application/json"),
        (b"<html>login</html>", "text/html"),
        (b"", "application/json"),
        (b'{"id": 1}', "text/plain"),
        (b'{"id": "\\ud800"}', "application/json"),
    ],
)
def test_an_answer_that_cannot_be_read_leaves_a_write_in_doubt(
    kennel: Make, stand: Stand, content: bytes, kind: str
) -> None:
    stand.say(201, content, Content_Type=kind)
    with pytest.raises(NobodyKnows):
        kennel().call(*WRITE)
    stand.say(200, content, Content_Type=kind)
    with pytest.raises(NotReached):
        kennel().call(*READ)


def test_a_wait_that_the_service_names_is_kept(kennel: Make, stand: Stand) -> None:
    for given, waited in (("7", 7.0), ("999999", 3600.0), ("Wed, 21 Oct", 5.0), ("", 5.0), ("0", 0.5)):
        stand.say(429, None, Retry_After=given)
        with pytest.raises(RateLimited) as caught:
            kennel().call(*READ)
        assert caught.value.retry_after == waited


def test_more_than_a_run_can_keep_is_refused_of_a_read_and_left_out_of_a_write(
    kennel: Make, stand: Stand
) -> None:
    much = ["x" * 100] * (client.LARGEST_RESULT // 100)
    stand.say(200, much)
    with pytest.raises(Refused, match="ask for less"):
        kennel().call(*READ)

    stand.say(201, much)
    assert kennel().call(*WRITE).result == {"status": 201, "body": None}


def test_a_text_with_a_nul_in_it_can_be_stored(kennel: Make, stand: Stand) -> None:
    stand.say(200, {"a\x00": ["b\x00c", 1]})

    assert kennel().call(*READ).result["body"] == {"a": ["bc", 1]}


def test_a_service_that_is_not_there_was_asked_nothing(kennel: Make) -> None:
    for name, arguments in (READ, WRITE):
        with pytest.raises(NotReached, match="could not be reached"):
            kennel(SERVER="http://127.0.0.1:9/v1").call(name, arguments)
