"""What a text may not bring along: an address, or somebody to be notified.

A model reads what strangers wrote. Whatever it was talked into, the only links in a summary are those
to the sources themselves, which we set, and nobody is pinged by it.
"""

from __future__ import annotations

import re

LEFT_OUT = "(link removed)"
# An address with a scheme, one that people leave the scheme off, and every markup for a link.
_MARKED = re.compile(r"!?\[([^\[\]]{0,300})\]\(\s*<?[^()\s]*(?:\([^()]*\)[^()\s]*)*>?(?:\s+[^()]*)?\)")
_ANGLED = re.compile(r"<\s*[a-z!@#/][^<>]{0,2000}>", re.IGNORECASE)
_SCHEME = re.compile(
    r"\b[a-z][a-z0-9+.-]{1,20}:/{1,3}[^\s<>\"”]+|\b(?:mailto|tel|data|javascript|slack|msteams):\S+",
    re.IGNORECASE,
)
_BARE = re.compile(
    r"(?<![\w@.-])(?:www\d?\.[^\s<>\"”]+|(?:[a-z0-9-]{1,63}\.){1,8}(?:[a-z]{2,24}|xn--[a-z0-9-]{2,59})(?:(?::\d{1,5})?[/?#][^\s<>\"”]*)|"
    r"(?:[a-z0-9-]{1,63}\.){1,8}(?:com|net|org|io|dev|app|ai|co|me|info|biz|ru|cn|xyz|top|site|online|link|page|gg|ly|to|sh|eu|de|uk|us)\b)",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"\bhttps?\b:?/?/?(?:\d{1,3}\.){3}\d{1,3}\S*|(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?/\S*",
    re.IGNORECASE,
)
_MENTION = re.compile(r"(?<![\w.])@(?=[\w{<])|<at>|</at>", re.IGNORECASE)
_HIDDEN = re.compile(r"[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def without_links(text: str) -> str:
    """The words alone. The words of a link stay, its address does not. Twice is the same as once."""
    text = _HIDDEN.sub("", text)
    text = _MARKED.sub(lambda link: link[1], text)
    text = _ANGLED.sub(LEFT_OUT, text)
    for pattern in (_SCHEME, _NUMBER, _BARE):
        text = pattern.sub(LEFT_OUT, text)
    return _MENTION.sub("", text)
