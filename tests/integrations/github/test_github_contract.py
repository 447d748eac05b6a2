"""Every request that we send, and every answer of our sandbox, held against GitHub's own description."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from integrations.errors import IntegrationError
from integrations.github import access
from integrations.github.tools import ASSIGN, CLOSE, COMMENT, CREATE_ISSUE, LABEL, SEARCH
from integrations.github.whoami import whoami

DOCUMENT = json.loads((Path(__file__).parent / "github_openapi.json").read_text())
REGISTRY: Any = Registry().with_resource("urn:github", Resource.from_contents(DOCUMENT, DRAFT202012))


@dataclass
class Sent:
    """One request as it went out, and what came back."""

    verb: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    status: int = 0
    answer: Any = None


@dataclass
class Wire:
    mount: str
    sent: list[Sent] = field(default_factory=list)


@pytest.fixture
def wire(sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    """Everything between the SDK and the socket. All of it is held against the description at the end."""
    found = Wire(sandbox.mount)
    request, getresponse = access.Line.request, access.Line.getresponse

    def recorded(
        line: access.Line, verb: str, url: str, body: Any, headers: Any, stream: bool = False
    ) -> None:
        path, _, query = url.removeprefix(found.mount).partition("?")
        parsed = json.loads(body) if body is not None else None
        found.sent.append(Sent(verb, path, dict(parse_qsl(query, True)), dict(headers), parsed))
        request(line, verb, url, body, headers, stream)

    def answered(line: access.Line) -> Any:
        answer = getresponse(line)
        found.sent[-1].status, found.sent[-1].answer = answer.status, json.loads(answer.read())
        return answer

    monkeypatch.setattr(access.Line, "request", recorded)
    monkeypatch.setattr(access.Line, "getresponse", answered)
    yield found
    assert found.sent
    for each in found.sent:
        assert problems(each) == [], f"{each.verb} {each.path}"


def operation(verb: str, path: str) -> tuple[Any, dict[str, str]] | None:
    """The operation of this path, and what stands in its braces."""
    for template, methods in DOCUMENT["paths"].items():
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template))
        found = re.fullmatch(pattern, path)
        if found and verb.lower() in methods:
            return methods[verb.lower()], {name: unquote(value) for name, value in found.groupdict().items()}
    return None


def problems(sent: Sent) -> list[str]:
    """What of this request, or of its answer, the description does not allow."""
    known = operation(sent.verb, sent.path)
    if known is None:
        return [f"no operation {sent.verb} {sent.path}"]
    described, in_path = known
    found = []
    declared = {(each["in"], each["name"]): each for each in described["parameters"]}
    for place, given in (("query", sent.query), ("path", in_path)):
        for name, value in given.items():
            if (place, name) not in declared:
                found.append(f"{place} parameter {name} is not described")
            else:
                found += _invalid(
                    _read_as(value, declared[place, name]["schema"]), declared[place, name]["schema"]
                )
        found += [
            f"{place} parameter {name} is missing"
            for (where, name), each in declared.items()
            if where == place and each["required"] and name not in given
        ]
    if sent.body is not None and "body" not in described:
        found.append("a body where none is described")
    if "body" in described:
        found += _unknown_fields(sent.body, described["body"]) + _invalid(sent.body, described["body"])
    if sent.headers.get("X-GitHub-Api-Version") != "2022-11-28":
        found.append("another version of the API")
    if sent.status < 300 and "answer" in described:
        found += _invalid(sent.answer, described["answer"])
    return found


def _read_as(value: str, schema: Any) -> Any:
    return int(value) if schema.get("type") == "integer" and value.isdigit() else value


def _invalid(value: Any, schema: Any) -> list[str]:
    absolute = json.loads(json.dumps(schema).replace('"#/schemas/', '"urn:github#/schemas/'))
    validator = Draft202012Validator(absolute, registry=REGISTRY, format_checker=FormatChecker())
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(value)]


def _unknown_fields(body: Any, schema: Any) -> list[str]:
    """GitHub ignores a field that it does not know, so a misspelt one would never be noticed."""
    shapes = schema.get("oneOf", [schema])
    known = {name for shape in shapes for name in shape.get("properties", {})}
    return [f"field {name} is not described" for name in (body or {}) if name not in known]


ALL: dict[str, tuple[Any, dict[str, Any]]] = {
    "create, plain": (CREATE_ISSUE, {"title": "x"}),
    "create, with all": (
        CREATE_ISSUE,
        {
            "title": "x",
            "body": "y",
            "labels": ["bug", "new one"],
            "assignees": ["ada"],
            "repository": "pizzeria/shop",
        },
    ),
    "comment": (COMMENT, {"number": 9, "body": "x"}),
    "label": (LABEL, {"number": 9, "add": ["kitchen", "a/b"], "remove": ["urgent"]}),
    "assign": (ASSIGN, {"number": 9, "add": ["grace"], "remove": ["ada"]}),
    "close": (CLOSE, {"number": 9}),
    "close, not planned": (CLOSE, {"number": 10, "reason": "not_planned"}),
    "list": (SEARCH, {"state": "all"}),
    "list, filtered": (SEARCH, {"labels": ["bug", "menu"], "since": "2026-01-01", "state": "open"}),
    "search": (
        SEARCH,
        {"text": "the", "labels": ["bug"], "since": "2026-01-01", "kind": "issues", "state": "closed"},
    ),
}


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("number", [1, 2])
def test_what_a_tool_sends_is_what_github_describes(sandbox: Any, wire: Wire, name: str, number: int) -> None:
    tool, arguments = ALL[name]

    sandbox.do(tool, arguments, number)


def test_who_we_are_is_asked_as_github_describes(sandbox: Any, wire: Wire) -> None:
    whoami(sandbox.service())


def test_further_pages_are_asked_as_github_describes(
    sandbox: Any, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.github.client.PAGE", 3)
    sandbox.do(SEARCH, {"state": "all"})
    sandbox.do(SEARCH, {"state": "all", "text": "a"})

    assert [each.query.get("page") for each in wire.sent[:5]] == [None, "2", "3", "4", None]


def test_a_second_try_of_all_that_was_done_is_described_too(sandbox: Any, wire: Wire) -> None:
    for number in (1, 2):
        for tool, arguments in ALL.values():
            sandbox.do(tool, arguments, number)


def test_a_refusal_is_asked_for_as_github_describes(sandbox: Any, wire: Wire) -> None:
    with pytest.raises(IntegrationError):
        sandbox.do(CLOSE, {"number": 999})
    assert wire.sent[-1].answer.keys() >= {"message", "documentation_url"}


GOOD = {"X-GitHub-Api-Version": "2022-11-28"}
ISSUES = "/repos/o/r/issues"


@pytest.mark.parametrize(
    "sent",
    [
        Sent("POST", ISSUES, {}, GOOD, {"body": "no title"}),
        Sent("POST", ISSUES, {}, GOOD, {"title": "x", "lables": ["bug"]}),
        Sent("POST", ISSUES, {}, GOOD, {"title": "x", "labels": "bug"}),
        Sent("POST", ISSUES, {}, GOOD, {"title": ["x"]}),
        Sent("POST", ISSUES, {}, {}, {"title": "x"}),
        Sent("PUT", ISSUES, {}, GOOD, {"title": "x"}),
        Sent("GET", ISSUES, {"state": "opened"}, GOOD, None),
        Sent("GET", ISSUES, {"sinse": "x"}, GOOD, None),
        Sent("GET", ISSUES, {"per_page": "many"}, GOOD, None),
        Sent("GET", "/search/issues", {}, GOOD, None),
        Sent("GET", f"{ISSUES}/twelve", {}, GOOD, None),
        Sent("PATCH", f"{ISSUES}/1", {}, GOOD, {"state": "shut"}),
        Sent("GET", f"{ISSUES}/1", {}, GOOD, None, 200, {"number": 1}),
    ],
)
def test_a_mistake_would_be_seen(sent: Sent) -> None:
    assert problems(sent)
