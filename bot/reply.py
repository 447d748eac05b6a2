"""What we say: text and cards that no platform owns.

Every string in here is plain text. Nothing is ever read as markup, so what a person typed
cannot become a link, a mention or a bold "Approved": emphasis is a property of the element.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Style(StrEnum):
    PLAIN = "plain"
    PRIMARY = "primary"
    DANGER = "danger"


class Tone(StrEnum):
    """How a paragraph is set: ordinary, strong, small and grey, good news, bad news."""

    NORMAL = "normal"
    STRONG = "strong"
    SUBTLE = "subtle"
    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Heading:
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Line breaks are kept. `asks` names a person to be notified by a real mention."""

    text: str
    tone: Tone = Tone.NORMAL


@dataclass(frozen=True, slots=True)
class Facts:
    """Label and value, a line each. Values are never shortened."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Lines:
    """A list: what, and what it comes to ("2 × Margherita", "$ 19.00")."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Link:
    """Where something is: `url` is an address that a service gave, never one that somebody wrote."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Statement:
    """Words, and links to what they rest on."""

    text: str
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Cited:
    """Statements with their sources. `folded`: opened by a press on these words, where a platform can."""

    rows: tuple[Statement, ...]
    folded: str = ""


@dataclass(frozen=True, slots=True)
class Button:
    """`action` names the control, `value` (at most 2,000 characters) comes back with the press.

    A button with a `url` opens it, and nothing comes back that we act on.
    """

    label: str
    action: str
    value: str = ""
    style: Style = Style.PLAIN
    url: str = ""


@dataclass(frozen=True, slots=True)
class Buttons:
    buttons: tuple[Button, ...]


@dataclass(frozen=True, slots=True)
class Option:
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Select:
    """One of several; choosing is a press with the option's value. `chosen` is the value that it has now."""

    label: str
    action: str
    options: tuple[Option, ...]
    chosen: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """A line or more of text to be typed on the card itself, sent with the buttons of the card;
    with `options` one of these to be chosen.

    Drawn only where the platform has inputs on messages (Teams); elsewhere the button opens
    the `Form` that the engine answers with.
    """

    name: str
    label: str
    multiline: bool = False
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class Divider:
    pass


Block = Heading | Paragraph | Facts | Lines | Cited | Buttons | Select | Ask | Divider


@dataclass(frozen=True, slots=True)
class Reply:
    """One message. `text` is what notifications and screen readers get, and must say it all in short.

    With no `blocks` the text is the message. `mentions` are people to be notified.
    `generated` marks words that a model wrote.
    """

    text: str
    blocks: tuple[Block, ...] = ()
    mentions: tuple[str, ...] = ()
    generated: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """One input of a form. `options` makes it a choice, `kind` a day (ISO) or somebody: by the platform's
    own id where it has a list of people, else as they are called. `value` is what stands in it already,
    `error` what is wrong with it, where the form is shown again.
    """

    name: str
    label: str
    multiline: bool = False
    optional: bool = False
    options: tuple[Option, ...] = ()
    placeholder: str = ""
    max_length: int = 2000
    kind: Literal["text", "date", "person"] = "text"
    value: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """A dialog. `name` and `value` come back with what was filled in (`Submitted`).

    `back`: where a form takes the place of a card, the press (with the same `value`) that undoes that.
    """

    name: str
    value: str
    title: str
    fields: tuple[Field, ...]
    submit: str = "Send"
    intro: str = ""
    back: str = ""
