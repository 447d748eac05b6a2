"""Emoji as people type them: the one legitimate use of joiners, selectors and tags."""

from __future__ import annotations

import re

# A good neighbourhood of Unicode's Extended_Pictographic, which the standard library does not know.
_PICTURE = (
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u2199\u21a9\u21aa\u231a\u231b\u2328\u23cf\u23e9-\u23f3"
    "\u23f8-\u23fa\u24c2\u25aa\u25ab\u25b6\u25c0\u25fb-\u25fe\u2600-\u27bf\u2934\u2935\u2b05-\u2b07\u2b1b\u2b1c"
    "\u2b50\u2b55\u3030\u303d\u3297\u3299\U0001f000-\U0001f0ff\U0001f10d-\U0001f1e5\U0001f201-\U0001f3fa"
    "\U0001f400-\U0001faff]"
)
_ONE = f"{_PICTURE}(?:\ufe0f?[\U0001f3fb-\U0001f3ff]|[\ufe0e\ufe0f])?"
_FLAGS = "\U0001f3f4(?:{})\U000e007f".format(
    "|".join("".join(chr(0xE0000 + ord(letter)) for letter in code) for code in ("gbeng", "gbsct", "gbwls"))
)
_KEYCAP = "[0-9#*]\ufe0f?\u20e3"

EMOJI = re.compile(f"{_FLAGS}|{_KEYCAP}|{_ONE}(?:\u200d{_ONE}){{0,7}}")
