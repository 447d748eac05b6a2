"""A Reply as a Slack message or App Home, a Form as a modal."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import replace

from bot.errors import PlatformError
from bot.platforms.base import DOWN, FEEDBACK, UP
from bot.platforms.slack import limits
from bot.platforms.slack.blocks import Json, characters, draw, mention_block, menu_options, plain_text
from bot.platforms.slack.foreign import fallback, shown
from bot.platforms.slack.limits import chunks, fits, shorten
from bot.platforms.slack.pieces import fit_options, pieces
from bot.reply import (
    Block,
    Cited,
    Facts,
    Field,
    Form,
    Heading,
    Lines,
    Option,
    Paragraph,
    Reply,
    Select,
    Tone,
)

GENERATED = "Written by AI"
EMPTY = "(no text)"
TITLE = "Countersign"
USER_ID = re.compile(r"[UW][A-Z0-9]{1,30}")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

# Room kept for the mentions above, the note and the thumbs below.
PART_BLOCKS = limits.MESSAGE_BLOCKS - 3
PART_CHARACTERS = limits.MESSAGE_CHARACTERS - 1_000
MAX_MENTIONS = 25
SHORT = 480  # characters: one message, however much each is made longer ("⟨U+200B⟩")


def render(reply: Reply, *, salt: str | None = None) -> Json:
    """`text` and `blocks` of one message, its block ids never seen before.

    Raises `PlatformError` where the reply needs more than one message: `parts` comes first.
    """
    blocks = _message_blocks(reply)
    text = fallback(reply.text).strip() or fallback(_in_short(reply.blocks)) or EMPTY
    if (
        len(blocks) > limits.MESSAGE_BLOCKS
        or characters(blocks) > limits.MESSAGE_CHARACTERS
        or not fits(text, limits.FALLBACK_ESCAPED)
    ):
        raise PlatformError("Slack", "cannot take this much in one message")
    return {"text": text, "blocks": _numbered(blocks, salt)}


def parts(reply: Reply) -> tuple[Reply, ...]:
    """The reply as the messages it takes. All its words, in order; people are mentioned in the first only."""
    if not reply.blocks and len(reply.text) <= SHORT:
        return (reply,)
    groups = _packed(_body(reply))
    texts = [text for text in chunks(shown(reply.text), limits.FALLBACK_TEXT) if text.strip()]
    if len(groups) <= 1 and len(texts) <= 1:
        return (reply,)
    if not reply.blocks:
        found = [Reply(text, generated=reply.generated) for text in texts]
    else:
        found = _aligned(reply, groups, texts)
    return (replace(found[0], mentions=reply.mentions), *found[1:])


def home(reply: Reply, *, salt: str | None = None) -> Json:
    """The App Home view. What does not fit is counted below, not dropped in silence."""
    shown_blocks: list[Json] = []
    size = left_out = 0
    for drawn in _drawn(_body(reply)):
        size += characters(drawn)
        if left_out or len(shown_blocks) == limits.VIEW_BLOCKS - 2 or size > limits.VIEW_CHARACTERS:
            left_out += 1
        else:
            shown_blocks.append(drawn)
    if left_out:
        shown_blocks += _drawn([Paragraph(f"{left_out} more do not fit here.", Tone.SUBTLE)])
    return {"type": "home", "blocks": _numbered(shown_blocks + _note(reply), salt)}


def modal(form: Form) -> Json:
    """The dialog of a form. Each input's block and action carry the field's name."""
    if len(form.name) > limits.CALLBACK_ID or limits.width(form.value) > limits.PRIVATE_METADATA:
        raise PlatformError("Slack", "takes at most 3,000 characters as what a form carries")
    title = shown(form.title).replace("\n", " ").strip() or TITLE
    said: list[Block] = [] if fits(title, limits.MODAL_TITLE) else [Heading(title)]
    if form.intro:
        said.append(Paragraph(form.intro))
    blocks = _numbered(_drawn(pieces(said)), None)
    for field in form.fields:
        blocks += _field(field)
    if len(blocks) > limits.VIEW_BLOCKS:
        raise PlatformError("Slack", "cannot take this much in one form")
    return {
        "type": "modal",
        "callback_id": form.name,
        "private_metadata": form.value,
        "title": plain_text(shorten(title, limits.MODAL_TITLE)),
        "submit": plain_text(shorten(shown(form.submit).strip() or "Send", limits.MODAL_BUTTON)),
        "close": plain_text("Cancel"),
        "blocks": blocks,
    }


def answer_view(reply: Reply) -> Json:
    """What a form that was sent off turns into when there is something to say."""
    return home(reply) | {"type": "modal", "title": plain_text(TITLE), "close": plain_text("Close")}


def _body(reply: Reply) -> Iterable[Block]:
    return pieces(reply.blocks or (Paragraph(reply.text.strip() or EMPTY),))


def _message_blocks(reply: Reply) -> list[Json]:
    users = [user for user in dict.fromkeys(reply.mentions) if USER_ID.fullmatch(user)]
    if len(users) > MAX_MENTIONS:
        raise PlatformError("Slack", f"is not asked to notify more than {MAX_MENTIONS} people at once")
    above = [mention_block(users)] if users else []
    return above + _drawn(_body(reply)) + _note(reply) + _judging(reply)


def _note(reply: Reply) -> list[Json]:
    return _drawn([Paragraph(GENERATED, Tone.SUBTLE)]) if reply.generated else []


def _judging(reply: Reply) -> list[Json]:
    """Two thumbs below what a model wrote."""
    if not reply.generated:
        return []
    thumbs: Json = {"type": "feedback_buttons", "action_id": FEEDBACK}
    for name, label, value in (("positive", "Good answer", UP), ("negative", "Bad answer", DOWN)):
        thumbs[f"{name}_button"] = {"text": plain_text(label), "value": value}
    return [{"type": "context_actions", "elements": [thumbs]}]


def _drawn(blocks: Iterable[Block]) -> list[Json]:
    return [drawn for drawn in map(draw, blocks) if drawn is not None]


def _numbered(blocks: list[Json], salt: str | None) -> list[Json]:
    """Ids that no earlier drawing of this message had: Slack keeps what was typed under a known id."""
    salt = salt or secrets.token_hex(5)
    return [block | {"block_id": f"{salt}.{number}"} for number, block in enumerate(blocks)]


def _packed(blocks: Iterable[Block]) -> list[tuple[Block, ...]]:
    groups: list[list[Block]] = [[]]
    size = 0
    for block in blocks:
        weight = characters(draw(block))
        if groups[-1] and (size + weight > PART_CHARACTERS or len(groups[-1]) >= PART_BLOCKS):
            groups.append([])
            size = 0
        groups[-1].append(block)
        size += weight
    return [tuple(group) for group in groups]


def _aligned(reply: Reply, groups: list[tuple[Block, ...]], texts: list[str]) -> list[Reply]:
    """The last stretch of the text goes with the first blocks, so that buttons stay below the words."""
    early, said = texts[: -len(groups)], texts[-len(groups) :]
    found = [Reply(text, generated=reply.generated) for text in early]
    for number, group in enumerate(groups):
        text = said[number] if number < len(said) else _in_short(group)
        found.append(Reply(text or EMPTY, group, generated=reply.generated))
    return found


def _in_short(blocks: Iterable[Block]) -> str:
    """The words of the blocks, for a notification; all of it stands in the blocks themselves."""
    words: list[str] = []
    for block in blocks:
        match block:
            case Heading(text) | Paragraph(text):
                words.append(shown(text).strip())
            case Facts(pairs) | Lines(pairs):
                words += [f"{shown(first)} {shown(second)}".strip() for first, second in pairs]
            case Cited(rows):
                words += [f"{shown(row.text)} {' '.join(each.label for each in row.links)}" for row in rows]
            case Select(label):
                words.append(shown(label))
            case _:
                pass
    return shorten("\n".join(words), limits.FALLBACK_TEXT)


def answer_form(form: Form) -> Json:
    """A form that was sent off, shown again: what is wrong stands at its field, what was typed stays."""
    errors = {
        field.name: shorten(shown(field.error), limits.FIELD_ERROR) for field in form.fields if field.error
    }
    if errors:
        return {"response_action": "errors", "errors": errors}
    return {"response_action": "update", "view": modal(form)}


def _typed(value: str) -> str:
    """What stands in an input can be changed by whoever reads it, so it is whole or not there at all."""
    if not fits(value, limits.INPUT_LENGTH):
        raise PlatformError("Slack", "takes at most 3,000 characters in one field")
    return value


def _chosen(options: tuple[Option, ...], value: str) -> Json:
    found = [option for option in options if option.value == value]
    return {"initial_option": menu_options(tuple(found))["options"][0]} if value and found else {}


def _field(field: Field) -> list[Json]:
    name = field.name
    if not 0 < len(name) <= limits.BLOCK_ID:
        raise PlatformError("Slack", "takes 1 to 255 characters as the name of a field")
    element: Json
    above: list[Json] = []
    if field.options:
        said, options = fit_options(field.options)
        above = _numbered(_drawn(pieces([Lines(said)] if said else [])), None)
        element = {"type": "static_select", **menu_options(options), **_chosen(options, field.value)}
    elif field.kind == "person":
        element = {"type": "users_select"}
    elif field.kind == "date":
        element = {"type": "datepicker"}
        if DAY.fullmatch(field.value):
            element["initial_date"] = field.value
    else:
        length = max(1, min(field.max_length, limits.INPUT_LENGTH))
        element = {"type": "plain_text_input", "multiline": field.multiline, "max_length": length}
        if field.value:
            element["initial_value"] = _typed(field.value)
    if field.placeholder:
        element |= {"placeholder": plain_text(shorten(shown(field.placeholder), limits.PLACEHOLDER))}
    label = shown(field.label).strip() or name
    return [
        *above,
        {
            "type": "input",
            "block_id": name,
            "label": plain_text(shorten(label, limits.INPUT_LABEL)),
            "optional": field.optional,
            "element": element | {"action_id": name},
        },
    ]
