"""notion.create_page and notion.append, by the real SDK against the sandbox."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.errors import NotConfigured, OutcomeUnknown, Refused
from integrations.notion import marks, write

LONG = "\n".join(f"- line {n}" for n in range(250))


def test_a_page_is_made_with_its_title_and_its_markdown_as_blocks(sandbox: Any) -> None:
    done = sandbox.run(
        "create_page", title="Summary of the week", text="# Ovens\n\nAll **hot**.\n- one\n- two"
    )

    [page] = sandbox.pages("Summary")
    assert page["blocks"] == ["Ovens", "All hot.", "one", "two"]
    assert done.external_id == page["id"] == done.result["page"]
    assert done.result["label"] == "Page “Summary of the week”"
    assert done.result["blocks"] == 4
    assert done.result["note"] == ""
    assert done.result["url"].startswith(sandbox.base)


def test_a_page_without_text_is_a_page(sandbox: Any) -> None:
    assert sandbox.run("create_page", title="Empty").result["blocks"] == 0
    assert sandbox.run("create_page", number=2, title="Empty").result["blocks"] == 0
    assert len(sandbox.pages("Empty")) == 1


def test_a_long_page_is_written_in_requests_of_a_hundred_blocks(sandbox: Any) -> None:
    done = sandbox.run("create_page", title="Long", text=LONG)

    assert done.result["blocks"] == 250
    assert sandbox.pages("Long")[0]["blocks"] == [f"line {n}" for n in range(250)]
    assert [row["title"].split()[0] for row in sandbox.calls("PATCH")] == ["PATCH", "PATCH"]


def test_a_second_try_finds_the_page_and_makes_none(sandbox: Any) -> None:
    first = sandbox.run("create_page", title="Once", text="a")
    second = sandbox.run("create_page", number=2, title="Once", text="a")

    assert second.external_id == first.external_id
    assert second.result == first.result
    assert len(sandbox.pages("Once")) == 1


def test_another_effect_makes_another_page(sandbox: Any) -> None:
    sandbox.run("create_page", title="Twice", text="a")
    sandbox.run("create_page", key="run:step:2", number=2, title="Twice", text="a")

    assert len(sandbox.pages("Twice")) == 2


@pytest.mark.twin
def test_twin_without_the_look_up_a_second_try_makes_a_second_page(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "_look_for_page", lambda *_: None)
    sandbox.run("create_page", title="Once", text="a")
    sandbox.run("create_page", number=2, title="Once", text="a")

    assert len(sandbox.pages("Once")) == 2


def test_a_query_that_lags_is_asked_twice(sandbox: Any) -> None:
    sandbox.run("create_page", title="Once", text="a")
    before = sandbox.clock.ahead

    sandbox.run("create_page", number=2, title="Once", text="a")

    assert sandbox.clock.ahead - before == write.LOOK_AGAIN
    assert len(sandbox.pages("Once")) == 1


@pytest.mark.twin
def test_twin_with_one_look_only_a_lagging_query_makes_a_second_page(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "LOOK_AGAIN", 0.0)
    sandbox.run("create_page", title="Once", text="a")
    sandbox.run("create_page", number=2, title="Once", text="a")

    assert len(sandbox.pages("Once")) == 2


def test_a_page_that_was_cut_off_is_gone_on_with_where_it_ends(sandbox: Any) -> None:
    sandbox.fault("drop_before", "/children", "PATCH", after=1)
    with pytest.raises(OutcomeUnknown):
        sandbox.run("create_page", title="Long", text=LONG)

    done = sandbox.run("create_page", number=2, title="Long", text=LONG)

    assert done.result["blocks"] == 250
    assert sandbox.pages("Long")[0]["blocks"] == [f"line {n}" for n in range(250)]


def test_an_append_whose_answer_was_lost_is_not_repeated(sandbox: Any) -> None:
    sandbox.fault("drop_after", "/children", "PATCH")
    with pytest.raises(OutcomeUnknown):
        sandbox.run("create_page", title="Long", text=LONG)

    sandbox.run("create_page", number=2, title="Long", text=LONG)

    assert sandbox.pages("Long")[0]["blocks"] == [f"line {n}" for n in range(250)]


def test_what_others_write_into_an_unfinished_page_does_not_confuse_us(sandbox: Any) -> None:
    sandbox.fault("drop_before", "/children", "PATCH")
    with pytest.raises(OutcomeUnknown):
        sandbox.run("create_page", title="Long", text=LONG)
    sandbox.act("edit", page="Long", who="grace", text="I was here")

    sandbox.run("create_page", number=2, title="Long", text=LONG)

    blocks = sandbox.pages("Long")[0]["blocks"]
    assert [each for each in blocks if each != "I was here"] == [f"line {n}" for n in range(250)]


def test_an_unfinished_page_that_somebody_cut_is_for_a_person_to_look_at(sandbox: Any) -> None:
    sandbox.fault("drop_before", "/children", "PATCH")
    with pytest.raises(OutcomeUnknown):
        sandbox.run("create_page", title="Long", text=LONG)
    sandbox.act("remove", page="Long", text="line 7")

    with pytest.raises(OutcomeUnknown, match="somebody changed it"):
        sandbox.run("create_page", number=2, title="Long", text=LONG)


def test_a_definite_no_in_the_middle_takes_the_page_back(sandbox: Any) -> None:
    sandbox.fault("400", "/children", "PATCH", after=1)

    with pytest.raises(Refused, match="did not accept"):
        sandbox.run("create_page", title="Long", text=LONG)
    assert sandbox.pages("Long") == []


def test_where_taking_back_fails_nobody_says_that_nothing_was_done(sandbox: Any) -> None:
    sandbox.fault("400", "/children", "PATCH")
    sandbox.fault("500_before", "*", "PATCH")

    with pytest.raises(OutcomeUnknown, match="a part of this page"):
        sandbox.run("create_page", title="Long", text=LONG)


def test_a_page_that_somebody_duplicated_is_not_taken_for_ours(sandbox: Any) -> None:
    ours = sandbox.run("create_page", title="Once", text="a")
    sandbox.act("duplicate", page="Once", who="omar")
    sandbox.act("trash", page=ours.external_id, who="omar")
    sandbox.clock.turn(10)

    again = sandbox.run("create_page", number=2, title="Once", text="a")

    by_us = [page for page in sandbox.pages("Once") if page["id"] == again.external_id]
    assert len(by_us) == 1
    assert len(sandbox.pages("Once")) == 2


@pytest.mark.twin
def test_twin_whoever_copies_our_mark_has_their_page_taken_for_ours(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = sandbox.run("create_page", title="Once")
    copy = sandbox.act("duplicate", page="Once", who="omar")
    sandbox.act("trash", page=ours.external_id, who="omar")
    sandbox.clock.turn(10)
    monkeypatch.setattr(marks, "made_by", lambda *_: True)

    assert sandbox.run("create_page", number=2, title="Once").external_id == copy["id"]


def test_a_database_without_our_property_is_refused_before_anything_is_made(sandbox: Any) -> None:
    sandbox.act("drop_property", text="Effect key")

    with pytest.raises(NotConfigured, match="“Effect key”"):
        sandbox.run("create_page", title="Never")
    assert sandbox.calls("POST /v1/pages") == []


def test_a_database_with_several_data_sources_is_refused_until_one_is_named(sandbox: Any) -> None:
    added = sandbox.act("add_source", text="Archive")

    with pytest.raises(NotConfigured, match="several data sources"):
        sandbox.run("create_page", title="Where to")
    named = sandbox.service(NOTION_DATABASE_ID=added["id"])
    assert named.source() == added["id"]


def test_without_a_database_the_missing_setting_is_named(sandbox: Any) -> None:
    with pytest.raises(NotConfigured, match="NOTION_DATABASE_ID"):
        sandbox.service(NOTION_DATABASE_ID="").source()


# ── append ───────────────────────────────────────────────────────────────────────────────


def _page(sandbox: Any) -> str:
    return str(sandbox.pages("Roadmap")[0]["id"])


def test_an_addition_stands_at_the_end_under_a_line_that_says_where_it_is_from(sandbox: Any) -> None:
    page = _page(sandbox)

    done = sandbox.run("append", page=page, text="## News\n- a\n- b")

    added = sandbox.pages("Roadmap")[0]["blocks"][-4:]
    assert added == [marks.of_addition("run:step:1"), "News", "a", "b"]
    assert done.external_id == page
    assert done.result["label"] == "3 blocks added"


def test_a_page_is_named_by_its_address_too(sandbox: Any) -> None:
    page = _page(sandbox)

    done = sandbox.run(
        "append", page=f"https://www.notion.so/Roadmap-{page.replace('-', '')}?pvs=4", text="a"
    )

    assert done.external_id == page


def test_a_second_try_finds_its_addition(sandbox: Any) -> None:
    sandbox.fault("drop_after", "/children", "PATCH")
    with pytest.raises(OutcomeUnknown):
        sandbox.run("append", page=_page(sandbox), text="a note")

    sandbox.run("append", number=2, page=_page(sandbox), text="a note")

    assert sandbox.pages("Roadmap")[0]["blocks"].count("a note") == 1


def test_the_same_words_by_another_effect_are_added_again(sandbox: Any) -> None:
    sandbox.run("append", page=_page(sandbox), text="a note")
    sandbox.run("append", key="run:step:2", number=2, page=_page(sandbox), text="a note")

    assert sandbox.pages("Roadmap")[0]["blocks"].count("a note") == 2


@pytest.mark.twin
def test_twin_without_the_look_up_an_addition_comes_twice(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "_look_for_line", lambda *_: False)
    sandbox.run("append", page=_page(sandbox), text="a note")
    sandbox.run("append", number=2, page=_page(sandbox), text="a note")

    assert sandbox.pages("Roadmap")[0]["blocks"].count("a note") == 2


def test_a_page_too_long_to_look_through_is_for_a_person(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "MOST_LOOKED_THROUGH", 2)

    with pytest.raises(OutcomeUnknown, match="so long a page"):
        sandbox.run("append", number=2, page=_page(sandbox), text="a note")


def test_a_page_in_the_trash_gets_no_addition(sandbox: Any) -> None:
    page = _page(sandbox)
    sandbox.act("trash", page=page)

    with pytest.raises(Refused, match="trash"):
        sandbox.run("append", page=page, text="a note")


def test_a_page_that_is_not_shared_with_us_is_said_so(sandbox: Any) -> None:
    page = _page(sandbox)
    sandbox.act("unshare", page=page)

    with pytest.raises(Refused, match="not shared") as refused:
        sandbox.run("append", page=page, text="a note")
    assert refused.value.code == "missing"


def test_an_addition_of_too_many_bytes_is_refused_whole(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write, "LARGEST_REQUEST", 500)

    with pytest.raises(Refused, match="shorter"):
        sandbox.run("append", page=_page(sandbox), text="\n\n".join("word " * 20 for _ in range(9)))
    assert sandbox.calls("PATCH") == []


def test_what_people_type_cannot_pass_for_a_mark_of_another_effect(sandbox: Any) -> None:
    forged = marks.of_addition("victim:step:1")
    sandbox.run("append", page=_page(sandbox), text=f"hello\n\n{forged}")

    sandbox.run("append", key="victim:step:1", number=2, page=_page(sandbox), text="what must be there")

    assert "what must be there" in sandbox.pages("Roadmap")[0]["blocks"]


@pytest.mark.twin
def test_twin_unspoiled_a_forged_mark_swallows_the_other_addition(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marks, "unmarked", list)
    forged = marks.of_addition("victim:step:1")
    sandbox.run("append", page=_page(sandbox), text=f"hello\n\n{forged}")

    sandbox.run("append", key="victim:step:1", number=2, page=_page(sandbox), text="what must be there")

    assert "what must be there" not in sandbox.pages("Roadmap")[0]["blocks"]


def test_a_mark_that_somebody_else_wrote_there_does_not_count(sandbox: Any) -> None:
    page = _page(sandbox)
    sandbox.act("edit", page=page, who="omar", text=marks.of_addition("run:step:1"))

    sandbox.run("append", number=2, page=page, text="what must be there")

    assert "what must be there" in sandbox.pages("Roadmap")[0]["blocks"]


def test_progress_is_told_while_a_long_page_is_written(sandbox: Any, make_attempt: Any) -> None:
    said: list[str] = []
    given = make_attempt()
    telling = type(given)(given.key, given.number, given.began, said.append)

    from integrations.notion.tools import CREATE_PAGE

    CREATE_PAGE.perform(sandbox.service(), {"title": "Long", "text": LONG}, telling)

    assert said == [
        "100 of 250 blocks of the Notion page written",
        "200 of 250 blocks of the Notion page written",
    ]
