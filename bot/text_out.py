"""The one guard of what a model wrote, before it is said anywhere: no address of a host that nobody listed.

A model reads what strangers wrote, and can be talked into carrying something out: by a link that is pressed,
a picture that is fetched, a page that is looked up. So of an address in its words only the words stay, unless
its host is listed (`LINK_HOSTS`). Links that we set ourselves lead to the source they belong to.

A word is judged by itself, whatever stands beside it: so what is said piece by piece (`Growing`) is what the
whole says, and a link that is split over two pieces is the link that it is. Twice is the same as once.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from dataclasses import dataclass, replace
from urllib.parse import unquote, urlsplit

from bot.reply import (
    Ask,
    Block,
    Button,
    Buttons,
    Cited,
    Facts,
    Heading,
    Lines,
    Link,
    Paragraph,
    Reply,
    Select,
    Statement,
)
from bot.text_out_address import OPAQUE, hosts_in, is_dull, is_strange

LEFT_OUT = "(link removed)"
LONGEST_URL = 2_000
MOST_HOSTS = 200

# Between words. Where none is written between words, marks of sentences are: but not what ends a name.
_BETWEEN = re.compile(r"\s+|[，、！？；「」『』（）【】《》〈〉]|(?<=[^\x00-\x7f\s])。")
_ENTRY = re.compile(r"(\*\.)?((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}(?::[0-9]{1,5})?)\Z")
_PICTURE = re.compile(r"!(?=\[)")
_TAG = re.compile(
    r"<(?=[@!#]|/?(?:a|at|img|image|iframe|script|svg|link|meta|object|embed|form|video|audio|base|style|input)\b)",
    re.IGNORECASE,
)
_LEAD, _TAIL = "(\"'“‘«", ".,;:!?)\"'”’»"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Listed:
    """The hosts to which words of a model may lead. `below`: whatever is below these, too."""

    hosts: frozenset[str] = frozenset()
    below: tuple[str, ...] = ()

    def holds(self, host: str) -> bool:
        return host in self.hosts or any(host.endswith(each) for each in self.below)


NOWHERE = Listed()


def listed(setting: str) -> Listed:
    """`LINK_HOSTS`: hosts with commas between, `*.` in front for all below. Raises `ValueError`."""
    entries = [each.strip().lower() for each in setting.split(",") if each.strip()]
    if len(entries) > MOST_HOSTS:
        raise ValueError(f"LINK_HOSTS lists at most {MOST_HOSTS} hosts")
    hosts, below = set(), []
    for each in entries:
        found = _ENTRY.match(each)
        if found is None or (found[1] and found[2].count(".") < 1):
            raise ValueError(
                f"LINK_HOSTS: {each[:80]!r} is no host; right is docs.example.com or *.example.com"
            )
        if found[1]:
            below.append(f".{found[2]}")
        else:
            hosts.add(found[2])
    return Listed(frozenset(hosts), tuple(below))


def words(text: str, hosts: Listed = NOWHERE) -> str:
    """The text; each word that leads elsewhere than to a listed host has its address taken out."""
    parts, at = [], 0
    for gap in _BETWEEN.finditer(text):
        parts += [_word(text[at : gap.start()], hosts), gap[0]]
        at = gap.end()
    return "".join([*parts, _word(text[at:], hosts)])


def _word(word: str, hosts: Listed) -> str:
    if is_dull(word):
        return word
    led = hosts_in(word)
    if led and (is_strange(word) or not all(hosts.holds(host) for host in led)):
        return _without(word, hosts)
    return _TAG.sub("‹", _PICTURE.sub("", word))


def _without(word: str, hosts: Listed) -> str:
    """What a link was called stays, and the marks around it."""
    label, link, _ = word.partition("](")
    if link:
        label = label.lstrip("![(")
        said = "" if hosts_in(label) else _TAG.sub("‹", label)
        return f"{said} {LEFT_OUT}".lstrip()
    lead = "".join(each for each in word[: len(word) - len(word.lstrip("([{<*_~`!\"'“‘«"))] if each in _LEAD)
    tail = "".join(each for each in word[len(word.rstrip(".,;:!?)]}>*_~`\"'”’»")) :] if each in _TAIL)
    return f"{lead}{LEFT_OUT}{tail}"


class Growing:
    """Words that come in pieces: what may be shown of them so far.

    Of a word that has not come to its end only letters are shown, until something comes that an address may
    be made of: then it waits for its end. What was shown of a word that turns out to be an address is its
    beginning, which leads nowhere.
    """

    def __init__(self, hosts: Listed = NOWHERE) -> None:
        self._hosts = hosts
        self._open: list[str] = []  # of the word that has not ended
        self._shown = 0  # of its characters
        self._waits = False
        self._last = ""

    def feed(self, piece: str) -> str:
        """What may be shown now, to follow what was shown before."""
        found: list[str] = []
        text, at = self._last + piece, len(self._last)
        for gap in _BETWEEN.finditer(text, at):
            self._open.append(text[at : gap.start()])
            found += [self._ended(), gap[0]]
            at = gap.end()
        if at < len(text):
            found.append(self._begun(text[at:]))
        self._last = text[-1:]
        return "".join(found)

    def _begun(self, part: str) -> str:
        self._open.append(part)
        if self._waits:
            return ""
        end = next((at for at, each in enumerate(part) if not _is_letter(each)), len(part))
        self._waits = end < len(part)
        self._shown += end
        return part[:end]

    def _ended(self) -> str:
        word, shown = "".join(self._open), self._shown
        self._open, self._shown, self._waits = [], 0, False
        whole = _word(word, self._hosts)
        return whole[shown:] if whole.startswith(word[:shown]) else f" {LEFT_OUT}"


def _is_letter(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character)[0] == "M"


def guarded(reply: Reply, hosts: Listed = NOWHERE) -> Reply:
    """The reply as it may be said. Words that no model wrote are left as they are."""
    if not reply.generated:
        return reply
    return replace(
        reply,
        text=words(reply.text, hosts),
        blocks=tuple(_block(each, hosts) for each in reply.blocks),
    )


def _block(block: Block, hosts: Listed) -> Block:
    def said(text: str) -> str:
        return words(text, hosts)

    match block:
        case Heading(text) | Paragraph(text):
            return replace(block, text=said(text))
        case Facts(pairs):
            return replace(block, pairs=tuple((said(label), said(value)) for label, value in pairs))
        case Lines(rows):
            return replace(block, rows=tuple((said(what), said(amount)) for what, amount in rows))
        case Cited(rows, folded):
            return replace(block, rows=tuple(_statement(each, hosts) for each in rows), folded=said(folded))
        case Buttons(buttons):
            return replace(
                block, buttons=tuple(_button(each, hosts) for each in buttons if _opens(each, hosts))
            )
        case Select() | Ask():
            options = tuple(replace(each, label=said(each.label)) for each in block.options)
            return replace(block, label=said(block.label), options=options)
    return block


def _statement(statement: Statement, hosts: Listed) -> Statement:
    """A link that must not be opened is its words."""
    text = words(statement.text, hosts)
    links = [Link(words(each.label, hosts), each.url) for each in statement.links]
    plain = [each.label for each in links if not may_lead(each.url, hosts)]
    kept = tuple(each for each in links if may_lead(each.url, hosts))
    return Statement(" ".join([text, *plain]).strip(), kept)


def _opens(button: Button, hosts: Listed) -> bool:
    return not button.url or may_lead(button.url, hosts)


def _button(button: Button, hosts: Listed) -> Button:
    return replace(button, label=words(button.label, hosts))


def may_lead(url: str, hosts: Listed = NOWHERE) -> bool:
    """An address that a service or a page of ours gave: plainly written, of a host with a name, leading on
    nowhere else. Of a listed host more is believed: a number or a port. http is for this machine alone."""
    if not 0 < len(url) <= LONGEST_URL or not url.isascii() or not url.isprintable():
        return False
    if set(url) & set(" \\\"'<>`^{}|"):
        return False
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return False
    own = parts.scheme == "http" and host in _LOOPBACK
    if not host or parts.username is not None or parts.password is not None or host.endswith("."):
        return False
    if not (own or parts.scheme == "https"):
        return False
    known = own or hosts.holds(host if port in (None, 443) else f"{host}:{port}")
    if not known and (_is_number(host) or "xn--" in host or "." not in host or port not in (None, 443)):
        return False
    return known or not _leads_on(parts.path, parts.query, parts.fragment, host)


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return re.fullmatch(r"(?:0x[0-9a-f]*|[0-9]+)(?:\.(?:0x[0-9a-f]*|[0-9]+)){0,3}", host) is not None
    return True


def _leads_on(path: str, query: str, fragment: str, host: str) -> bool:
    """Whether another host's address is inside: whoever opens it may be sent there."""
    rest = "?".join((path, query, fragment))
    for _ in range(3):
        if re.search(r"(?:[a-z][a-z0-9+.-]{1,20}:|[=?&]|^)[/\\]{2,}", rest, re.IGNORECASE):
            return True
        rest, before = unquote(rest), rest
        if rest == before:
            break
    inside = {each for part in re.split(r"[?&=#;]", "?".join((query, fragment))) for each in hosts_in(part)}
    return bool(inside - {host, OPAQUE}) or OPAQUE in inside
