"""What a service parses is what was given, whatever a value holds."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.openapi import serialise

TEXT = st.text(min_size=1, max_size=30).filter(lambda text: not any("\ud800" <= c <= "\udfff" for c in text))
LIST = st.lists(TEXT, min_size=1, max_size=5)
PAIRS = st.dictionaries(TEXT, TEXT, min_size=1, max_size=4)
NASTY = [
    "..",
    ".",
    "/",
    "a/../b",
    "%2e%2e",
    "%2F",
    "?x=1",
    "#",
    "a&b=c",
    "ä ö",
    "\r\nX: y",
    "a,b",
    "{id}",
    "\\..\\",
]


def _sent(url: str) -> str:
    """As requests would put it on the wire; what it changes is what a service would not get."""
    prepared = requests.Request("GET", url).prepare().url
    assert prepared == url
    return prepared


@given(TEXT)
@settings(max_examples=200, deadline=None)
def test_a_text_in_the_path_is_one_segment_and_comes_out_whole(text: str) -> None:
    if text in (".", ".."):
        return
    path = serialise.path("/v1/{id}/x", {"id": serialise.path_part("id", text, "simple", False)})
    target = _sent(f"https://service.example{path}").removeprefix("https://service.example")

    assert target.count("/") == 3
    assert unquote(target.split("/")[2]) == text


@pytest.mark.parametrize("text", NASTY)
def test_nothing_in_a_value_leads_out_of_its_segment(text: str) -> None:
    part = serialise.path_part("id", text, "simple", False)
    if text in (".", ".."):
        with pytest.raises(ValueError, match="another place"):
            serialise.path("/v1/{id}", {"id": part})
    else:
        path = serialise.path("/v1/{id}", {"id": part})
        assert _sent(f"https://service.example{path}").startswith("https://service.example/v1/")
        assert unquote(path.removeprefix("/v1/")) == text
        assert "/" not in path.removeprefix("/v1/")


@pytest.mark.twin
def test_twin_a_value_that_is_not_quoted_climbs_to_another_operation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serialise, "_quoted", str)
    part = serialise.path_part("id", "../admin/users", "simple", False)

    prepared = requests.Request("GET", f"https://service.example{serialise.path('/v1/{id}', {'id': part})}")
    assert str(prepared.prepare().url).endswith("/admin/users")


@pytest.mark.parametrize("value", ["", [], {}, [""]])
def test_an_empty_value_would_name_the_list_of_all_of_them(value: Any) -> None:
    with pytest.raises(ValueError, match="empty"):
        serialise.path_part("id", value, "simple", False)


def test_two_values_of_one_segment_do_not_climb_together() -> None:
    with pytest.raises(ValueError, match="another place"):
        serialise.path("/{a}{b}/x", {"a": ".", "b": "."})


@pytest.mark.parametrize(
    ("value", "style", "explode", "written"),
    [
        (["a", "b"], "simple", False, "a,b"),
        (["a,b", "c"], "simple", True, "a%2Cb,c"),
        ({"k": "v", "n": 2}, "simple", False, "k,v,n,2"),
        ({"k": "v", "n": 2}, "simple", True, "k=v,n=2"),
        ("a", "label", False, ".a"),
        (["a", "b"], "label", True, ".a.b"),
        (["a", "b"], "label", False, ".a,b"),
        ("a", "matrix", False, ";id=a"),
        (["a", "b"], "matrix", True, ";id=a;id=b"),
        (["a", "b"], "matrix", False, ";id=a,b"),
        ({"k": "v"}, "matrix", True, ";k=v"),
        (True, "simple", False, "true"),
        (7, "simple", False, "7"),
        (2.0, "simple", False, "2"),
    ],
)
def test_paths_are_written_as_the_style_says(value: Any, style: str, explode: bool, written: str) -> None:
    assert serialise.path_part("id", value, style, explode) == written


@given(TEXT, LIST)
@settings(max_examples=150, deadline=None)
def test_a_list_in_the_query_comes_out_as_it_went_in(name: str, values: list[str]) -> None:
    query = "&".join(serialise.query(name, values, "form", True))
    sent = _sent(f"https://service.example/x?{query}").partition("?")[2]

    assert parse_qsl(sent, keep_blank_values=True) == [(name, value) for value in values]


@given(LIST, st.sampled_from(["form", "spaceDelimited", "pipeDelimited"]))
@settings(max_examples=150, deadline=None)
def test_a_joined_list_comes_apart_where_it_was_joined(values: list[str], style: str) -> None:
    (written,) = serialise.query("q", values, style, False)
    between = {"form": ",", "spaceDelimited": "%20", "pipeDelimited": "%7C"}[style]
    if style == "form" or all(" " not in value and "|" not in value for value in values):
        assert [unquote(part) for part in written.removeprefix("q=").split(between)] == values
    assert _sent(f"https://service.example/x?{written}")


@given(PAIRS)
@settings(max_examples=150, deadline=None)
def test_an_object_in_the_query_comes_out_as_it_went_in(value: dict[str, str]) -> None:
    deep = parse_qsl("&".join(serialise.query("f", value, "deepObject", True)), keep_blank_values=True)
    flat = parse_qsl("&".join(serialise.query("f", value, "form", True)), keep_blank_values=True)

    assert deep == [(f"f[{key}]", each) for key, each in value.items()]
    assert flat == list(value.items())


@pytest.mark.parametrize("value", [[["a"]], {"a": {"b": 1}}, [None], {"a": [1]}])
@pytest.mark.parametrize("style", ["form", "deepObject"])
def test_what_has_no_spelling_in_an_address_is_refused(value: Any, style: str) -> None:
    with pytest.raises(ValueError, match="written into an address"):
        serialise.query("q", value, style, True)


@pytest.mark.parametrize("value", ["a\r\nX-Admin: 1", "a\nb", "ä", "", " a", "a ", "\x00", "a\x7f"])
def test_a_header_is_one_line_of_visible_ascii(value: str) -> None:
    with pytest.raises(ValueError, match="header"):
        serialise.header(value, False)


@pytest.mark.parametrize(
    ("value", "explode", "written"),
    [
        ("a b", False, "a b"),
        (["a", 1], False, "a,1"),
        ({"k": True}, True, "k=true"),
        ({"k": 1}, False, "k,1"),
    ],
)
def test_headers_are_written_as_the_style_says(value: Any, explode: bool, written: str) -> None:
    assert serialise.header(value, explode) == written
