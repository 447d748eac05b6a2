"""Reads a drawn card back as a person would: what stands beside which label, what can be pressed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bot.platforms import slack, teams
from bot.platforms.slack import render as _slack_render
from bot.platforms.slack.blocks import LEFT_TO_RIGHT
from bot.platforms.teams import parts as _teams_parts
from bot.platforms.teams import render as _teams_render
from bot.reply import Reply
from bot.text_emoji import EMOJI

__all__ = ["Seen", "bare", "hidden", "seen_in_slack", "seen_in_teams", "slack", "teams"]

_MARK = re.compile(r"⟨[^⟨⟩\n]{1,80}⟩")
_JOINERS = "\u200c\u200d"  # inside words of scripts that are spelled with them


@dataclass
class Seen:
    """`pairs`: label and value in order. `titles` are set large. `pinged`, `links`: of the whole card."""

    pairs: list[tuple[str, str]] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)
    small: list[str] = field(default_factory=list)
    buttons: list[str] = field(default_factory=list)
    pinged: list[Any] = field(default_factory=list)
    links: list[Any] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    def of(self, label: str) -> list[str]:
        return [value for name, value in self.pairs if name == label]


def bare(text: str) -> str:
    """Without our marks and without blanks: two texts with the same bones say the same words."""
    text = _MARK.sub("", text).replace("‹", "<").replace("{ {", "{{")
    text = re.sub("([\u0300-\u036f])[\u0300-\u036f]+", r"\1", text)  # how many of a stack are left is no word
    return re.sub(r"[\s│⏎]+", "", text)


def hidden(text: str) -> set[str]:
    """What is there and cannot be seen."""
    text = EMOJI.sub("", text)
    strange = {"Cc", "Cf", "Cs", "Co", "Cn"}
    return {
        each
        for each in text
        if each not in "\n" + _JOINERS
        and (unicodedata.category(each) in strange or each in "\u115f\u1160\u3164\uffa0\u2800\u034f")
    }


def seen_in_slack(reply: Reply) -> Seen:
    seen = Seen()
    for part in _slack_render.parts(reply):
        message = _slack_render.render(part, salt="0")
        seen.words.append(message["text"])
        if re.search(r"<[@#!]|<https?:|<mailto:", message["text"]):
            seen.pinged.append(message["text"])
        for block in message["blocks"]:
            _slack_block(block, seen)
    return seen


def _slack_block(block: dict[str, Any], seen: Seen) -> None:
    match block:
        case {"type": "header", "text": {"type": "plain_text", "text": str(text)}}:
            seen.titles.append(text)
        case {"type": "context", "elements": [{"type": "plain_text", "text": str(text), "emoji": False}]}:
            seen.small.append(text)
        case {"type": "actions", "elements": elements}:
            seen.buttons += [each["text"]["text"] for each in elements]
        case {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": runs}]}:
            _slack_runs(runs, seen)
        case {"type": "divider"}:
            pass
        case _:
            raise AssertionError(f"drawn as {block['type']}")
    seen.words += [_unsteady(each) for each in _strings(block)]


def _unsteady(text: str) -> str:
    """Without our own marks around a label that is read from the right, which stand nowhere else."""
    return text.removeprefix(LEFT_TO_RIGHT).removesuffix(LEFT_TO_RIGHT)


def _slack_runs(runs: list[dict[str, Any]], seen: Seen) -> None:
    runs = [run | {"text": _unsteady(run["text"])} if run.get("style") else run for run in runs]
    bold = [run for run in runs if run.get("style")]
    if len(runs) == 1 and bold and runs[0]["text"].endswith(":"):
        seen.pairs.append((runs[0]["text"].removesuffix(":"), ""))  # its value is too long for one block
        return
    for run in runs:
        if run["type"] != "text":
            (seen.links if run["type"] == "link" else seen.pinged).append(run)
        elif run.get("style") and len(runs) > 1:
            seen.pairs.append((run["text"].rstrip().removesuffix(":"), ""))
        elif run.get("style"):
            seen.titles.append(run["text"])
        elif seen.pairs and (bold or run["text"].strip()):
            label, value = seen.pairs[-1]
            seen.pairs[-1] = (label, value + run["text"])
        elif run["text"].strip():
            seen.words.append(run["text"])


def seen_in_teams(reply: Reply) -> Seen:
    seen = Seen()
    for part in _teams_parts.parts(reply):
        activity = _teams_render.render(part)
        seen.pinged += activity.get("entities", [])
        for attached in activity["attachments"]:
            card = attached["content"]
            seen.pinged += card.get("msteams", {}).get("entities", [])
            for element in card["body"]:
                _teams_element(element, seen)
            seen.buttons += [each["title"] for each in card.get("actions", [])]
    return seen


def _teams_element(element: dict[str, Any], seen: Seen) -> None:
    texts = list(_teams_texts(element, seen))
    seen.words += texts
    match element:
        case {"type": "ColumnSet", "columns": [left, right]}:
            label, value = ("\n".join(_teams_texts(each, seen)) for each in (left, right))
            if not bare(label) and seen.pairs:  # it goes on, on the next card
                label, before = seen.pairs.pop()
                value = before + value
            seen.pairs.append((label, value))
        case {"type": "ActionSet", "actions": actions}:
            seen.buttons += [each["title"] for each in actions]
        case {"isSubtle": True} | {"inlines": [{"isSubtle": True}]}:
            seen.small += texts
        case {"size": "Large"} | {"inlines": [{"size": "Large"}]}:
            seen.titles += texts
        case _:
            pass


def _teams_texts(element: dict[str, Any], seen: Seen) -> Iterator[str]:
    match element:
        case {"type": "TextBlock", "text": str(text)}:
            if re.search(r"[*_`\[\]<>&|]|^\s*(?:[-+#]|\d+[.)])|https?:", text):
                seen.links.append(text)  # a TextBlock is read as Markdown
            yield text
        case {"type": "RichTextBlock", "inlines": inlines}:
            for each in inlines:
                if "selectAction" in each:
                    seen.links.append(each)
                if re.search(r"</?at\b", each["text"], re.IGNORECASE):
                    seen.pinged.append(each["text"])
            yield "".join(each["text"] for each in inlines)
        case {"columns": columns}:
            for column in columns:
                yield from _teams_texts(column, seen)
        case {"items": items}:
            for item in items:
                yield from _teams_texts(item, seen)


def _strings(thing: Any) -> Iterator[str]:
    match thing:
        case {"text": str(text)}:
            yield text
        case dict():
            for inner in thing.values():
                yield from _strings(inner)
        case list():
            for inner in thing:
                yield from _strings(inner)
