"""Pieces of a document: of a good size, whole, and each knows where it stood."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.documents.blocks import Block, Document
from integrations.documents.chunking import LEAST, MOST, chunks, tokens
from integrations.documents.reading import read

SENTENCE = "A refund goes back to the card that was charged, within five working days. "


def of(*blocks: Block, title: str = "Handbook") -> list[tuple[str, str]]:
    return [(each.path, each.body) for each in chunks(Document(title, blocks))]


def heading(level: int, text: str) -> Block:
    return Block("heading", text, level)


def text(words: str, where: str = "") -> Block:
    return Block("text", words, where=where)


def test_a_piece_stands_under_its_headings_without_the_title_twice() -> None:
    found = of(heading(1, "Handbook"), heading(2, "Refunds"), text("Five days."))
    assert found == [("Refunds", "Five days.")]


def test_paragraphs_join_until_it_is_large_enough() -> None:
    found = of(heading(1, "A"), *(text(SENTENCE * 4) for _ in range(10)))
    assert all(LEAST <= tokens(body) <= MOST for _, body in found[:-1])
    assert {path for path, _ in found} == {"A"}


def test_small_sections_under_one_heading_stay_together_with_their_headings() -> None:
    found = of(heading(1, "Q"), heading(2, "Cards"), text("Five days."), heading(2, "Cash"), text("At once."))
    assert found == [("Q", "Cards\n\nFive days.\n\nCash\n\nAt once.")]


def test_sections_under_different_headings_never_mix() -> None:
    found = of(heading(1, "Pay"), text("In euros."), heading(1, "Rest"), text("On Sundays."))
    assert found == [("Pay", "In euros."), ("Rest", "On Sundays.")]


def test_a_large_section_ends_where_the_next_begins() -> None:
    found = of(heading(1, "A"), heading(2, "One"), text(SENTENCE * 14), heading(2, "Two"), text("Short."))
    assert [path for path, _ in found] == ["A › One", "A › Two"]


def test_a_long_paragraph_is_parted_between_sentences() -> None:
    found = of(text(SENTENCE * 60))
    assert len(found) > 2
    assert all(body.endswith(".") and tokens(body) <= MOST for _, body in found)


def test_each_part_of_a_long_table_begins_with_its_first_row() -> None:
    rows = "\n".join(["city | phone", *(f"City {n} | 0{n}" for n in range(400))])
    found = of(Block("table", rows))
    assert len(found) > 2
    assert all(body.startswith("city | phone\n") for _, body in found)
    assert sum(body.count("City ") for _, body in found) == 400


def test_code_is_parted_between_lines() -> None:
    code = "\n".join(f"    value_{n} = compute({n})" for n in range(300))
    found = of(Block("code", code))
    assert "\n".join(body for _, body in found) == code.strip("\n") or len(found) > 1
    assert all("value_" in line for _, body in found for line in body.split("\n"))


def test_a_page_is_part_of_where_it_stands() -> None:
    found = of(text(SENTENCE * 18, "page 1"), text(SENTENCE * 18, "page 2"))
    assert [path for path, _ in found] == ["page 1", "page 2"]


def test_a_word_without_end_is_parted_anyway() -> None:
    assert all(tokens(body) <= MOST for _, body in of(text("x" * 20_000)))


@given(
    st.lists(
        st.tuples(st.sampled_from(["heading", "text", "table", "code"]), st.text("ab |.\n", max_size=3_000))
    )
)
def test_no_word_is_lost_and_no_piece_too_large(parts: list[tuple[str, str]]) -> None:
    blocks = [Block(kind, words, 2) for kind, words in parts if words.strip()]  # type: ignore[arg-type]
    found = of(*blocks)
    said = {word for each in blocks if each.kind != "heading" for word in each.text.split() if len(word) < 50}
    held = {word for _, body in found for word in body.split()}
    assert said <= held
    assert all(tokens(body) <= MOST * 1.5 for _, body in found)


@pytest.mark.parametrize("name", ["README.md", "ARCHITECTURE.md", "docs/flows.md"])
def test_our_own_pages_come_in_pieces_of_a_good_size(name: str) -> None:
    with open(name, "rb") as file:
        [document] = read(name, file.read())
    sizes = [tokens(each.body) for each in chunks(document)]
    assert max(sizes) <= MOST * 1.5
    assert sum(size >= 60 for size in sizes) >= 0.7 * len(sizes)
