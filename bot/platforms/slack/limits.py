"""What Slack takes: characters and counts, with a margin where the page and the truth differ.

Characters are counted as UTF-16 units, the most that any of Slack's counters could see.
"""

from __future__ import annotations

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
MESSAGE_CHARACTERS = 10_000  # of all blocks together; a little over 13,000 comes back msg_blocks_too_long
VIEW_CHARACTERS = 60_000  # a view may be 250 kB of JSON

SECTION_TEXT = 3_000
RICH_TEXT = 2_900  # ours, for one rich_text block
CONTEXT_TEXT = 2_000
HEADER_TEXT = 150
FALLBACK_TEXT = 3_900  # `text`; truncated above 40,000, advised below 4,000
FALLBACK_ESCAPED = 40_000

ACTIONS_ELEMENTS = 25
BUTTON_TEXT = 75
BUTTON_VALUE = 2_000
BUTTON_URL = 3_000
ACTION_ID = 255
BLOCK_ID = 255

OPTION_TEXT = 75
OPTION_VALUE = 150
OPTIONS = 100
OPTION_GROUPS = 100
PLACEHOLDER = 150

MODAL_TITLE = 24
MODAL_BUTTON = 24
INPUT_LABEL = 2_000
INPUT_LENGTH = 3_000
FIELD_ERROR = 300  # ours: what stands below a field of a form
CALLBACK_ID = 255
PRIVATE_METADATA = 3_000


def width(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def fits(text: str, limit: int) -> bool:
    return len(text) * 2 <= limit or width(text) <= limit


def chunks(text: str, limit: int) -> list[str]:
    """Pieces within the limit that together are the text: nothing is cut, no character is torn.

    Broken after a line or a word where there is one in the second half of a piece.
    """
    pieces = []
    rest = text
    while not fits(rest, limit):
        end = _end(rest, limit)
        pieces.append(rest[:end])
        rest = rest[end:]
    return [*pieces, rest] if rest or not pieces else pieces


def shorten(text: str, limit: int) -> str:
    """For labels only, whose full wording is said elsewhere on the same message."""
    return text if fits(text, limit) else chunks(text, limit - 1)[0].rstrip() + "…"


def _end(text: str, limit: int) -> int:
    end = limit
    while width(text[:end]) > limit:
        end -= (width(text[:end]) - limit + 1) // 2
    for mark in ("\n", " "):
        found = text.rfind(mark, end // 2, end)
        if found > 0:
            return found + 1
    whole = end
    while whole > max(1, end - 40) and _clings(text[whole - 1], text[whole]):
        whole -= 1
    return whole


def _clings(before: str, after: str) -> bool:
    """True inside an emoji or an accented letter."""
    joiner, code = "\u200d", ord(after)
    return (
        before == joiner
        or after == joiner
        or 0x0300 <= code <= 0x036F
        or 0xFE00 <= code <= 0xFE0F
        or 0x1F3FB <= code <= 0x1F3FF
        or 0x1F1E6 <= code <= 0x1F1FF
    )
