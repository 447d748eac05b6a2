"""A question with its answers to press: buttons for a few, a select for many."""

from __future__ import annotations

from collections.abc import Sequence

from bot.reply import Block, Button, Buttons, Option, Paragraph, Reply, Select, Style
from flows.effects import Change, Effect, Say
from flows.scene import Scene

MOST_BUTTONS = 5
MOST_OPTIONS = 100
LONGEST_LABEL = 75


def card(
    scene: Scene, name: str, text: str, labels: Sequence[str], choice: str, prefix: str,
    drawn: Sequence[Block] = (), first: Style = Style.PLAIN,
) -> Effect:  # fmt: skip
    """`choice` comes back with `prefix` and the place of what was pressed."""
    shown = [label[:LONGEST_LABEL] for label in labels[:MOST_OPTIONS]]
    pressable: tuple[Block, ...] = ()
    if len(shown) > MOST_BUTTONS:
        options = (scene.button(label, choice, f"{prefix}{at}") for at, label in enumerate(shown))
        drop = tuple(Option(each.label, each.value) for each in options)
        pressable = (Select("Choose one", f"run.{choice}", drop),)
    elif shown:
        styles = [first] + [Style.PLAIN] * len(shown)
        buttons: tuple[Button, ...] = tuple(
            scene.button(label, choice, f"{prefix}{at}", style)
            for at, (label, style) in enumerate(zip(shown, styles, strict=False))
        )
        pressable = (Buttons(buttons),)
    return Say(name, Reply(text, (Paragraph(text), *drawn, *pressable) if pressable or drawn else ()))


def with_answers(name: str, text: str, buttons: tuple[Button, ...]) -> Effect:
    return Say(name, Reply(text, (Paragraph(text), Buttons(buttons))))


def answered(name: str, text: str, answer: str, drawn: Sequence[Block] = ()) -> Effect:
    """The same card with the answer in place of what could be pressed."""
    whole = f"{text} {answer}".strip()
    return Change(name, Reply(whole, (Paragraph(text), *drawn, Paragraph(answer)) if drawn else ()))


def place(value: str, prefix: str, count: int) -> int | None:
    """Which of them was pressed; None for anything else that came back."""
    at = value.removeprefix(prefix)
    if not value.startswith(prefix) or not at.isascii() or not at.isdecimal() or len(at) > 3:
        return None
    return int(at) if int(at) < count else None
