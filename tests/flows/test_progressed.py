"""How far a call is stands in the message that said what is being done, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.reply import Cited, Link, Statement
from bot.turn import PersonId
from flows.effects import Change, Say
from flows.engine import advance, start
from flows.errors import TemplateError
from flows.events import Entered, Finished, Progressed
from flows.flow import Flow
from flows.loader import load
from flows.policy_file import stored_policy
from flows.run import Requester, Run
from flows.scene import Known
from flows.show import LONGEST_URL, parse_show
from flows.yaml_source import read
from integrations import tools
from workers.tools import cards

RULE = {"name": "all", "tool": "*", "outcome": "may run alone", "because": "a test"}
KNOWN = Known(stored_policy({"rules": [RULE]}), cards())
ADA = Requester(PersonId("p1"), "Ada")


def flow(working: str = "I am reading.") -> Flow:
    text = f"""
id: demo
description: A demo
examples: [demo]
steps:
  - {{id: collect, type: tool, call: work.collect, working: "{working}", save: found}}
  - {{id: done, type: end, text: "Done."}}
"""
    return load(read("demo.yaml", text.encode()), tools())


def begun(of: Flow) -> tuple[Run, str]:
    run, effects = advance(of, start(of, "r1", ADA, ""), Entered(), KNOWN)
    said = [effect.id for effect in effects if isinstance(effect, Say)]
    return run, said[0] if said else ""


def test_it_replaces_the_message_that_said_what_is_done() -> None:
    run, said = begun(flow())
    after, effects = advance(flow(), run, Progressed(run.waiting, "GitHub: 214 of about 500"), KNOWN)

    [change] = effects
    assert isinstance(change, Change)
    assert (change.id, change.reply.text) == (said, "I am reading.\nGitHub: 214 of about 500")
    assert after == run, "nothing else is different"


def test_without_such_a_message_nothing_is_said() -> None:
    run, _ = begun(flow(""))

    assert advance(flow(""), run, Progressed(run.waiting, "half"), KNOWN) == (run, ())


def test_late_or_foreign_progress_changes_nothing() -> None:
    run, _ = begun(flow())
    over, _ = advance(flow(), run, Finished(run.waiting, {}), KNOWN)

    assert advance(flow(), run, Progressed("r1:collect:9", "half"), KNOWN) == (run, ())
    assert advance(flow(), over, Progressed(run.waiting, "half"), KNOWN) == (over, ())
    held = replace(run, held=True)
    assert advance(flow(), held, Progressed(run.waiting, "half"), KNOWN) == (held, ())


def test_a_long_sentence_is_cut() -> None:
    run, _ = begun(flow())
    _, [change] = advance(flow(), run, Progressed(run.waiting, "x" * 5_000), KNOWN)

    assert isinstance(change, Change)
    assert len(change.reply.text) < 300


# ── statements with their sources ────────────────────────────────────────────────────────


def test_statements_are_shown_with_links_to_addresses_of_the_web_alone() -> None:
    said = [
        {"text": "Late.", "links": [{"label": "PAY-1", "url": "https://e.example/1"}]},
        {"text": "Bad.", "links": [{"label": "PAY-2", "url": "javascript:alert(1)"}]},
        {"text": "Long.", "links": [{"label": "PAY-3", "url": "https://e.example/" + "x" * LONGEST_URL}]},
        "Plain.",
    ]
    [block] = parse_show([{"cited": "rows"}]).blocks({"rows": said})

    assert block == Cited(
        (
            Statement("Late.", (Link("PAY-1", "https://e.example/1"),)),
            Statement("Bad. PAY-2"),
            Statement("Long. PAY-3"),
            Statement("Plain."),
        )
    )


@pytest.mark.parametrize("rows", [None, [], "text", 3])
def test_where_there_are_none_nothing_is_drawn(rows: object) -> None:
    assert parse_show([{"cited": "rows", "folded": "Show all"}]).blocks({"rows": rows}) == ()


def test_folded_words_are_a_text_with_values() -> None:
    [block] = parse_show([{"cited": "rows", "folded": "Show all {{ n }}"}]).blocks({"rows": ["a"], "n": 4})

    assert block == Cited((Statement("a"),), "Show all 4")


def test_what_is_no_element_is_refused() -> None:
    with pytest.raises(TemplateError, match="cited"):
        parse_show([{"cited": "rows", "url": "https://e.example"}])
