"""A Reply's blocks, or a Form, as one Adaptive Card 1.5."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import assert_never

from bot.platforms.teams import elements
from bot.platforms.teams.elements import Element
from bot.platforms.teams.inert import escaped, may_be_opened
from bot.platforms.teams.limits import BUTTONS_PER_ROW, shortened
from bot.platforms.teams.presses import CHOICE, input_id
from bot.reply import (
    Ask,
    Block,
    Button,
    Buttons,
    Cited,
    Divider,
    Facts,
    Field,
    Form,
    Heading,
    Lines,
    Paragraph,
    Reply,
    Select,
    Style,
    Tone,
)

SOMEBODY = "colleague"


@dataclass(frozen=True, slots=True)
class _Setting:
    """What a block must know of the card around it.

    A single select is required, unless something typed goes with the same card; then the other
    buttons leave it alone, so that "Cancel" works before anything was chosen.
    """

    sandbox: bool
    one_select: bool


def card(reply: Reply, *, sandbox: bool = False, names: Mapping[str, str] | None = None) -> Element:
    """The whole reply on one card. `names` are the display names of those mentioned."""
    blocks = reply.blocks or (Paragraph(reply.text),)
    selects = sum(isinstance(block, Select) for block in blocks)
    asks = any(isinstance(block, Ask) for block in blocks)
    setting = _Setting(sandbox, one_select=selects == 1 and not asks)
    mentions = [_mention(user, (names or {}).get(user, SOMEBODY)) for user in reply.mentions]
    body = [*_mention_line(mentions), *_body(blocks, setting)]
    return _card(body, fallback=reply.text, entities=mentions)


def form_card(form: Form) -> Element:
    """A form as a card: what Slack shows in a dialog, Teams shows in the conversation."""
    body = [elements.heading(form.title)]
    if form.intro:
        body += elements.lines_of(form.intro)
    body += [element for field in form.fields for element in _field(field)]
    button = elements.execute(form.submit, "form", elements.send(form.name, form.value), style=Style.PRIMARY)
    buttons = [button]
    if form.back:
        buttons.append(elements.execute("Back", form.back, elements.press(form.back, form.value), alone=True))
    return _card([*body, elements.actions(buttons)], fallback=form.title)


def _card(body: list[Element], *, fallback: str, entities: list[Element] | None = None) -> Element:
    msteams: Element = {"width": "full"}
    if entities:
        msteams["entities"] = entities
    return {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": "1.5",
        "msteams": msteams,
        "fallbackText": escaped(shortened(fallback)),
        "body": body,
    }


def _body(blocks: tuple[Block, ...], setting: _Setting) -> Iterator[Element]:
    divided = False
    for place, block in enumerate(blocks):
        if isinstance(block, Divider):
            divided = True
            continue
        for element in _block(block, place, setting):
            yield {**element, "separator": True, "spacing": "Medium"} if divided else element
            divided = False


def _block(block: Block, place: int, setting: _Setting) -> list[Element]:
    match block:
        case Heading(text):
            return [elements.heading(text)]
        case Paragraph(text, tone):
            return elements.lines_of(text, tone)
        case Facts(pairs):
            return [elements.row(label, value, label=True) for label, value in pairs]
        case Lines(rows):
            return [elements.row(what, amount, label=False) for what, amount in rows]
        case Cited(rows, folded):
            drawn = [elements.statement(row, _may_open(setting)) for row in rows]
            return elements.folded(folded, f"folded:{place}", drawn) if folded else drawn
        case Buttons(buttons):
            return list(_rows_of_buttons(buttons, setting))
        case Select():
            return _select(block, place, setting)
        case Ask(name, label, _, options) if options:
            return [elements.choice_input(input_id(name), label, options, required=False)]
        case Ask(name, label, multiline):
            return [elements.text_input(name, label, multiline=multiline)]
        case Divider():
            return []
    assert_never(block)


def _rows_of_buttons(buttons: tuple[Button, ...], setting: _Setting) -> Iterator[Element]:
    drawn = [_button(button, setting) for button in buttons if _is_drawn(button, setting)]
    for start in range(0, len(drawn), BUTTONS_PER_ROW):
        yield elements.actions(drawn[start : start + BUTTONS_PER_ROW])
    for button in buttons:
        if not _is_drawn(button, setting):
            yield elements.text_run(f"{button.label}: {button.url}")


def _may_open(setting: _Setting) -> Callable[[str], bool]:
    return lambda url: may_be_opened(url, sandbox=setting.sandbox)


def _is_drawn(button: Button, setting: _Setting) -> bool:
    """An address that may not be opened by a press is still shown, as text."""
    return not button.url or may_be_opened(button.url, sandbox=setting.sandbox)


def _button(button: Button, setting: _Setting) -> Element:
    if button.url:
        return elements.open_url(button.label, button.url)
    data = elements.press(button.action, button.value)
    return elements.execute(button.label, button.action, data, style=button.style, alone=setting.one_select)


def _select(select: Select, place: int, setting: _Setting) -> list[Element]:
    name = f"{CHOICE}:{place}"
    button = elements.execute("Choose", select.action, elements.choose(select.action, name))
    return [
        elements.choice_input(
            name, select.label, select.options, required=setting.one_select, value=select.chosen
        ),
        elements.actions([button]),
    ]


def _field(field: Field) -> list[Element]:
    """What is wrong with it stands above the input: Teams has no other place for it."""
    wrong = elements.lines_of(field.error, Tone.BAD) if field.error else []
    return [*wrong, _input(field)]


def _input(field: Field) -> Element:
    required, value = not field.optional, field.value
    if field.options:
        name = input_id(field.name)
        return elements.choice_input(name, field.label, field.options, required=required, value=value)
    if field.kind == "date":
        return elements.date_input(field.name, field.label, required=required, value=value)
    return elements.text_input(
        field.name,
        field.label,
        multiline=field.multiline,
        required=required,
        longest=field.max_length,
        hint=field.placeholder or ("A name or an e-mail address" if field.kind == "person" else ""),
        value=value,
    )


def _mention(user: str, name: str) -> Element:
    """The name is theirs to choose: whatever could end or open a tag is left out of it."""
    shown = " ".join("".join(c for c in name if c.isalnum() or c in " .,'-").split()) or SOMEBODY
    return {"type": "mention", "text": f"<at>{shown}</at>", "mentioned": {"id": user, "name": shown}}


def _mention_line(mentions: list[Element]) -> list[Element]:
    if not mentions:
        return []
    text = " ".join(mention["text"] for mention in mentions)
    return [{"type": "TextBlock", "text": text, "wrap": True}]
