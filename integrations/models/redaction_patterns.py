"""What is sensitive by its shape: cards, accounts, addresses, numbers, keys. By checksum where there is one.

Pure and quick. It looks for what people paste and type in a hurry, not for what somebody hides on purpose:
digits that are spelled out, or spread over several messages, are not found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple


class Span(NamedTuple):
    kind: str
    start: int
    end: int


KINDS = ("card", "iban", "key", "email", "passport", "ssn", "phone", "name")

# Whatever is found below holds one of these; a test holds that this loses nothing.
_HINTS = re.compile(
    r"@|(?:\d\D{0,3}){7}|\d\D{0,2}(?:\d\D{0,2}){5}|\d{6}|private key|bearer|basic|://|pass|pwd|secret|token|api|key"
    r"|sk[-_]|rk_|pk_|gh[a-z]_|github_|glpat|xox|xapp|akia|asia|aiza|ya29|eyj|hf_|npm_|pypi|sg\.|ntn_|atatt|whsec",
    re.IGNORECASE,
)


def may_hold(text: str) -> bool:
    """A cheap look: False where there is certainly nothing."""
    return _HINTS.search(text) is not None


def spans(text: str) -> list[Span]:
    """All that is found, in order; of two that overlap the longer one."""
    found = [*_keys(text), *_emails(text), *_passports(text)]
    if _DIGITS.search(text):
        found += [*_cards(text), *_ibans(text), *_ssns(text), *_phones(text)]
    return apart(found)


def apart(found: list[Span]) -> list[Span]:
    kept: list[Span] = []
    rank = {kind: at for at, kind in enumerate(KINDS)}
    for each in sorted(found, key=lambda one: (one.start - one.end, rank.get(one.kind, 99))):
        if all(each.end <= other.start or each.start >= other.end for other in kept):
            kept.append(each)
    return sorted(kept, key=lambda one: one.start)


# cards

_DIGITS = re.compile(r"(?:\d\D{0,3}){6}")
_RUN = re.compile(r"(?<![\d])\d(?:[ \t\r\n.,_/\-]{0,2}\d){12,}")
_TOKEN = re.compile(r"\d+")
_ISSUER = re.compile(r"3[0-9]|4|5[0-8]|6[0-9]|2[2-7]|81|62")


def _cards(text: str) -> Iterator[Span]:
    for run in _RUN.finditer(text):
        tokens = [(one.group(), one.start(), one.end()) for one in _TOKEN.finditer(text, *run.span())]
        first = 0
        while first < len(tokens):
            last = _card_from(tokens, first)
            if last is not None:
                yield Span("card", tokens[first][1], tokens[last][2])
            first = first + 1 if last is None else last + 1


def _card_from(tokens: list[tuple[str, int, int]], first: int) -> int | None:
    """The last token of a card that begins at this one."""
    digits, found = "", None
    for at in range(first, min(first + 19, len(tokens))):
        digits += tokens[at][0]
        if len(digits) > 24:
            break
        if _is_card(digits):
            found = at
        elif at == first and len(digits) > 19 and any(_is_card(digits[:size]) for size in (16, 15)):
            found = at  # with the date of expiry right behind it
    return found


def _is_card(digits: str) -> bool:
    return (
        13 <= len(digits) <= 19
        and _ISSUER.match(digits) is not None
        and len(set(digits)) > 1
        and luhn(digits)
    )


def luhn(digits: str) -> bool:
    doubled = (sum(divmod(2 * int(each), 10)) for each in digits[-2::-2])
    return (sum(int(each) for each in digits[::-2]) + sum(doubled)) % 10 == 0


# accounts

_ACCOUNT = re.compile(r"(?<![A-Za-z0-9])([A-Za-z]{2})\d{2}(?=[ \-]?[A-Za-z0-9])")
_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29,
    "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29,
    "ES": 24, "FI": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28,
    "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20,
    "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "MC": 27, "MD": 24, "ME": 22, "MK": 19,
    "MR": 27, "MT": 31, "MU": 30, "NL": 18, "NO": 15, "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29,
    "RO": 24, "RS": 22, "SA": 24, "SC": 31, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "ST": 25, "SV": 28,
    "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
}  # fmt: skip
_LETTERS = {chr(ord("A") + at): str(10 + at) for at in range(26)}


def _ibans(text: str) -> Iterator[Span]:
    for begun in _ACCOUNT.finditer(text):
        wanted = _LENGTHS.get(begun[1].upper())
        if wanted is None:
            continue
        account, at = "", begun.start()
        while at < len(text) and len(account) < wanted:
            each = text[at]
            if each.isascii() and each.isalnum():
                account += each.upper()
            elif each not in " -\t\n" or text[at - 1] in " -\t\n":
                break
            at += 1
        behind = text[at : at + 1]
        if len(account) == wanted and not behind.isalnum() and _mod_97(account):
            yield Span("iban", begun.start(), at)


def _mod_97(account: str) -> bool:
    turned = account[4:] + account[:4]
    return int("".join(_LETTERS.get(each, each) for each in turned)) % 97 == 1


# addresses and numbers

_EMAIL = re.compile(
    r"(?<![\w.+%'\-])[\w+%'\-][\w.+%'\-]{0,63}@(?:[^\W_](?:[\w\-]{0,62})\.){1,8}[^\W\d_][\w\-]{1,62}"
)
_WITH_COUNTRY = re.compile(r"(?<![\w+.])(?:\+|(?<!\d )00)[1-9](?:[ \t.()/\-]{0,3}\d){7,14}(?!\d)")
_IN_GROUPS = re.compile(
    r"(?<![\w+.\-])(?:\(\d{2,5}\) ?|0[1-9]\d{0,3}[ ./\-]|\d{3}([ .\-])(?=\d{3}\1\d{4}(?!\d)))"
    r"\d{2,5}(?:[ .\-]?\d{2,5}){1,3}(?![\d.\-]*\d)"
)
_SAID = re.compile(
    r"(?i)\b(?:phone|tele?phone|tel|call|mobile|cell|whatsapp|fax|ring|text|sms|dial|reach|handy|number is)\b"
    r"[^\d\n+]{0,24}(?P<number>\(?\d(?:[ .()/\-]{0,2}\d){6,13})(?!\d)"
)


def _emails(text: str) -> Iterator[Span]:
    if "@" not in text:
        return
    for found in _EMAIL.finditer(text):
        yield Span("email", *found.span())


def _phones(text: str) -> Iterator[Span]:
    for found in _WITH_COUNTRY.finditer(text):
        yield Span("phone", *found.span())
    for found in _IN_GROUPS.finditer(text):
        if 9 <= sum(each.isdigit() for each in found.group()) <= 14:
            yield Span("phone", *found.span())
    for found in _SAID.finditer(text):
        yield Span("phone", *found.span("number"))


# papers

_PASSPORT = re.compile(
    r"(?i)\b(?:passport|reisepass|passeport|pasaporte)\b[^\n]{0,40}?(?<![A-Z0-9])"
    r"(?P<number>(?=[A-Z0-9]{0,3}[0-9])[A-Z]{0,2}[0-9]{6,9}|[CFGHJK][0-9CFGHJKLMNPRTVWXYZ]{8})(?![A-Z0-9])"
)
_ZONE = re.compile(
    r"(?<![A-Z0-9<])([A-Z0-9<]{9})(\d)[A-Z<]{3}(\d{6})(\d)[MFX<](\d{6})(\d)[A-Z0-9<]{14}[\d<]\d"
)
_SSN = re.compile(r"(?<![\w\-])(?!000|666|9\d\d)\d{3}([- ])(?!00)\d\d\1(?!0000)\d{4}(?![\w\-])")


def _passports(text: str) -> Iterator[Span]:
    for found in _PASSPORT.finditer(text):
        if sum(each.isdigit() for each in found["number"]) >= 2:
            yield Span("passport", *found.span("number"))
    for found in _ZONE.finditer(text):
        number, one, born, two, until, three = found.groups()
        if all(_zone_digit(part) == digit for part, digit in ((number, one), (born, two), (until, three))):
            yield Span("passport", *found.span())


def _zone_digit(part: str) -> str:
    values = (0 if c == "<" else int(c) if c.isdecimal() else ord(c) - ord("A") + 10 for c in part)
    return str(sum(value * (7, 3, 1)[at % 3] for at, value in enumerate(values)) % 10)


def _ssns(text: str) -> Iterator[Span]:
    for found in _SSN.finditer(text):
        yield Span("ssn", *found.span())


# keys

_KEY = re.compile(
    r"(?<![A-Za-z0-9_\-])(?:"
    r"sk-[A-Za-z0-9_\-]{16,}"
    r"|(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{8,}"
    r"|whsec_[A-Za-z0-9+/=]{12,}"
    r"|gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_\-]{16,}"
    r"|xox[a-z]-[A-Za-z0-9\-]{10,}|xapp-[A-Za-z0-9\-]{10,}"
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[A-Za-z0-9_\-]{30,}|ya29\.[A-Za-z0-9_\-]{20,}"
    r"|eyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-]{8,}(?:\.[A-Za-z0-9_\-]*)?"
    r"|hf_[A-Za-z0-9]{20,}|npm_[A-Za-z0-9]{20,}|pypi-[A-Za-z0-9_\-]{20,}"
    r"|SG\.[A-Za-z0-9_\-]{16,}\.[A-Za-z0-9_\-]{16,}"
    r"|ntn_[A-Za-z0-9]{20,}|secret_[A-Za-z0-9]{20,}|ATATT[A-Za-z0-9_=\-]{20,}"
    r")"
)
_PEM = re.compile(
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----(?:(?!-----END)[\s\S]){0,20000}(?:-----END [A-Z ]{0,30}-----)?"
)
_HEADER = re.compile(r"(?i)\b(?:bearer|basic) (?P<key>[A-Za-z0-9._~+/\-]{16,}=*)")
_IN_URL = re.compile(r"://[^\s/:@]{0,100}:(?P<key>[^\s/@]{1,200}@[^\s/:?#]{0,253})")
_GIVEN = re.compile(
    r"(?i)\b(?:pass(?:word|wd|phrase|code)?|pwd|secret|token|(?:api|access|secret|private)[ _\-]?key)\b"
    r"""[\"']?\s{0,3}(?:is|[:=]|=>)\s{0,3}[\"']?(?P<key>(?![\[<*])[^\s\"',;]{6,200})"""
)


def _keys(text: str) -> Iterator[Span]:
    for found in _KEY.finditer(text):
        yield Span("key", *found.span())
    if "-----BEGIN" in text:
        for found in _PEM.finditer(text):
            yield Span("key", *found.span())
    for pattern in (_HEADER, _IN_URL, _GIVEN):
        for found in pattern.finditer(text):
            if pattern is not _GIVEN or not found["key"].isalpha():
                yield Span("key", *found.span("key"))
