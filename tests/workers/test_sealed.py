"""Whatever is changed between the press and the run, nothing runs: five kinds of change, 200 of each."""

from __future__ import annotations

import json
import time
import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest

from tests.workers import sealed_case
from tests.workers.sealed_case import ARGUMENTS, POLICY, Case, after, approved, asked, other_policy, settled
from tests.workers.store.conftest import There
from workers import drawn, sealed
from workers.store import codec, definitions
from workers.tools import cards

EACH = 200
WHERE_EFFECT = "where key = $1"


@pytest.fixture
async def case(there: There) -> Case:
    """Approved, and not changed."""
    found = await asked(there, await settled(there))
    await approved(found)
    return found


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


STORED = canonical(ARGUMENTS)


async def refused(case: Case, changes: list[tuple[str, tuple[Any, ...]]]) -> list[str | None]:
    """What the claim said to each, one after the other."""
    async with case.there.db.tenant(case.there.tenant) as c:
        return [await after(c, case, statement, *given) for statement, given in changes]


# ── nothing changed, or nothing that means anything ──────────────────────────────────────


async def test_what_was_approved_runs_once(case: Case) -> None:
    async with case.there.db.tenant(case.there.tenant) as c:
        assert await sealed_case.claim(c, case) == ""
        assert await sealed_case.claim(c, case) is None
        assert await c.fetchval("select state from approvals where id = $1", case.approval.id) == "used"


@pytest.mark.parametrize(
    "written",
    [
        canonical(dict(reversed(ARGUMENTS.items()))),
        json.dumps(ARGUMENTS, indent=2, ensure_ascii=False),
        json.dumps(dict(reversed(ARGUMENTS.items())), ensure_ascii=True),
    ],
    ids=["keys in another order", "blanks", "letters written as escapes"],
)
async def test_the_same_meaning_written_otherwise_still_runs(case: Case, written: str) -> None:
    assert await refused(case, [_arguments(case, written.encode())]) == [""]


# ── 5 × 200 ──────────────────────────────────────────────────────────────────────────────


def _arguments(case: Case, written: bytes) -> tuple[str, tuple[Any, ...]]:
    return f"update effects set arguments = $2 {WHERE_EFFECT}", (case.key, written)


def other_tools() -> list[str]:
    """Every tool there is, and names that are almost this one's."""
    name = "stripe.charge"
    almost = [name[:at] + chr(ord(letter) + 1) + name[at + 1 :] for at, letter in enumerate(name)]
    almost += [name + tail for tail in (" ", "\n", "@1", ".", "\u200b", "\u0301")]
    almost += [name.replace("a", "\u0430"), name.upper(), name.title()]
    real = [tool for tool in cards() if tool != name]
    found = list(dict.fromkeys([*real, *almost]))
    return found + [f"{name}{number}" for number in range(EACH - len(found))]


def other_arguments() -> Iterator[bytes]:
    """Other amounts, people and things; other spellings that a reader might take for the same."""
    yield STORED.replace("4000", "4000.0").encode()
    yield STORED.replace("4000", "4e3").encode()
    yield STORED.replace("4000", '"4000"').encode()
    yield STORED.replace("4000", "-4000").encode()
    yield STORED.replace("4000", "NaN").encode()
    yield STORED.replace('"amount":4000', '"amount":1,"amount":4000').encode()
    yield STORED.replace('"amount":4000', '"amount":4000,"amount":4000').encode()
    yield STORED.replace('"amount":4000', '"amount":4000,"amount":1').encode()
    yield STORED.replace('"quantity":2', '"quantity":9,"quantity":2').encode()
    yield unicodedata.normalize("NFD", STORED).encode()
    yield STORED.replace("Café", "Саfé").encode()
    yield STORED.replace("usd", "usd\u200b").encode()
    yield STORED.replace("usd", "USD").encode()
    yield STORED[:-1].encode()
    yield (STORED + "{}").encode()
    yield f"[{STORED}]".encode()
    yield b""
    yield b"\xff\xfe"
    yield b"null"
    yield (STORED[:-1] + ',"more":1}').encode()
    yield (STORED[:-1] + ',"method":"pay"}').encode()
    for key in ARGUMENTS:
        yield canonical({name: value for name, value in ARGUMENTS.items() if name != key}).encode()
    raw = STORED.encode()
    for at in range(len(raw)):
        yield raw[:at] + bytes((raw[at] ^ 1,)) + raw[at + 1 :]


def other_steps() -> list[str]:
    return ["", "Charge", "charge ", "refund", "subflow.charge", *(f"charge{at}" for at in range(EACH - 5))]


async def test_another_tool_never_runs(case: Case) -> None:
    statement = f"update effects set tool = $2 {WHERE_EFFECT}"
    said = await refused(case, [(statement, (case.key, tool)) for tool in other_tools()[:EACH]])

    assert len(said) == EACH
    assert all(each and "not what was approved" in each for each in said)


async def test_other_arguments_never_run(case: Case) -> None:
    written = list(dict.fromkeys(each for each in other_arguments() if each != STORED.encode()))
    said = await refused(case, [_arguments(case, each) for each in written])

    assert len(said) >= EACH
    assert [each for each, told in zip(written, said, strict=True) if not told] == []


