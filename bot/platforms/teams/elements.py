"""The smallest pieces of an Adaptive Card: text that stays text, rows, buttons, inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.platforms.teams.inert import inert, is_plain, one_line
from bot.platforms.teams.limits import BUTTON_VALUE, LINES_OF_THEIR_OWN
from bot.platforms.teams.presses import ACTION, CHOICE, FORM, VALUE, input_id
from bot.reply import Option, Statement, Style, Tone
from bot.text import for_card, plain

Element = dict[str, Any]

_TONES: dict[Tone, Element] = {
    Tone.NORMAL: {},
    Tone.STRONG: {"weight": "Bolder"},
    Tone.SUBTLE: {"isSubtle": True, "size": "Small"},
    Tone.GOOD: {"color": "Good", "weight": "Bolder"},
    Tone.BAD: {"color": "Attention", "weight": "Bolder"},
}
_STYLES = {Style.PRIMARY: "positive", Style.DANGER: "destructive"}


def text_run(text: str, **how: Any) -> Element:
    """One element of text, whatever it holds."""
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": inert(text), **how}]}


def lines_of(text: str, tone: Tone = Tone.NORMAL, **how: Any) -> list[Element]:
    """A TextRun need not show its line breaks, so each line is an element; an empty one is a gap."""
    look = {**_TONES[tone], **how}
    text = plain(text)
    lines = text.split("\n")
    if len(lines) > LINES_OF_THEIR_OWN:
        return [text_run(text, **look)]
    shown: list[Element] = []
    gap = False
    for line in lines:
        if not line.strip():
            gap = True
            continue
        element = text_run(line, **look)
        if shown:
            element["spacing"] = "Medium" if gap else "None"
        shown.append(element)
        gap = False
    return shown or [text_run(text or " ", **look)]


def heading(text: str) -> Element:
    """A real heading for screen readers, where its words cannot be taken for Markdown."""
    text = plain(text)
    if not is_plain(text):
        return text_run(text, weight="Bolder", size="Large")
    return {
        "type": "TextBlock",
        "text": text,
        "style": "heading",
        "size": "Large",
        "weight": "Bolder",
        "wrap": True,
    }


def row(left: str, right: str, *, label: bool) -> Element:
    """Two columns: a label and its value, or a thing and what it comes to.

    These are what people decide on, so whatever could deceive in them is marked.
    """
    left, right = for_card(left), for_card(right)
    if label:
        columns = [_column(2, lines_of(left, Tone.SUBTLE)), _column(5, lines_of(right))]
    else:
        amount = lines_of(right)
        for line in amount:
            line["horizontalAlignment"] = "Right"
        columns = [_column("stretch", lines_of(left)), _column("auto", amount)]
    return {"type": "ColumnSet", "spacing": "Small", "columns": columns}


def statement(said: Statement, may_open: Callable[[str], bool]) -> Element:
    """Words with their links, in one line: a run that is pressed opens the address."""
    inlines: list[Element] = [{"type": "TextRun", "text": inert(plain(said.text))}] if said.text else []
    for link in said.links:
        run: Element = {"type": "TextRun", "text": one_line(link.label) or "link"}
        if may_open(link.url):
            run["selectAction"] = {"type": "Action.OpenUrl", "url": link.url}
        inlines += [{"type": "TextRun", "text": " "}, run] if inlines else [run]
    return {"type": "RichTextBlock", "spacing": "Small", "inlines": inlines}


def folded(words: str, id: str, inside: list[Element]) -> list[Element]:
    """Hidden until the button is pressed, which no more than shows it: nothing is sent."""
    shown = {"type": "Action.ToggleVisibility", "title": one_line(words), "targetElements": [id]}
    return [actions([shown]), {"type": "Container", "id": id, "isVisible": False, "items": inside}]


def _column(width: int | str, items: list[Element]) -> Element:
    return {"type": "Column", "width": width, "items": items}


def execute(
    title: str, verb: str, data: Element, *, style: Style = Style.PLAIN, alone: bool = False
) -> Element:
    """A button that is answered in place, and for old clients one that sends the same as a message.

    `alone`: it takes no inputs along, so a required one does not stand in its way.
    """
    common: Element = {"title": one_line(title), "data": data}
    if style in _STYLES:
        common["style"] = _STYLES[style]
    if alone:
        common["associatedInputs"] = "none"
    return {"type": "Action.Execute", "verb": verb, **common, "fallback": {"type": "Action.Submit", **common}}


def press(action: str, value: str) -> Element:
    if len(value) > BUTTON_VALUE:
        raise ValueError(f"A button carries at most {BUTTON_VALUE} characters.")
    return {ACTION: action, VALUE: value}


def choose(action: str, input_name: str) -> Element:
    return {ACTION: action, VALUE: "", CHOICE: input_name}


def send(form: str, value: str) -> Element:
    return {FORM: form, VALUE: value}


def open_url(title: str, url: str) -> Element:
    return {"type": "Action.OpenUrl", "title": one_line(title), "url": url}


def actions(buttons: list[Element]) -> Element:
    return {"type": "ActionSet", "actions": buttons}


def text_input(
    name: str,
    label: str,
    *,
    multiline: bool,
    required: bool = False,
    longest: int = 2000,
    hint: str = "",
    value: str = "",
) -> Element:
    found: Element = {
        "type": "Input.Text",
        "id": input_id(name),
        "label": one_line(label),
        "isMultiline": multiline,
        "maxLength": longest,
    }
    if hint:
        found["placeholder"] = one_line(hint)
    if value:
        found["value"] = value
    return found | _required(required, "Please fill this in.")


def date_input(name: str, label: str, *, required: bool = False, value: str = "") -> Element:
    found: Element = {"type": "Input.Date", "id": input_id(name), "label": one_line(label)}
    return found | ({"value": value} if value else {}) | _required(required, "Please choose a day.")


def choice_input(
    name: str, label: str, options: tuple[Option, ...], *, required: bool, value: str = ""
) -> Element:
    """`name` is used as it is: `input_id` has been applied where it is a field's."""
    found: Element = {
        "type": "Input.ChoiceSet",
        "id": name,
        "label": one_line(label),
        "style": "compact",
        "choices": [{"title": one_line(option.label), "value": option.value} for option in options],
    }
    return found | ({"value": value} if value else {}) | _required(required, "Please choose one.")


def _required(required: bool, message: str) -> Element:
    return {"isRequired": True, "errorMessage": message} if required else {}
