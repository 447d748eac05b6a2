"""HTML: what the page says, without what is around it on every page."""

from __future__ import annotations

from typing import Any

from integrations.documents.blocks import Block, Document, Unreadable, bounded

# Not part of the text, wherever it stands; what nobody sees is not read either.
_AROUND = frozenset(
    {
        "script", "style", "nav", "header", "footer", "aside", "form", "noscript", "template", "svg",
        "iframe", "object", "button", "select", "title", "audio", "video", "canvas", "dialog",
    }
)  # fmt: skip
_ROLES = frozenset({"navigation", "banner", "contentinfo", "search", "complementary", "menu", "dialog"})
_NAMED = (
    "cookie", "breadcrumb", "sidebar", "pagination", "share-", "social-", "newsletter", "navbar", "menu-",
)  # fmt: skip
_BREAKS = frozenset(
    {
        "p", "div", "li", "ul", "ol", "dl", "dt", "dd", "blockquote", "section", "article", "main",
        "figure", "figcaption", "tr", "tbody", "thead", "details", "summary", "hr", "address", "body",
    }
)  # fmt: skip
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
LEAST_MAIN = 200  # characters: a <main> with less is not where the text is
Element = Any


def read_html(data: bytes, name: str) -> Document:
    root = parsed(data)
    found = root.find(".//title")
    title = _one_line("".join(found.itertext())) if found is not None else ""
    blocks = _blocks(_main(root))
    heading = next((each.text for each in blocks if each.kind == "heading"), "")
    return bounded(title or heading or name, blocks)


def parsed(data: bytes) -> Element:
    """Nothing is fetched, no entity of its own is resolved. Raises `Unreadable`."""
    from lxml import etree

    try:
        data.decode("utf-8")
        encoding = "utf-8"
    except UnicodeDecodeError:
        encoding = None  # as the page says
    parser: Any = etree.HTMLParser(
        encoding=encoding, recover=True, no_network=True, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise Unreadable("it is no HTML that can be read") from None
    if root is None:
        raise Unreadable("there is no text in it")
    return root


def _main(root: Element) -> Element:
    for path in (".//main", ".//*[@role='main']", ".//article", ".//*[@id='main-content']"):
        found = root.findall(path)
        if len(found) == 1 and len("".join(found[0].itertext()).strip()) >= LEAST_MAIN:
            return found[0]
    return root


def _blocks(root: Element) -> list[Block]:
    from lxml import etree

    page = _Page()
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if not isinstance(element.tag, str):
            continue
        if event == "start":
            page.enter(element, element is root)
        else:
            page.leave(element, element is root)
    page.flush("text")
    return page.found


class _Page:
    """Collects the text while the tree is walked along; as deep as it may be, nothing is stacked."""

    def __init__(self) -> None:
        self.found: list[Block] = []
        self._text: list[str] = []
        self._rows: list[str] = []
        self._cells: list[str] = []
        self._outside = self._tables = self._code = 0

    def enter(self, element: Element, top: bool) -> None:
        tag = element.tag.lower()
        if self._outside or (_is_around(element, tag) and not top):
            self._outside += 1
            return
        if tag in _HEADINGS or tag == "pre" or tag == "table":
            if not self._tables:
                self.flush("text")
            self._code += tag == "pre"
            self._tables += tag == "table"
        elif tag in _BREAKS and not self._tables and not self._code:
            self.flush("text")
            if tag == "li":
                self._text.append("- ")
        elif tag == "br":
            self._text.append("\n")
        self._text.append(element.text or "")

    def leave(self, element: Element, top: bool) -> None:
        tag = element.tag.lower()
        if self._outside:
            self._outside -= 1
            if not self._outside and not top:
                self._text.append(element.tail or "")
            return
        if tag in _HEADINGS and not self._tables:
            self.flush("heading", _HEADINGS[tag])
        elif tag == "pre":
            self._code -= 1
            if not self._tables and not self._code:
                self.flush("code")
        elif tag in ("td", "th") and self._tables:
            self._cells.append(_one_line("".join(self._text)))
            self._text.clear()
        elif tag == "tr" and self._tables:
            if any(self._cells):
                self._rows.append(" | ".join(self._cells))
            self._cells = []
        elif tag == "table":
            self._tables -= 1
            if not self._tables:
                self._table()
        elif tag in _BREAKS and not self._tables and not self._code:
            self.flush("text")
        if not top:
            self._text.append(element.tail or "")

    def flush(self, kind: Any, level: int = 0) -> None:
        whole = "".join(self._text)
        self._text.clear()
        text = whole.strip("\n") if kind == "code" else _lines(whole)
        if text.strip(" -\n"):
            self.found.append(Block(kind, text, level))

    def _table(self) -> None:
        self._text.clear()
        if self._rows:
            self.found.append(Block("table", "\n".join(self._rows)))
        self._rows = []


def _is_around(element: Element, tag: str) -> bool:
    if tag in _AROUND or element.get("hidden") is not None or element.get("aria-hidden") == "true":
        return True
    if element.get("role") in _ROLES:
        return True
    style = (element.get("style") or "").replace(" ", "").lower()
    if "display:none" in style or "visibility:hidden" in style or "font-size:0" in style:
        return True
    named = f"{element.get('id') or ''} {element.get('class') or ''}".lower()
    return any(word in named for word in _NAMED)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _lines(text: str) -> str:
    return "\n".join(line for each in text.split("\n") if (line := " ".join(each.split()))).strip()
