"""What we keep of the SDK's shapes is what the installed SDK has, and the check would notice."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import ValidationError

from tests.integrations.notion import shapes

PAGE = "0b0c9d6e-1f43-4c1b-9a57-2f8e6f0f1c11"


def test_the_kept_shapes_are_those_of_the_installed_sdk() -> None:
    assert shapes.kept()["operations"] == shapes.of_the_sdk()
    assert set(shapes.kept()["operations"]) == set(shapes.USED)


def test_every_operation_that_sends_a_body_has_a_schema() -> None:
    with_body = {name for name, shape in shapes.kept()["operations"].items() if shape["body"]}

    assert with_body == set(shapes.kept()["bodies"])


def _append(children: Any) -> bytes:
    return json.dumps({"children": children}).encode()


def _paragraph(text: str, **more: Any) -> dict[str, Any]:
    return {
        "type": "paragraph",
        "paragraph": {"rich_text": [{"type": "text", "text": {"content": text}}]},
    } | more


@pytest.mark.parametrize(
    "children",
    [
        [],
        [_paragraph("a")] * 101,
        [_paragraph("a" * 2001)],
        [_paragraph("a", id="x")],
        [{"type": "image", "image": {"type": "external", "external": {"url": "https://evil.example"}}}],
        [{"type": "paragraph", "paragraph": {"rich_text": [{"type": "mention", "mention": {}}]}}],
    ],
)
def test_a_request_beyond_the_limits_would_be_noticed(children: Any) -> None:
    with pytest.raises(ValidationError):
        shapes.check("PATCH", f"blocks/{PAGE}/children", "", _append(children))


@pytest.mark.parametrize(
    ("method", "path", "query"),
    [
        ("DELETE", f"blocks/{PAGE}", ""),
        ("GET", f"pages/{PAGE}/properties/title", ""),
        ("GET", "pages/abc", ""),
        ("GET", f"blocks/{PAGE}/children", "page_size=1&surprise=1"),
    ],
)
def test_a_call_that_we_do_not_make_would_be_noticed(method: str, path: str, query: str) -> None:
    with pytest.raises(AssertionError):
        shapes.check(method, path, query, b"")
