"""What fits into one message of Teams."""

from __future__ import annotations

# Teams refuses a message above 100 KB counted in UTF-16; a card well below that stays quick to draw.
MESSAGE_UTF16_BYTES = 100_000
CARD_BYTES = 25_000
# Room kept in each part for its number ("2/3") and our marker.
MARGIN = 600
# A row of buttons; Teams hides what comes after behind a menu.
BUTTONS_PER_ROW = 6
# Notifications show less than this of the summary anyway.
SUMMARY_CHARACTERS = 1_000
# More lines than this in one paragraph share an element.
LINES_OF_THEIR_OWN = 60
BUTTON_VALUE = 2_000


def shortened(text: str, most: int = SUMMARY_CHARACTERS) -> str:
    """For what only announces a message: the message itself is never shortened."""
    return text if len(text) <= most else text[: most - 1] + "…"
