"""A document is somebody else's: what it may hold, how large, how deep, and where it may lead."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from integrations.openapi import source
from integrations.openapi.document import load, name_of
from integrations.openapi.source import DocumentError, read

OK = {"openapi": "3.1.0", "paths": {}}


def _doc(**more: Any) -> bytes:
    return json.dumps(OK | more).encode()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1\nb: [true, ~, 'no', no, 1.5]", {"a": 1, "b": [True, None, "no", "no", 1.5]}),
        ("200: ok\n'404': gone", {"200": "ok", "404": "gone"}),
        ("day: 2026-01-31\ntime: 12:30", {"day": "2026-01-31", "time": "12:30"}),
        ("{a: {b: [c]}}", None),
        ("text: |\n  two\n  lines\n", {"text": "two\nlines\n"}),
        ('{"a": [1, 2.5, null]}', {"a": [1, 2.5, None]}),
        ('\ufeff{"a": 1}', {"a": 1}),
        ("zip: 007\nbig: 12345678901234567890123", {"zip": "007", "big": "12345678901234567890123"}),
    ],
)
def test_json_and_yaml_are_read_as_the_same_plain_data(text: str, value: Any) -> None:
    if value is None:
        with pytest.raises(DocumentError, match="is not JSON"):
            read(text.encode())
    else:
        assert read(text.encode()) == value


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"a: &x [1]\nb: *x", "alias"),
        (b"a: !!python/object:os.system x", "tag"),
        (b"a: 1\na: 2", "twice"),
        (b"--- {a: 1}\n--- {b: 2}", "several"),
        (b"? [a, b]\n: 1", "plain word"),
        (b"a: [1", "is not YAML"),
        (b"a: \xff", "UTF-8"),
        (b"a: \x01", "character"),
        (b'{"a": 1,}', "is not JSON"),
        (b"[" * 5000 + b"]" * 5000, "JSON|deep"),
        (b"[" * 150 + b"]" * 150, "deep"),
        (b"\n".join(b" " * n + b"a:" for n in range(150)), "deep"),
        (b" " * (source.LARGEST + 1), "larger"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_odd_in_a_document_is_refused_with_a_word(content: bytes, problem: str) -> None:
    with pytest.raises(DocumentError, match=problem):
        read(content)


def test_a_bomb_of_aliases_costs_nothing() -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    began = time.monotonic()

    with pytest.raises(DocumentError, match="alias"):
        read("\n".join(lines).encode())
    assert time.monotonic() - began < 1


@pytest.mark.twin
def test_twin_a_reader_that_follows_aliases_builds_the_bomb() -> None:
    import yaml

    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 6)]

    assert len(json.dumps(yaml.safe_load("\n".join(lines)))) > 100_000


@pytest.mark.parametrize(
    "ref",
    [
        "http://169.254.169.254/latest/meta-data",
        "https://elsewhere.example/schemas.json#/Dog",
        "file:///etc/passwd",
        "other.yaml#/Dog",
        "//elsewhere.example/x",
        "#anchor",
        "",
    ],
)
@pytest.mark.parametrize("name", ["$ref", "$dynamicRef"])
def test_a_reference_that_leads_out_is_refused_at_load_wherever_it_stands(ref: str, name: str) -> None:
    for place in ({"schemas": {"Dog": {name: ref}}}, {"examples": [{"deep": [{name: ref}]}]}):
        with pytest.raises(DocumentError, match="only references inside"):
            load(_doc(components=place))


def test_a_property_that_is_called_ref_is_no_reference() -> None:
    load(_doc(components={"schemas": {"Link": {"properties": {"$ref": {"type": "string"}}}}}))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"[]", "no `openapi"),
        (b'{"swagger": "2.0"}', "no `openapi"),
        (b'{"openapi": "2.0"}', "3.0 and 3.1"),
        (b'{"openapi": "3.2.0"}', "3.0 and 3.1"),
        (b'{"openapi": "3.0.0", "paths": []}', "no mapping"),
        (b'{"openapi": "3.0.0", "paths": {"/x": 1}}', "no mapping"),
        (b'{"openapi": "3.0.0", "paths": {"/x": {"$ref": "#/nowhere"}}}', "not in it"),
        (b'{"openapi": "3.0.0", "paths": {"/x": {"$ref": "#/paths/~1x"}}}', "leads to itself"),
    ],
)
def test_what_is_no_openapi_document_is_told_apart(content: bytes, problem: str) -> None:
    with pytest.raises(DocumentError, match=problem):
        load(content)


@pytest.mark.parametrize(
    ("operation_id", "path", "name"),
    [
        ("issues/create", "/x", "issues_create"),
        ("createIssue", "/x", "createIssue"),
        ("pulls/list-files", "/x", "pulls_list-files"),
        ("größe ändern", "/x", "gr_e_ndern"),
        (None, "/repos/{owner}/{repo}", "get_repos_owner_repo"),
        ("", "/", "get"),
    ],
)
def test_a_name_is_of_letters_digits_and_few_others(operation_id: Any, path: str, name: str) -> None:
    assert name_of(operation_id, "get", path) == name


@pytest.mark.parametrize("operation_id", ["x" * 200, "日本", "…", "x" * 65])
def test_a_name_that_cannot_be_kept_gets_one_that_stays_the_same(operation_id: str) -> None:
    name = name_of(operation_id, "get", "/x")

    assert 0 < len(name) <= 64
    assert name.isascii()
    assert name == name_of(operation_id, "get", "/x")
    assert name != name_of(operation_id + "y", "get", "/x")


def test_two_operations_of_one_name_are_neither_of_them_called() -> None:
    paths = {"/a": {"get": {"operationId": "a/b"}}, "/b": {"get": {"operationId": "a_b"}}, "/c": {"get": {}}}
    document = load(_doc(paths=paths))

    assert set(document.operations) == {"get_c"}
    assert document.clashes == {"a_b": ("GET /a", "GET /b")}


def test_the_server_of_an_operation_is_not_believed() -> None:
    servers = [{"url": "https://elsewhere.example"}]
    document = load(
        _doc(servers=[{"url": "https://here.example"}], paths={"/a": {"servers": servers, "get": {}}})
    )

    assert document.server == "https://here.example"
