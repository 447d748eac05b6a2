"""What an organisation calls the bot, and how it likes to sound: checked, so that it passes for nobody."""

from __future__ import annotations

import re
import unicodedata

from bot.errors import ConfigurationError
from bot.text_script import is_mixed, scripts
from workers.store.preferences import Brand

LONGEST_NAME, LONGEST_VOICE = 40, 300
# The platforms, those whose word counts, and words that say that something was decided or done.
TAKEN = (
    "slack",
    "microsoft",
    "teams",
    "copilot",
    "google",
    "stripe",
    "github",
    "atlassian",
    "admin",
    "administrator",
    "security",
    "support",
    "official",
    "verified",
    "system",
    "approved",
    "approver",
    "rejected",
    "countersigned",
    "confirmed",
    "paid",
    "refunded",
    "everyone",
    "channel",
    "here",
)
_MARKS = re.compile(r"[\w &'’.\-+]+\Z")
# Digits and signs that are read as letters.
_READ_AS = str.maketrans("013457$@|!", "oieastsali")
WHAT = f"A brand's name has 1 to {LONGEST_NAME} letters, digits, spaces and & ' . - +, as in “Lemon Desk”."


def checked(name: str, voice: str = "") -> Brand:
    """Raises `ConfigurationError` with what is wrong and what would be right."""
    name = " ".join(unicodedata.normalize("NFKC", name).split())
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable() or not _MARKS.match(name):
        raise ConfigurationError(WHAT)
    if not name[0].isalnum() or not any(letter.isalpha() for letter in name):
        raise ConfigurationError(WHAT)
    if is_mixed(scripts(name.replace(" ", ""))):
        raise ConfigurationError("A brand's name is in one script: letters that pass for others are refused.")
    if word := _taken(name):
        raise ConfigurationError(
            f"A brand's name may not say “{word}”: it would pass for somebody else's word."
        )
    voice = " ".join(voice.split())
    if len(voice) > LONGEST_VOICE or not voice.isprintable():
        raise ConfigurationError(
            f"A voice is at most {LONGEST_VOICE} printable characters, as in “Warm, brief, no jargon”."
        )
    return Brand(name, voice)


def _taken(name: str) -> str:
    """What it says that is not ours to say, however it is spelled."""
    bare = "".join(
        letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter)
    )
    words = [word.translate(_READ_AS) for word in re.findall(r"[\w$@|!]+", bare.casefold())]
    joined = "".join(words)
    long = [word for word in TAKEN if len(word) > 5]
    return next(
        (word for word in TAKEN if word in words), next((word for word in long if word in joined), "")
    )
