"""Strings that try to make a card lie. `shows` is what a reader of `for_card` must be able to see."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Attack:
    name: str
    text: str
    shows: str = ""


def _hidden() -> list[Attack]:
    codes = """
        0000 0001 0007 0008 001B 007F 0080 009B 00AD 034F 061C 115F 1160 17B4 180E 200B 200C 200D 200E 200F
        202A
        202B 202C 202D 202E 2060 2061 2062 2063 2064 2066 2067 2068 2069 206A 206F 3164 FE00 FE0F FEFF FFA0
        FFF9 FFFA
        FFFB FFFC 1D173 E000 F8FF E0001 E0041 E0061 E007F E0100 E01EF F0000 10FFFD D800 DFFF
    """
    return [Attack(f"U+{code}", f"Ac{chr(int(code, 16))}me", f"⟨U+{code}⟩") for code in codes.split()]


def _digits() -> list[Attack]:
    zeros = """
        0660 06F0 07C0 0966 09E6 0A66 0AE6 0B66 0BE6 0C66 0CE6 0D66 0E50 0ED0 0F20 1040 17E0 1810 FF10
        1D7CE 1D7D8 1D7E2
    """
    found = []
    for zero in zeros.split():
        text = "".join(chr(int(zero, 16) + digit) for digit in (5, 0, 0))
        found.append(Attack(f"digits from U+{zero}", f"{text} USD", "⟨=500⟩"))
    return [*found, Attack("circled digits", "①⓪⓪ USD", "⟨=100⟩"), Attack("one among ours", "1٢00", "⟨=2⟩")]


def _points() -> list[Attack]:
    codes = (
        "066C 066B 201A 2024 2044 2215 2236 29F8 3002 A789 FE52 FE6B FF0C FF0E FF0F FF1A FF20 2010 2011 2212"
    )
    return [Attack(f"point U+{code}", f"1{chr(int(code, 16))}200", f"⟨U+{code}⟩") for code in codes.split()]


_WORDS = {
    "раypal": "⟨Cyrillic+Latin⟩",
    "Асmе": "⟨Cyrillic+Latin⟩",
    "аpple": "⟨Cyrillic+Latin⟩",
    "gооgle": "⟨Cyrillic+Latin⟩",
    "Αmazon": "⟨Greek+Latin⟩",
    "Stripе": "⟨Cyrillic+Latin⟩",
    "Αcme": "⟨Greek+Latin⟩",
    "micrοsoft": "⟨Greek+Latin⟩",
    "асе": "⟨Cyrillic⟩",
    "СОРА": "⟨Cyrillic⟩",
    "рау to Acme": "⟨Cyrillic⟩",
    "Send to ΑΒΟΤ": "⟨Greek⟩",
    "սոս": "⟨Armenian⟩",
    "ᏚᎢᎡᏆᏢᎬ": "⟨Cherokee⟩",
    "ꓮꓚꓟꓰ": "⟨Lisu⟩",
    "Ꭺcme": "⟨Cherokee+Latin⟩",
    "ɡooɡle": "⟨Latin+Phonetic⟩",
    "ᴀᴄᴍᴇ": "⟨Phonetic⟩",
    "Ａｃｍｅ": "⟨=Acme⟩",
    "𝐀𝐜𝐦𝐞": "⟨=Acme⟩",
    "𝓐𝓬𝓶𝓮": "⟨=Acme⟩",
    "𝙰𝚌𝚖𝚎": "⟨=Acme⟩",
    "Acme＄": "⟨U+FF04⟩",
    "￡100": "⟨U+FFE1⟩",
    "p" + "а" * 200: "⟨Cyrillic+Latin⟩",
}

_PADDED = {
    "100 USD" + "\n" * 60 + "to Mallory": "⟨59 empty lines⟩",
    "100 USD" + "\r\n" * 9 + "to Mallory": "⟨8 empty lines⟩",
    "\n" * 30 + "to Mallory": "⟨30 empty lines⟩",
    "100 USD" + "\u2028" * 9 + "to Mallory": "⟨8 empty lines⟩",
    "100 USD" + " \n" * 9 + "to Mallory": "⟨8 empty lines⟩",
    "100 USD" + " " * 200 + "to Mallory": "⟨200 spaces⟩",
    "100 USD" + "\u3000" * 50 + "to Mallory": "⟨50 spaces⟩",
    "100 USD" + "\u2800" * 50 + "to Mallory": "⟨50 spaces⟩",
    "100 USD" + "\t" * 50 + "to Mallory": "⟨50 spaces⟩",
    "100 USD\n" + "x\n" * 60 + "to Mallory": "⟨62 lines follow⟩",
    "a" + "\u0301" * 40: "⟨U+0301⟩",
    "100\u20e0 USD": "⟨U+20E0⟩",
    " \u0338100": "⟨U+0338⟩",
}

_FORGED = {
    "9⟨=100⟩": "⟨U+27E8⟩",
    "１⟨=2⟩": "⟨=1⟩",
    "раypal⟨Latin⟩": "⟨Cyrillic+Latin⟩",
    "ok ⟨approved by Omar⟩": "⟨U+27E8⟩",
    "⟨": "⟨U+27E8⟩",
    "x⟩y": "⟨U+27E9⟩",
}

_MARKUP = r"""
<!channel>
<!here> now
<!everyone>
<!subteam^S123>
<@U123ABC>
<#C123|general>
<https://evil.example|https://acme.example>
<mailto:a@b.example|mail>
<!date^1392734382^{date}^https://evil.example|today>
&lt;!channel&gt;
&amp;lt;!channel&amp;gt;
*Approved* by Omar
_quiet_ ~gone~ `code`
```block```
> quoted
>>> all quoted
*a **b** c*
:white_check_mark: Approved
@channel @here @everyone
[https://acme.example](https://evil.example)
[a][1] [1]: https://evil.example
![picture](https://evil.example/x.png)
**Approved** __by__ Omar
***all***
~~gone~~
# Approved
###### Approved
Approved\n===
Approved\n---
- one\n- two
* one\n* two
+ one\n+ two
1. one\n2. two
1) one\n2) two
    indented code
