"""Is this request, and this answer, one that Atlassian's description of Jira Cloud knows?"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

DOCUMENT = json.loads((Path(__file__).parent / "jira_openapi.json").read_text())
REGISTRY: Any = Registry().with_resource("urn:jira", Resource.from_contents(DOCUMENT, DRAFT202012))
_PATHS = {re.compile(re.sub(r"\{\w+\}", "[^/]+", path)): path for path in DOCUMENT["paths"]}


def problems(method: str, path_and_query: str, body: str, status: int, answer: str) -> list[str]:
    """What the description does not allow; nothing for a request as it should be."""
    path, _, query = path_and_query.partition("?")
    operation = next(
        (
            DOCUMENT["paths"][found].get(method.lower())
            for pattern, found in _PATHS.items()
            if pattern.fullmatch(path)
        ),
        None,
    )
    if operation is None:
        return [f"{method} {path} is no operation"]
    known = {each["name"] for each in operation["parameters"] if each["in"] == "query"}
    found = [f"query {name}" for name, _ in parse_qsl(query, True) if name not in known]
    if ("body" in operation) != bool(body and method != "GET"):
        found.append("a body" if body else "no body")
    elif "body" in operation:
        found += _check(operation["body"], _allowed(path, json.loads(body)), "body")
    if status in (200, 201) and "answer" in operation and answer:
        found += _check(operation["answer"], json.loads(answer), "answer")
    return found


def _allowed(path: str, body: Any) -> Any:
    """That null takes a ticket from its assignee stands in the description's prose, not in its schema."""
    return {} if path.endswith("/assignee") and body == {"accountId": None} else body


def _check(schema: Any, value: Any, what: str) -> list[str]:
    errors = Draft202012Validator(schema, registry=REGISTRY).iter_errors(value)
    return [f"{what} {each.json_path}: {each.message[:300]}" for each in errors]
