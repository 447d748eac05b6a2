"""What a driver of the stand-ins sees: messages and activities with their controls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bot.workbench.cast import BY_SLACK, CHANNELS, CHATS, Json

# What is one line to a reader though it is made of several runs, and where its runs are.
LINES = {
    "rich_text_section": "elements",
    "rich_text_quote": "elements",
    "rich_text_preformatted": "elements",
    "RichTextBlock": "inlines",
}


@dataclass(frozen=True, slots=True)
class Message:
    """A Slack message at one moment. It does not change: fetch it again to see an update."""

    channel: str
    ts: str
    user: str
    bot: bool
    text: str
    thread_ts: str = ""
    ephemeral_to: str = ""
    blocks: list[Json] = field(default_factory=list)
    raw: Json = field(default_factory=dict, repr=False)

    @property
    def thread(self) -> str:
        """The root that a reply to this message belongs under."""
        return self.thread_ts or self.ts

    @property
    def words(self) -> str:
        """All that can be read: the fallback text, then every text in the blocks."""
        return "\n".join([self.text, *_texts(self.blocks)])

    @property
    def controls(self) -> list[Json]:
        """Buttons and selects, each with the `block_id` that it stands in."""
        return list(_controls(self.blocks))

    @property
    def buttons(self) -> list[str]:
        return [str(item["text"]["text"]) for item in self.controls if item.get("type") == "button"]

    def control(self, name: str) -> Json:
        """By `action_id`, or by what is written on it (case does not matter)."""
        for item in self.controls:
            label = str((item.get("text") or {}).get("text", ""))
            if name == item.get("action_id") or name.lower() == label.lower():
                return item
        named = [(item.get("action_id"), (item.get("text") or {}).get("text")) for item in self.controls]
        raise AssertionError(f"no control {name!r} on this message; there are {named}")

    def __str__(self) -> str:
        who = "bot" if self.bot else BY_SLACK[self.user].id
        to = f" (only {BY_SLACK[self.ephemeral_to].id} sees it)" if self.ephemeral_to else ""
        under = f" in thread {self.thread_ts}" if self.thread_ts and self.thread_ts != self.ts else ""
        name = CHANNELS[self.channel].name
        return f"#{name} {self.ts}{under} {who}{to}: {self.words!r} {self.buttons or ''}".rstrip()


@dataclass(frozen=True, slots=True)
class Activity:
    """A Teams message at one moment."""

    conversation: str
    id: str
    sender: str
    bot: bool
    text: str
    root: str = ""
    targeted_to: str = ""
    card: Json | None = None
    cards_for: dict[str, Json] = field(default_factory=dict)
    raw: Json = field(default_factory=dict, repr=False)

    @property
    def thread(self) -> str:
        return self.root or self.id

    @property
    def words(self) -> str:
        return "\n".join([self.text, *_texts(self.card), *_values(self.card)])

    def card_of(self, person: str) -> Json | None:
        """The card as this person sees it: theirs alone after a press, until it is updated."""
        return self.cards_for.get(person, self.card)

    @property
    def actions(self) -> list[Json]:
        return list(_card_actions(self.card))

    @property
    def buttons(self) -> list[str]:
        return [str(action.get("title", "")) for action in self.actions]

    def action(self, name: str) -> Json:
        """By verb or id, or by title (case does not matter)."""
        for action in self.actions:
            named = (action.get("verb"), action.get("id"))
            if name in named or name.lower() == str(action.get("title", "")).lower():
                return action
        raise AssertionError(f"no action {name!r} on this card; there are {self.buttons}")

    def __str__(self) -> str:
        who = "bot" if self.bot else self.sender
        under = f" in thread {self.root}" if self.root else ""
        name = CHATS[self.conversation].name
        return f"Teams {name} {self.id}{under} {who}: {self.words!r} {self.buttons or ''}".rstrip()


def message_of(raw: Json) -> Message:
    kept = ("channel", "ts", "user", "bot", "text", "thread_ts", "ephemeral_to", "blocks")
    return Message(**{name: raw[name] for name in kept if name in raw}, raw=raw)


def activity_of(raw: Json) -> Activity:
    kept = ("conversation", "id", "bot", "text", "root", "targeted_to", "card", "cards_for")
    return Activity(sender=raw["from"], **{name: raw[name] for name in kept if name in raw}, raw=raw)


def _texts(part: Any) -> Iterator[str]:
    """Every `text` string, in reading order; the runs of one line are one string."""
    if isinstance(part, dict) and part.get("type") in LINES:
        yield "".join(text for leaf in part.get(LINES[part["type"]]) or () for text in _texts(leaf))
    elif isinstance(part, list):
        for item in part:
            yield from _texts(item)
    elif isinstance(part, dict):
        if isinstance(part.get("text"), str):
            yield part["text"]
        for name, value in part.items():
            if isinstance(value, dict | list) and name not in ("actions", "data"):
                yield from _texts(value)


def _values(part: Any) -> Iterator[str]:
    """Titles and values of Adaptive Card facts."""
    if isinstance(part, list):
        for item in part:
            yield from _values(item)
    elif isinstance(part, dict):
        if part.get("type") == "FactSet":
            for fact in part.get("facts") or ():
                yield f"{fact.get('title')}: {fact.get('value')}"
        for value in part.values():
            if isinstance(value, dict | list):
                yield from _values(value)


def _controls(blocks: list[Json]) -> Iterator[Json]:
    for block in blocks:
        inside = block.get("elements") if block.get("type") in ("actions", "context_actions") else ()
        for element in (*(inside or ()), block.get("accessory"), block.get("element")):
            if isinstance(element, dict) and element.get("action_id"):
                yield {**element, "block_id": block.get("block_id", "")}


def _card_actions(part: Any) -> Iterator[Json]:
    if isinstance(part, list):
        for item in part:
            yield from _card_actions(item)
    elif isinstance(part, dict):
        if str(part.get("type", "")).startswith("Action."):
            yield part
        for name, value in part.items():
            if isinstance(value, dict | list) and name not in ("data", "fallback"):
                yield from _card_actions(value)