\tindented code
<at>Omar</at>
<b>Approved</b>
<script>alert(1)</script>
<img src=x onerror=alert(1)>
<a href="https://evil.example">acme</a>
<!-- hidden -->
<https://evil.example>
&lt;at&gt;Omar&lt;/at&gt;
&#60;at&#62;
&#x3c;b&#x3e;
&nbsp;&zwj;&copy;
a | b\n--|--\n1 | 2
\\*not bold\\*
\\\\[x](y)
\\<b>
a\\
***
___
- - -
{{ 7*7 }} {% raw %} ${7*7} #{7*7}
{"a": [1, 2]}
'; DROP TABLE effects; --
_a_b_ snake_case_word
`` ` ``
[x](<javascript:alert(1)>)
[x](javascript:alert(1))
[^1]: note
$$x$$ \\(y\\)
a  \nb
1986\\. A great year
10. ten
0) zero
+1 agreed
#hashtag
"""


def _markup() -> list[Attack]:
    lines = [line.replace("\\n", "\n").replace("\\t", "\t") for line in _MARKUP.strip("\n").split("\n")]
    return [Attack(f"markup {line[:20]!r}", line) for line in lines]


def _long() -> list[Attack]:
    return [
        Attack("40,000 letters", "x" * 40_000),
        Attack("40,000 of everything", ("ä🍕<b>*_[\u202e" * 5_000)[:40_000]),
        Attack("right to left", "שלום 100 USD"),
        Attack("Arabic", "مرحبا بالعالم"),
    ]


ATTACKS = (
    _hidden()
    + _digits()
    + _points()
    + [Attack(f"word {text[:12]}", text, shows) for text, shows in _WORDS.items()]
    + [Attack(f"padding {number}", text, shows) for number, (text, shows) in enumerate(_PADDED.items())]
    + [Attack(f"forged {number}", text, shows) for number, (text, shows) in enumerate(_FORGED.items())]
    + _markup()
    + _long()
)

# What honest people write, and must come out as it went in, on a card too.
HONEST = [
    "two colas and a Margherita, no onions",
    "Müller & Söhne, Zürich: naïve façade",
    "İstanbul ışık Ağrı",
    "Азербайджан: Москва, Пермь и Тула",
    "Azərbaycan",
    "Αθήνα και Θεσσαλονίκη",
    "日本語のTシャツを2枚",
    "中文，标点。",
    "한국어 주문 2개",
    "שלום עולם",
    "مرحبا بالعالم",
    "می‌خواهم",
    "क्‍ष हिन्दी",
    "ภาษาไทย น้ำ",
    "Việt Nam, phở",
    "5 µm, 20 °C, m², ½ litre, ±3 %, 10 €",
    "it’s “quoted” – and — dashed…",
    "👍🏽 👩‍⚕️ 👨‍👩‍👧‍👦 ❤️ ❤️‍🔥 🏳️‍🌈 🐈‍⬛ ☎️ ✔︎",
    "1️⃣ #️⃣ 🇩🇪 🇺🇦 🏴󠁧󠁢󠁥󠁮󠁧󠁿 🏴‍☠️",
    "a\nb\n\nc",
    "C++ & C# <-> F#",
    "https://acme.example/a_b?c=d&e=f#g",
]
