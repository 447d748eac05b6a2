"""Whether a word holds an address that somebody's client would open, and of which host.

Read as generously as the laxest of them: schemes without slashes, bare names, other people's dots, entities,
escapes and what is written in percent. What is meant for a person alone ("README.md", "e.g.") is none.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote

from bot.text_clean import unstacked

OPAQUE = ""  # instead of a host: an address whose host cannot be told, or that must never be opened

_COUNTRIES = (
    "ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw"
    " by bz ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et"
    " eu fi fj fk fm fo fr ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id"
    " ie il im in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu"
    " lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np"
    " nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sj"
    " sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk us"
    " uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw"
)
_OTHERS = (
    "com net org edu gov mil int info biz name pro mobi asia cat jobs tel travel xxx arpa onion app dev"
    " page web site online store shop tech cloud space website live world today life link click icu top"
    " xyz club vip work fun blog wiki news media digital agency studio design email group team network"
    " systems solutions services company business center host hosting press run zip mov bot chat social"
    " video stream download review loan win bid trade date party science racing accountant cricket faith"
    " men gdn kim red blue pink black ink bio art cafe coffee pizza bar ninja guru expert tools codes"
    " software engineering support help zone plus one global earth land city town house build new now"
    " here how rest lol wtf foo day dad phd prof esq nexus finance money cash bank pay market capital"
    " exchange fund credit insure law legal tax gmbh inc llc ltd google amazon aws azure microsoft"
    " office bing youtube apple cfd sbs quest cyou bond monster beauty hair example test invalid local"
    " localhost internal lan home corp intranet"
)
_OTHER_SCRIPTS = (
    "рф бг укр срб мон ею қаз орг сайт онлайн дети москва ком"
    " 中国 中國 公司 网络 网址 香港 台湾 みんな 한국 भारत"
)
_TOP = frozenset((_COUNTRIES + " " + _OTHERS + " " + _OTHER_SCRIPTS).split())
# Ends of files that are countries too. Two labels and nothing after them: that carries nothing anywhere.
_FILES = frozenset({"md", "py", "rs", "sh", "pl", "cc", "so"})

_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_ALIKE = str.maketrans(
    {"\u2044": "/", "\u2215": "/", "\u29f8": "/", "\u2571": "/", "\u2236": ":", "\ua789": ":", "\u02d0": ":",
     "\u05c3": ":", "\u0589": ":", "\u06d4": ".", "\u0701": ".", "\u0702": ".", "\ua4f8": ".", "\ua60e": ".",
     "\u2027": ".", "\u2219": ".", "\u00b7": ".", "\u0660": ".", "\u2010": "-", "\u2011": "-", "\u2212": "-"}
)  # fmt: skip
_FULL_STOP = re.compile(r"(?<=[0-9a-z])[\u3002\uff61](?=[0-9a-z])")
_MARKS = str.maketrans("", "", "\\`*~")
_ALL_MARKS = str.maketrans("", "", "\\`*~_|")

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]{0,30}):([/\\]+)([^/\\?#\"'<>()\[\]{}|,;^`]*)")
_BRACKETED = re.compile(r"[a-z][a-z0-9+.-]{0,30}:[/\\]+\[")
_KNOWN = re.compile(
    r"(?<![a-z0-9])(?:https?|ftps?|mailto|tel|sms|data|javascript|vbscript|file|blob|cid|sips?|skype|callto|xmpp|webcal"
    r"|facetime(?:-audio)?|whatsapp|tg|zoommtg|slack|msteams|ms-[a-z]{2,20}|intent|view-source|notion|jira|steam)"
    r":(?=[^\s:)\]}.,;!?\"'])"
)
_SHARE = re.compile(r"(?<![\w\\])\\\\[\w.$-]+\\")
_NAME = re.compile(
    r"(?<![\w-])((?:[\w-]{1,63}\.){1,20}(xn--[a-z0-9-]{2,59}|[^\W\d_]{2,24}))(?!\w)\.?(:\d{1,5})?(?=([/?#\\])?)"
)
_WWW = re.compile(r"(?<![\w-])www\d?\.(?=\w)")
_NUMBERS = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?=:\d|[/?#\\])")
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
_AROUND = "“”‘’«»‹›„…–—"
_ENTITY = re.compile(r"&(?:#|[A-Za-z]{2,8};)")
_DULL = re.compile(r"[A-Za-z0-9,;!?()\"'“”‘’*_+=$€£–—-]*\Z")


def is_dull(word: str) -> bool:
    """Nothing in it can be part of an address; the common case, at no cost."""
    return _DULL.match(word) is not None


def hosts_in(word: str) -> set[str]:
    """The hosts of all addresses that the word (no white space in it) holds in any of its readings."""
    if is_dull(word):
        return set()
    return {host for reading in set(_readings(word)) for host in _hosts(reading)}


def is_strange(word: str) -> bool:
    """Written otherwise than an address is written: then none in it is believed."""
    bare = word.strip(_AROUND)
    return not (bare.isascii() and bare.isprintable()) or "\\" in bare or _ENTITY.search(bare) is not None


def _readings(word: str) -> Iterator[str]:
    bare = _folded(word)
    yield bare
    yield from (bare.translate(_MARKS), bare.translate(_ALL_MARKS))
    for _ in range(3):
        decoded = unquote(html.unescape(bare), errors="replace")
        decoded = _folded(decoded)
        if decoded == bare:
            return
        yield decoded
        yield decoded.translate(_MARKS)
        bare = decoded


def _folded(word: str) -> str:
    word = _INVISIBLE.sub("", word)
    if not word.isascii():
        word = unicodedata.normalize("NFKC", unstacked(word)).translate(_ALIKE)
        word = _INVISIBLE.sub("", word)
    word = word.casefold()
    return word if word.isascii() else _FULL_STOP.sub(".", word)


def _hosts(word: str) -> Iterator[str]:
    schemes = [(found.start(), found.end()) for found in _SCHEME.finditer(word)]
    for found in _SCHEME.finditer(word):
        yield _authority(found[1], found[2], found[3])
    if _BRACKETED.search(word) or _SHARE.search(word) or _NUMBERS.search(word):
        yield OPAQUE
    for found in _KNOWN.finditer(word):
        if not any(start <= found.start() < end for start, end in schemes):
            yield OPAQUE
    for found in _NAME.finditer(word):
        name, top, port, after = found.groups()
        if any(start < found.start() < end for start, end in schemes):
            continue  # it is the host that was told already
        if not (top in _TOP or after or port or top.startswith("xn--")):
            continue
        before = word[found.start() - 1 : found.start()]
        if top in _FILES and name.count(".") == 1 and after not in ("/", "?", "#", "\\") and before != "@":
            continue
        if not top.isascii() and top not in _TOP:
            continue
        yield name if _HOST.match(name) and before != "@" and not port else _named(name, before, port)
    for found in _WWW.finditer(word):
        rest = re.split(r"[/?#:\\]", word[found.start() :], maxsplit=1)[0].rstrip(".,;!?)]}\"'>*_~")
        yield rest if _HOST.match(rest) else OPAQUE


def _named(name: str, before: str, port: str | None) -> str:
    """Whoever's mailbox it is counts by its host; a port is part of what has to be listed."""
    return f"{name}{port or ''}" if _HOST.match(name) else OPAQUE


def _authority(scheme: str, slashes: str, rest: str) -> str:
    if scheme not in ("http", "https") or slashes != "//" or "@" in rest:
        return OPAQUE
    host, colon, port = rest.rstrip(".,;!?*_~").partition(":")
    if colon and (not port.isdecimal() or len(port) > 5):
        return OPAQUE
    usual = {"https": "443", "http": "80"}[scheme]
    if not _HOST.match(host):
        return OPAQUE
    return f"{host}:{port}" if colon and port != usual else host
