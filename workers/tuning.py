"""Which conversations a model may be tuned with, and what is left of them once nobody is in them any more.

Whatever is not known to be allowed is left out: a run counts only where everything that touched it was on
a platform of `FROM`. Slack's terms forbid training on what comes from there, and its words travel: by a
hand-over, an approver's reason, a question on a card, a memory. One such touch, and the run is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from flows.events import Chose, Edited, Event, Heard, Rejected, Spoke
from workers.store.tuning import Candidate

FROM = frozenset({"teams", "web"})
MOST_MESSAGES, LONGEST = 60, 4_000
Redact = Callable[[str], str]
Line = tuple[datetime, Event, str]


@dataclass(frozen=True, slots=True)
class Said:
    """One turn of a conversation, with the names that files for tuning have."""

    role: Literal["user", "assistant"]
    content: str


class Why(StrEnum):
    """Why a conversation is left out; the first that holds is counted."""

    SLACK = "something of it came from, or went through, Slack or a place that is not known to be allowed"
    CONSENT = "its person has not said “/consent tuning on”"
    EARLIER = "it began before its person consented"
    BADLY = "it did not end well"
    NOBODY = "nobody approved it, by a press or by a thumb"
    VOICES = "somebody else's words are in it"
    REMEMBERED = "it rests on something remembered or said before it"
    GONE = "what was said is not kept any more"
    SENSITIVE = "something in it could not be made unrecognisable"
    EMPTY = "there is nothing to learn from it"


def left_out(run: Candidate, consented: Mapping[UUID, datetime]) -> Why | None:
    """By what is known of the run without reading a word of it."""
    since = consented.get(run.requester)
    if not from_allowed(run.platforms):
        return Why.SLACK
    if since is None:
        return Why.CONSENT
    if run.started_at < since:
        return Why.EARLIER
    if run.status != "done" or run.failed or run.disliked or run.complained:
        return Why.BADLY
    if not run.approved and not run.liked:
        return Why.NOBODY
    if run.voices:
        return Why.VOICES
    return Why.REMEMBERED if run.before else None


def from_allowed(platforms: Iterable[str]) -> bool:
    """An allow-list: a platform that nobody thought of yet is not on it."""
    found = set(platforms)
    return bool(found) and found <= FROM


def unfit(events: Sequence[Line], requester: str) -> Why | None:
    """By who said what."""
    for _, event, _ in events:
        match event:
            case Spoke() | Rejected() | Edited():
                return Why.VOICES
            case Heard(by=by) | Chose(by=by) if by != requester:
                return Why.VOICES
            case Heard(meaning=meaning) if meaning.again or meaning.recalled:
                return Why.REMEMBERED
    return None if events else Why.GONE


def messages(events: Sequence[Line], posts: Sequence[tuple[datetime, str]], requester: str) -> list[Said]:
    """What was said by turns, in the shape that chat models are tuned with."""
    said: list[tuple[datetime, int, Literal["user", "assistant"], str]] = []
    for number, (at, event, unread) in enumerate(events):
        words = _words(event, requester) if number else unread.strip() or _words(event, requester)
        if words:
            said.append((at, 0, "user", words))
    said += [(at, 1, "assistant", text) for at, text in posts if text.strip()]
    turns: list[Said] = []
    # A turn's words and what it was answered have the same time: the one of their transaction.
    for _, _, role, text in sorted(said, key=lambda each: each[:2]):
        if turns and turns[-1].role == role:
            turns[-1] = Said(role, f"{turns[-1].content}\n{text}")
        else:
            turns.append(Said(role, text))
    while turns and turns[0].role != "user":
        turns.pop(0)
    while turns and turns[-1].role != "assistant":
        turns.pop()
    return turns[:MOST_MESSAGES]


def _words(event: Any, requester: str) -> str:
    match event:
        case Heard(by=by, text=text, opening=False) if by == requester:
            return str(text).strip()
        case Chose(by=by, choice=choice) if by == requester:
            return f"[{choice}]"
    return ""


# ── nobody in it ─────────────────────────────────────────────────────────────────────────

_IDS = tuple(
    (re.compile(pattern), put)
    for pattern, put in (
        (r"https?://\S+", "[link]"),
        (r"<[@#!][^>]{1,80}>", "[person]"),
        (r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b", "[id]"),
        (r"\br\d+(?::[\w.]+)*\b", "[run]"),
        (r"\b[a-z]{2,8}_(?:test_|live_)?\w{6,}\b", "[id]"),
        (r"\b[A-Z][A-Z0-9]{1,9}-\d+\b", "[issue]"),
        (r"\b[UWTCDGB](?=[A-Z0-9]*\d)[A-Z0-9]{7,12}\b", "[id]"),
        (r"\b(?=\w*\d)(?=\w*[A-Za-z])\w{12,}\b", "[id]"),
    )
)


@dataclass(frozen=True, slots=True)
class Masker:
    """Takes out what tells who somebody is: what `redact` knows, ids, and what people here are called."""

    redact: Redact
    whole: re.Pattern[str] | None
    parts: re.Pattern[str] | None

    def __call__(self, text: str) -> str:
        text = self.redact(text[:LONGEST])
        for pattern, put in _IDS:
            text = pattern.sub(put, text)
        for named in (self.whole, self.parts):
            text = named.sub("[person]", text) if named is not None else text
        return re.sub(r"\[person\](?:\s+\[person\])+", "[person]", text)


def masker(redact: Redact, names: Iterable[str]) -> Masker:
    """Whole names however they are written; parts of them as they are written."""
    full = {" ".join(name.split()) for name in names if len(name.strip()) > 1}
    parts = {part for name in full for part in re.findall(r"[^\W\d_]{3,}", name) if part[0].isupper()}
    return Masker(redact, _any(full, re.IGNORECASE), _any(parts, 0))


def _any(words: Iterable[str], flags: int) -> re.Pattern[str] | None:
    listed = sorted(words, key=lambda word: (-len(word), word))
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, listed))})(?!\w)", flags) if listed else None


def unrecognisable(turns: Sequence[Said], mask: Masker) -> list[Said] | None:
    """The same with nobody in it; None where masking it again would still find something."""
    done = [Said(each.role, mask(each.content)) for each in turns]
    if any(mask(each.content) != each.content for each in done):
        return None
    return done
