"""One person is taken out of what is others': ids, names, lines; and nobody who is only called alike."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.turn import Account
from workers.forget.cleaning import ID, LINE, Cleaner
from workers.forget.others import ELSE, Others
from workers.forget.subject import GONE, Kept, Subject, from_json, to_json

ADA = Subject(
    (),
    (Account("slack", "T1", "U0ADA"), Account("teams", "T2", "29:1ada-aa")),
    ("ada@example.com",),
    ("Ada Reyes", "Al", "U0ADA"),
    channels=("D0ADA",),
)
CLEAN = Cleaner(ADA)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("<@U0ADA> said so", f"<@{ID}> said so"),
        ("<@U0ADAM> said so", "<@U0ADAM> said so"),
        ("XU0ADA", "XU0ADA"),
        ("u0ada", ID),
        ("mail ada@example.com.", f"mail {ID}."),
        ("mail Ada@Example.com", f"mail {ID}"),
        ("mail lada@example.com", "mail lada@example.com"),
        ("mail ada@example.com.au-x", f"mail {ID}.au-x"),
        ("slack:T1:D0ADA:", f"slack:T1:{ID}:"),
        ("29:1ada-aa", ID),
        ("29:1ada-aab", "29:1ada-aab"),
        ("Approved by Ada Reyes.", f"Approved by {GONE}."),
        ("Ada Reyeson", "Ada Reyeson"),
        ("ada reyes", "ada reyes"),
        ("Also alpine", "Also alpine"),
        ("Ada Reyes: the server is down", LINE),
        ("Grace: hi\nAda Reyes: help\nGrace: ok", f"Grace: hi\n{LINE}\nGrace: ok"),
        ("", ""),
    ],
)
def test_text_of_others_keeps_everything_but_this_person(text: str, left: str) -> None:
    assert CLEAN.text(text) == left


def test_words_of_others_keep_the_name_that_they_wrote() -> None:
    assert CLEAN.text("I met Ada Reyes, <@U0ADA>", names=False) == f"I met Ada Reyes, <@{ID}>"


def test_json_is_gone_through_to_the_bottom_keys_included() -> None:
    given_ = {"U0ADA": [1, {"x": "U0ADA"}], "n": None, "t": True}
    assert orjson.loads(CLEAN.json(orjson.dumps(given_).decode())) == {
        ID: [1, {"x": ID}], "n": None, "t": True
    }  # fmt: skip


def test_bytes_that_are_no_text_do_not_stay() -> None:
    assert CLEAN.blob(b"\xff\xfeU0ADA") == b""
    assert CLEAN.blob(b"plain U0ADA") == f"plain {ID}".encode()


def test_without_anything_to_look_for_nothing_changes() -> None:
    nobody = Cleaner(Subject(()))
    assert nobody.text("Ada Reyes: U0ADA") == "Ada Reyes: U0ADA"
    assert nobody.needles == []


@given(st.text(max_size=80))
def test_what_does_not_speak_of_them_is_left_as_it_is(text: str) -> None:
    if not any(each.lower() in text.lower() for each in (*ADA.ids, *ADA.names)):
        assert CLEAN.text(text) == text


@given(st.text(max_size=40), st.text(max_size=40))
def test_an_id_between_blanks_is_never_left(before: str, after: str) -> None:
    assert "U0ADA" not in CLEAN.text(f"{before} U0ADA {after}")


@given(st.text(max_size=80))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    once = CLEAN.text(f"{text} U0ADA")
    assert CLEAN.text(once) == once


def test_a_short_name_is_no_name_to_look_for() -> None:
    assert ADA.said_names == ("Ada Reyes",)


def test_whom_to_look_for_is_written_down_and_read_again() -> None:
    kept = (Kept("r1:pay:1", "r1", "slack:T1:C1:", "stripe.charge", "it is on its way"),)
    whole = Subject(ADA.people, ADA.accounts, ADA.emails, ADA.names, {"a": "b"}, ADA.channels, kept, 7)
    assert from_json(to_json(whole)) == whole
    assert from_json('{"people": []}') == Subject(())


# -- the other way round: everybody else out of what one person reads


OTHERS = Others(
    ADA,
    ["grace@example.com", "U0GRACE", "Grace Okafor", "Ada Reyes", "U0ADA", "7e6a4175-0000-4000-8000", "Bo"],
)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Approved by Grace Okafor.", f"Approved by {ELSE}."),
        ("Grace Okafors", "Grace Okafors"),
        ("Grace", "Grace"),
        ("<@U0GRACE>", f"<@{ELSE}>"),
        ("slack:T1:U0GRACE", ELSE),
        ("to grace@example.com, Ada Reyes", f"to {ELSE}, Ada Reyes"),
        ("by 7e6a4175-0000-4000-8000", f"by {ELSE}"),
        ("U0ADA", "U0ADA"),
        ("Bo", "Bo"),
    ],
)
def test_an_export_tells_of_nobody_else(text: str, left: str) -> None:
    assert OTHERS.text(text) == left


@given(st.text(max_size=80))
def test_an_export_keeps_what_speaks_of_nobody(text: str) -> None:
    if not any(each in text.lower() for each in ("grace", "u0grace", "7e6a", "bo")):
        assert OTHERS.text(text) == text


@pytest.mark.twin
def test_with_nobody_known_the_others_would_be_in_it() -> None:
    assert Others(ADA, []).text("Approved by Grace Okafor.") == "Approved by Grace Okafor."