async def test_another_step_or_version_of_the_flow_never_runs(case: Case) -> None:
    steps = [(f"update effects set step = $2 {WHERE_EFFECT}", (case.key, step)) for step in other_steps()]
    versions = [
        ("update runs set flow_version = $2 where id = $1", (case.there.run, f"{at:02x}" * 16))
        for at in range(EACH // 2)
    ]
    async with case.there.db.tenant(case.there.tenant) as c:
        for at in range(EACH // 2):
            await definitions.keep_flow(c, case.there.tenant, "order", f"{at:02x}" * 16, {"draft": at})
    said = await refused(case, steps[: EACH // 2] + versions)

    assert len(said) == EACH
    assert all(said)


async def test_under_another_policy_it_never_runs(case: Case) -> None:
    said = []
    async with case.there.db.tenant(case.there.tenant) as c:
        for number in range(EACH):
            rule = {**POLICY["rules"][0], "because": f"It is test {number}."}
            kinds: list[dict[str, Any]] = [
                {"rules": [rule]},
                {"rules": [*POLICY["rules"], {"name": "more", "tool": f"a.b{number}", "outcome": "ask",
                                              "because": "more"}]},
                {**POLICY, "approvers": {"people": [f"p{number}@example.com"]}},
                {"rules": [{**POLICY["rules"][0], "outcome": "may run alone", "because": f"free {number}"}]},
            ]  # fmt: skip
            said.append(await other_policy(c, case, kinds[number % len(kinds)]))

    assert len(said) == EACH
    assert all(said)


def other_cards(case: Case) -> Iterator[str]:
    """The card as it was stored, with one thing on it changed."""
    card = codec.dumps(case.approval.card)
    yield card.replace("$40.00", "$4.00")
    yield card.replace("ada@example.com", "eve@example.com")
    yield card.replace("Café", "Cafe")
    yield card.replace("Asked by", "Approved by")
    yield card.replace(case.approval.code, "AAAAAA")
    yield card.replace("cus_1", "cus_2")
    yield card.replace('"tone":"subtle"', '"tone":"good"')
    for at in range(len(card)):
        if card[at].isalnum() and card[at - 1].isalnum():
            changed = card[:at] + ("x" if card[at] != "x" else "y") + card[at + 1 :]
            if _is_a_card(changed):
                yield changed


def _is_a_card(text: str) -> bool:
    try:
        codec.loads(text)
    except (KeyError, TypeError, ValueError, AttributeError):
        return False
    return True


async def test_when_the_card_said_something_else_it_never_runs(case: Case) -> None:
    shown = codec.dumps(case.approval.card)
    texts = [each for each in dict.fromkeys(other_cards(case)) if each != shown]
    step = max(1, len(texts) // EACH)
    texts = [*texts[:7], *texts[7::step]][:EACH]
    statement = "update approvals set card = $2 where id = $1"
    said = await refused(case, [(statement, (case.approval.id, text)) for text in texts])

    assert len(said) == EACH
    assert [text for text, told in zip(texts, said, strict=True) if not told] == []


@pytest.mark.parametrize("column", ["because", "words", "code"])
async def test_what_the_card_is_drawn_from_is_bound_as_well(case: Case, column: str) -> None:
    statement = f"update approvals set {column} = $2 where id = $1"
    assert await refused(case, [(statement, (case.approval.id, "AAAAAA"))]) != [""]


@pytest.mark.parametrize(
    "statement",
    [
        "update approvals set expires_at = expires_at + interval '1 second' where id = $1",
        "update approvals set digest = sha256(digest) where id = $1",
        "update approval_terms set terms = jsonb_set(terms, '{stages,0,quorum}', '2')",
        "update approval_terms set terms = jsonb_set(terms, '{stages,0,name}', '\"x\"')",
        "update runs set state = jsonb_set(state, '{requester,id}', to_jsonb($1::text))",
        "update runs set state = jsonb_set(state, '{requester,name}', to_jsonb($1::text))",
        "delete from approval_terms where approval_id = $1",
    ],
)
async def test_nothing_else_that_it_rests_on_can_change_either(case: Case, statement: str) -> None:
    given = (case.approval.id,) if "$1" in statement else ()
    assert all(await refused(case, [(statement, given)]))


async def test_a_card_drawn_for_other_arguments_is_found_though_its_digest_fits(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever draws the card wrongly, by a bug of ours or a release that describes a tool otherwise."""
    monkeypatch.setattr(drawn.cards, "for_card", lambda text: text.replace("$40.00", "$4.00"))

    [said] = await refused(case, [("", ())])

    assert said is not None
    assert "not how I would show this now" in said


async def test_the_look_costs_a_claim_little(case: Case) -> None:
    """The card is drawn, and nothing is asked of anybody."""
    began = time.process_time()
    async with case.there.db.tenant(case.there.tenant) as c:
        for _ in range(50):
            await after(c, case, "")
    assert (time.process_time() - began) / 50 < 0.1


# ── without the guards ───────────────────────────────────────────────────────────────────


@pytest.mark.twin
async def test_twin_without_the_cards_fingerprint_another_card_may_have_been_approved(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = drawn.fingerprint(case.approval.card, case.approval.code)
    monkeypatch.setattr(sealed, "fingerprint", lambda _approval: real)
    monkeypatch.setattr(sealed, "_shows", lambda *_: True)
    changed = codec.dumps(case.approval.card).replace("$40.00", "$4.00")

    assert await refused(
        case, [("update approvals set card = $2 where id = $1", (case.approval.id, changed))]
    ) == [""]


@pytest.mark.twin
async def test_twin_without_drawing_it_again_a_card_that_lies_is_as_good_as_a_true_one(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawn.cards, "for_card", lambda text: text.replace("$40.00", "$4.00"))
    monkeypatch.setattr(sealed, "_shows", lambda *_: True)

    assert await refused(case, [("", ())]) == [""]


@pytest.mark.twin
async def test_twin_a_reader_that_takes_the_last_of_two_keys_would_let_a_second_one_in(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealed.sealing, "exact", json.loads)
    twice = STORED.replace('"amount":4000', '"amount":1,"amount":4000').encode()

    assert await refused(case, [_arguments(case, twice)]) == [""]
