"""The documents of two real services, as far as they are at hand: every operation becomes a tool, fast."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from integrations.openapi.checking import Checker
from integrations.openapi.document import Document, load
from integrations.openapi.example import example
from integrations.openapi.operation import build
from integrations.openapi.source import DocumentError

FOLDER = Path(__file__).resolve().parents[4] / "shared" / "specs"
SIZES = {"github": 199, "jira-cloud-v3": 147}
UNSUPPORTED = {"addAttachment": "multipart/form-data", "createIssueTypeAvatar": r"\*/\*"}


@pytest.fixture(params=SIZES, scope="module")
def big(request: pytest.FixtureRequest) -> tuple[str, Document, float]:
    path = FOLDER / f"{request.param}.json"
    if not path.exists():
        pytest.skip("the official documents are not on this machine")
    content = path.read_bytes()
    began = time.process_time()
    document = load(content)
    return request.param, document, time.process_time() - began


def test_it_loads_in_a_moment(big: tuple[str, Document, float]) -> None:
    name, document, seconds = big

    assert len(document.operations) == SIZES[name]
    assert document.clashes == {}
    assert seconds < 1


def test_every_operation_is_built_and_its_example_fits_its_own_schema(
    big: tuple[str, Document, float],
) -> None:
    _, document, _ = big
    problems = {}
    for name, place in document.operations.items():
        if name in UNSUPPORTED:
            with pytest.raises(DocumentError, match=UNSUPPORTED[name]):
                build(document, place)
            continue
        operation = build(document, place)
        assert operation.fingerprint() == build(document, place).fingerprint()
        found = Checker(operation.schema).problems(example(operation.schema))
        if found:
            problems[name] = found

    assert len(problems) <= 3, problems
