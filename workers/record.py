"""Writes down each event that a run takes, and reads it back to be played again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import orjson

from flows.effects import Effect
from flows.events import Event
from flows.policy import Policy
from flows.policy_facts import UNKNOWN
from flows.policy_facts import from_json as facts_from_json
from flows.policy_facts import to_json as facts_to_json
from flows.replay import Recorded, decided
from flows.run import Run, from_json, to_json
from flows.scene import Known
from workers.store import codec
from workers.store.history import PER_TURN, Kept

MOST_FLOWS = 50
MOST_KEPT = 100

_known: dict[int, tuple[Known, str]] = {}


def kept(
    stored: int, number: int, before: Run, event: Event, after: Run, effects: Sequence[Effect], known: Known
) -> Kept:
    """`stored` is the version of the run that was read, `number` counts the events since."""
    what = decided(before, after, effects)
    return Kept(
        run=before.id,
        seq=stored * PER_TURN + min(number, PER_TURN - 1),
        event=codec.dumps(event).encode(),
        before=what.before,
        after=what.after,
        status=what.status,
        digest=what.digest,
        decided=orjson.dumps(what.lines).decode(),
        began=orjson.dumps(to_json(before)).decode() if not stored and not number else None,
        known=_what_was_known(known),
    )


def _what_was_known(known: Known) -> str:
    """Worlds are few and stay the same object for many turns, so each is written out once."""
    if known.facts is not UNKNOWN:
        return orjson.dumps({**_bare(known), "facts": facts_to_json(known.facts)}).decode()
    found = _known.get(id(known))
    if found is not None and found[0] is known:
        return found[1]
    text = orjson.dumps(_bare(known)).decode()
    if len(_known) >= MOST_KEPT:
        _known.clear()
    _known[id(known)] = (known, text)
    return text


def _bare(known: Known) -> dict[str, Any]:
    return {
        "policy": known.policy.version,
        "money": known.policy.money_tools,
        "bar": known.bar,
        "stopped": sorted(known.stopped),
        "flows": [list(each) for each in known.flows] if len(known.flows) <= MOST_FLOWS else None,
        **({"shadow": known.shadow.version} if known.shadow else {}),
    }


def policies_of(rows: Sequence[Kept]) -> set[str]:
    found = [orjson.loads(row.known) for row in rows]
    return {str(known[name]) for known in found for name in ("policy", "shadow") if name in known}


def began(run: str, flow: str, version: str, rows: Sequence[Kept]) -> Run | None:
    """The run as it began; None where its beginning is gone."""
    if not rows or rows[0].seq != 0 or rows[0].began is None:
        return None
    return from_json(run, flow, version, "waiting", orjson.loads(rows[0].began))


def recorded(rows: Sequence[Kept], today: Known, policies: Mapping[str, Policy]) -> list[Recorded]:
    """`today` is what is known now: tools are code, so they are those of today."""
    cache: dict[str, Known] = {}
    found = []
    for row in rows:
        if row.known not in cache:
            cache[row.known] = _as_known(orjson.loads(row.known), today, policies)
        event = cast(Event, codec.loads(row.event))
        found.append(Recorded(row.seq // PER_TURN, event, cache[row.known], row.before, row.digest))
    return found


def _as_known(raw: Mapping[str, Any], today: Known, policies: Mapping[str, Policy]) -> Known:
    policy = policies.get(str(raw["policy"]))
    if policy is None:
        return today
    flows = (
        tuple((str(id), str(said)) for id, said in raw["flows"]) if raw["flows"] is not None else today.flows
    )
    return replace(
        today,
        policy=replace(policy, money_tools=bool(raw["money"])),
        flows=flows,
        bar=float(raw["bar"]),
        stopped=frozenset(raw["stopped"]),
        facts=facts_from_json(raw.get("facts")),
        shadow=policies.get(str(raw.get("shadow"))),
    )
