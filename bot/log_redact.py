"""The one place that knows what a secret looks like, and takes it out of a string."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

MOST = 1000  # characters of one value in a log line
GONE: Final = "[redacted]"

SENSITIVE_KEY = re.compile(
    r"token|secret|passw(?:or)?d|passphrase|authori[sz]ation|credential|api[_-]?key|private[_-]?key|cookie"
    r"|signature|session|\bbody\b|\btext\b|\bpayload\b|\bcontent\b|\bdsn\b|\bheaders?\b|client_assertion",
    re.IGNORECASE,
)
_EXACT_KEYS = frozenset(
    {"pass", "pwd", "auth", "body", "text", "payload", "content", "message_text", "dsn", "url"}
)
_SAFE_KEYS = frozenset({"token_count", "input_tokens", "output_tokens", "content_type", "body_bytes"})


def is_sensitive(key: str) -> bool:
    """Whether a field is dropped by its name alone, whatever it holds."""
    lowered = key.lower()
    return lowered not in _SAFE_KEYS and (lowered in _EXACT_KEYS or SENSITIVE_KEY.search(lowered) is not None)


_IBAN_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO",
        16: "BE",
        18: "DK FI FO GL NL",
        19: "MK SI",
        20: "AT BA EE KZ LT LU XK",
        21: "CH CR HR LI LV",
        22: "BG BH DE GB GE IE ME RS",
        23: "AE GI IL IQ TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT",
        26: "IS TR",
        27: "FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HU LB NI PL SV",
        29: "BR EG PS QA UA",
        30: "JO KW MU",
        31: "MT SC",
        32: "LC",
        33: "RU",
    }.items()
    for country in countries.split()
}


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _card(match: re.Match[str]) -> str:
    digits = re.sub(r"[ -]", "", match[0])
    return "[card]" if 13 <= len(digits) <= 19 and _luhn(digits) else match[0]


def _iban(match: re.Match[str]) -> str:
    """The pattern may have taken the following words too: the country says how long an IBAN is."""
    length = _IBAN_LENGTHS.get(match[0][:2].upper(), 0)
    end = seen = 0
    while end < len(match[0]) and seen < length:
        seen += match[0][end].isalnum()
        end += 1
    plain = "".join(filter(str.isalnum, match[0][:end])).upper()
    number = "".join(str(int(letter, 36)) for letter in plain[4:] + plain[:4])
    found = 0 < length == seen and int(number) % 97 == 1
    return "[iban]" + match[0][end:] if found else match[0]


Replacement = str | Callable[[re.Match[str]], str]

# Each pattern is preceded by what a string must contain for it to be worth trying, in lower case.
_RULES: tuple[tuple[tuple[str, ...], re.Pattern[str], Replacement], ...] = (
    (
        ("-----begin",),
        re.compile(r"-----BEGIN [A-Z ]{3,40}-----.*?(?:-----END [A-Z ]{3,40}-----|\Z)", re.DOTALL),
        GONE,
    ),
    (("://",), re.compile(r"(\b[a-zA-Z][\w+.-]{1,30}://[^\s:@/]{0,200}):[^\s@]{1,300}@"), r"\1:[redacted]@"),
    (
        ("hooks.slack.com", "webhook"),
        re.compile(r"(hooks\.slack\.com|\.webhook\.office\.com)/[^\s\"'<>]+"),
        r"\1/[redacted]",
    ),
    (("xox", "xapp-"), re.compile(r"\b(?:xox[a-z](?:\.xox[a-z])?|xapp)-[\w-]{4,}"), GONE),
    (
        ("k_live_", "k_test_", "whsec_"),
        re.compile(r"\b(?:[a-z]{2}_(?:live|test)_|whsec_)[A-Za-z0-9+/=_]{6,}"),
        GONE,
    ),
    (("eyj",), re.compile(r"\beyJ[\w-]{5,}\.[\w-]{4,}(?:\.[\w-]*){0,3}"), GONE),
    (("sk-",), re.compile(r"\bsk-[A-Za-z0-9][\w-]{10,}"), GONE),
    (
        ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
        re.compile(r"\b(?:gh[pousr]_|github_pat_)\w{10,}"),
        GONE,
    ),
    (("ntn_", "secret_"), re.compile(r"\b(?:ntn|secret)_[A-Za-z0-9]{10,}"), GONE),
    (("akia", "asia"), re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"), GONE),
    (("atatt", "atctt"), re.compile(r"\bAT[AC]TT3[\w=-]{10,}"), GONE),
    (("aiza",), re.compile(r"\bAIza[\w-]{30,}"), GONE),
    (
        ("bearer ", "basic ", "bot "),
        re.compile(r"\b(Bearer|Basic)\s+[\w+/=.~-]{4,}", re.IGNORECASE),
        r"\1 [redacted]",
    ),
    (
        ("token", "secret", "passw", "pwd", "key", "auth", "sig", "code", "cookie", "credential"),
        re.compile(
            r"""(\\{0,3}["']?[\w-]{0,40}(?:token|secret|passw(?:or)?d|pwd|api[_-]?key|access[_-]?key|private[_-]?key|authorization"""
            r"""|signature|\bsig|\bcode|cookie|credential)s?[\w-]{0,20}\\{0,3}["']?\s{0,3}[:=]\s{0,3})"""
            r"""(\\{0,3}"[^"]{1,2000}"?|\\{0,3}'[^']{1,2000}'?|[^\s,;&"'}\])]{1,2000})""",
            re.IGNORECASE,
        ),
        r"\1[redacted]",
    ),
    (("@",), re.compile(r"[\w.+%-]{1,64}@(?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,24}\b"), "[e-mail]"),
    ((), re.compile(r"(?<![\d.])[2-6]\d{3}(?:[ -]?\d){9,15}(?![\d.])"), _card),
    ((), re.compile(r"\b[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,30}\b"), _iban),
)


def redact(text: str) -> str:
    """The text without secrets, cards, accounts and addresses, and no longer than `MOST`."""
    if len(text) > 4 * MOST:
        # A secret cut in two at the end would no longer look like one: drop the last word.
        text = text[: 4 * MOST].rpartition(" ")[0]
    lowered = text.lower()
    for needles, pattern, replacement in _RULES:
        if not needles or any(needle in lowered for needle in needles):
            text = pattern.sub(replacement, text)
    return text if len(text) <= MOST else f"{text[:MOST]}… ({len(text)} characters)"
