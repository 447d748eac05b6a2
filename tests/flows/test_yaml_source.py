"""A flow file is untrusted input: nothing in it is read as anything but what it says."""

from __future__ import annotations

import time
from typing import Any

import pytest
import yaml

from flows import yaml_source
from flows.errors import FlowError
from flows.yaml_source import MOST_BYTES, read


def value(text: str) -> Any:
    return read("a.yaml", text.encode()).value


def problem(content: bytes | str) -> tuple[int, str]:
    raw = content.encode() if isinstance(content, str) else content
    with pytest.raises(FlowError) as caught:
        read("a.yaml", raw)
    (mistake,) = caught.value.mistakes
    return mistake.line, mistake.problem


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("NO", "NO"),
        ("Off", "Off"),
        ("y", "y"),
        ("12:30:45", "12:30:45"),
        ("2026-11-21", "2026-11-21"),
        ("0o17", "0o17"),
        ("017", "017"),
        ("0x1f", "0x1f"),
        ("1e3", "1e3"),
        (".5", ".5"),
        ("1_000", "1_000"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("+1", "+1"),
        ("True", "True"),
        ("NULL", "NULL"),
        ("=", "="),
        ("<<", "<<"),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("7", 7),
        ("-7", -7),
        ("0.75", 0.75),
        ('"7"', "7"),
        ("'true'", "true"),
        ("9" * 16, "9" * 16),
    ],
)
def test_a_word_is_a_word_and_only_plain_numbers_are_numbers(text: str, expected: Any) -> None:
    found = value(f"a: {text}\n")["a"]
    assert found == expected
    assert type(found) is type(expected)


def test_the_keys_of_a_mapping_are_always_words() -> None:
    assert value("yes: 1\n1: 2\nnull: 3\n<<: 4\n") == {"yes": 1, "1": 2, "null": 3, "<<": 4}


def test_every_value_knows_its_line() -> None:
    lines = read("a.yaml", b"a: 1\nb:\n  - c: 2\n    d: 3\n").lines
    assert lines[("a",)] == 1
    assert lines[("b", 0, "d")] == 4


BOMB = "a: &a [x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(20)
)


@pytest.mark.parametrize(
    ("content", "line", "part"),
    [
        ("a: &x 1\nb: *x\n", 1, "anchors, aliases and tags are not allowed"),
        ("b: 1\na: *x\n", 2, "anchors, aliases and tags"),
        (BOMB, 1, "anchors, aliases and tags"),
        ("a: !!python/object/apply:os.system [id]\n", 1, "anchors, aliases and tags"),
        ("a: !!str 1\n", 1, "tags are not allowed"),
        ("a: !x 1\n", 1, "tags are not allowed"),
        ("a: 1\nb: 2\na: 3\n", 3, "stands here twice"),
        ("a:\n  b: 1\n  b: 2\n", 3, "stands here twice"),
        ("[" * 5000, 1, "nested too deeply"),
        ("a: " + "{a: " * 5000, 1, "nested too deeply"),
        ("[" * 21 + "]" * 21, 1, "nested too deeply"),
        ("\n".join(" " * n + "a:" for n in range(30)), 21, "nested too deeply"),
        (b"x" * (300 * 1024), 0, "larger than 256 KiB"),
        (b"a: 1\nb: \x00\n", 2, "the character U+0000"),
        ('a: 1\nb: "\\0"\n', 2, "spells the character U+0000"),
        ('a: "\\ud800"\n', 1, "spells the character U+D800"),
        ('"\\x07": 1\n', 1, "spells the character U+0007"),
        (b"a: 1\nb: \xff\n", 2, "not UTF-8"),
        ("a: 1\n".encode("utf-16"), 1, "not UTF-8"),
        ("a: 1\n---\nb: 2\n", 2, "another document"),
        ("a: [1\n", 2, "expected"),
        ("a: 1\n\tb: 2\n", 2, "character"),
        ("? [a]\n: 1\n", 1, "a key must be a plain word"),
        ("a: b: c\n", 1, "mapping values are not allowed"),
    ],
)
def test_what_is_refused_is_named_with_its_line(content: bytes | str, line: int, part: str) -> None:
    found, text = problem(content)
    assert part in text
    assert found == line


def test_deep_and_large_files_are_refused_at_once() -> None:
    began = time.perf_counter()
    problem("[" * 200_000)
    problem(BOMB)
    problem(b"[" * (MOST_BYTES + 1))
    assert time.perf_counter() - began < 1


@pytest.mark.twin
def test_yaml_s_own_loader_would_read_all_of_it_otherwise() -> None:
    assert yaml.safe_load("a: no\nb: 12:30:45\na: 1\n") == {"a": 1, "b": 45045}
    grown = yaml.safe_load(BOMB)["k"]
    assert len(str(grown)) > 8_000


@pytest.mark.twin
def test_without_the_look_at_the_depth_the_parser_would_run_out_of_stack(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(yaml_source, "_depth", lambda file, text: None)
    with pytest.raises(RecursionError):
        read("a.yaml", b"[" * 1500)
