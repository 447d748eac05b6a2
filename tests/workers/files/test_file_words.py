"""What is said of a file: its name shown as it is, its problem with what to do."""

from __future__ import annotations

import pytest

from integrations.files.sniff import Kind
from workers.files.words import CANNOT, LONGEST_SHOWN, listed, looking, named, told, vtt
from workers.store.files import Read


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("scan.pdf", "scan.pdf"),
        ("  a   b.pdf ", "a b.pdf"),
        ("a\nApproved by Grace\n.pdf", "a Approved by Grace .pdf"),
        ("invoice\u202efdp.exe", "invoice fdp.exe"),
        ("a\u200bb.pdf", "a b.pdf"),
        ("", "a file"),
        ("\x00\x01", "a file"),
        ("<!channel>.pdf", "<!channel>.pdf"),
    ],
)
def test_a_name_is_one_line_in_which_nothing_hides(name: str, shown: str) -> None:
    assert named(name) == shown


def test_a_long_name_keeps_its_ending() -> None:
    found = named("x" * 500 + "2026.pdf")
    assert len(found) <= LONGEST_SHOWN
    assert found.endswith("2026.pdf")


def test_files_are_listed_as_one_says_them() -> None:
    assert listed(["a.pdf"]) == "“a.pdf”"
    assert listed(["a.pdf", "b.pdf", "c.pdf"]) == "“a.pdf”, “b.pdf” and “c.pdf”"


def test_what_was_left_out_is_said_at_once() -> None:
    assert looking(["a.pdf"], 0) == "Looking at “a.pdf”…"
    assert "2 more were left out" in looking(["a.pdf"] * 5, 2)


def test_each_file_has_a_line_of_its_own() -> None:
    read = [
        Read("a.pdf", "pdf", "two words"),
        Read("b.zip", "", problem=CANNOT[Kind.ARCHIVE]),
        Read("c.txt", "text", "one"),
    ]
    assert told(read).split("\n") == [
        "I have read “a.pdf”: 2 words.",
        "I could not read “b.zip”: it is an archive: please send the files in it one by one.",
        "I have read “c.txt”: 1 word.",
    ]


@pytest.mark.parametrize("kind", CANNOT)
def test_every_problem_says_what_to_do(kind: Kind) -> None:
    assert any(word in CANNOT[kind] for word in ("please", "I read"))


def test_the_words_of_a_transcript_are_read_without_its_times() -> None:
    first = b"WEBVTT\nKind: captions\n\n1\n00:00:00.000 --> 00:00:02.000\n<v Ada>two colas\n\n"
    data = first + b"2\n00:02.000 --> 00:03.000\nplease\n\nNOTE x\n"
    assert vtt(data) == "two colas please"


def test_bytes_that_are_no_transcript_do_no_harm() -> None:
    assert vtt(b"\xff\xfe\x00\x00" * 100)
    assert vtt(b"") == ""
