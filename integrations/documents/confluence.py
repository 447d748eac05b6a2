"""A space export of Confluence: a zip of HTML pages, or one with entities.xml in it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from integrations.documents.blocks import Block, Document, Unreadable, bounded
from integrations.documents.html import _blocks, parsed
from integrations.documents.word import check_zip

LARGEST = 200 * 1024 * 1024
LARGEST_PAGE = 20 * 1024 * 1024
MOST_UNPACKED = 1024 * 1024 * 1024
ENTITIES = "entities.xml"


def parts(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Name and content of each file to be read; what is in it besides (pictures, styles) is left out.

    Raises `Unreadable` for what is no export, or unpacks to far more than it is.
    """
    if len(data) > LARGEST:
        raise Unreadable(f"the export is larger than {LARGEST // 1024 // 1024} MB")
    check_zip(data, MOST_UNPACKED)
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        names = [each for each in packed.namelist() if _is_wanted(each)]
        xml = [each for each in names if PurePosixPath(each).name == ENTITIES]
        chosen = xml[:1] or sorted(each for each in names if PurePosixPath(each).name != "index.html")
        if not chosen:
            raise Unreadable("there are neither HTML pages nor an entities.xml in it")
        for name in chosen:
            with packed.open(name) as file:
                most = LARGEST if xml else LARGEST_PAGE
                content = file.read(most + 1)  # what the zip says of itself may be wrong
            if len(content) > most:
                raise Unreadable(f"{PurePosixPath(name).name} in it is too large")
            yield name, content


def _is_wanted(name: str) -> bool:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        return False
    return path.name == ENTITIES or path.suffix.lower() in (".html", ".htm")


def read_entities(data: bytes) -> list[Document]:
    """Every current page of an XML export, by its id."""
    from lxml import etree

    titles: dict[str, str] = {}
    bodies: dict[str, str] = {}
    try:
        walk: Any = etree.iterparse(
            io.BytesIO(data), tag="object", resolve_entities=False, no_network=True, load_dtd=False
        )
        for _, thing in walk:
            match thing.get("class"):
                case "Page" if _is_current(thing):
                    titles[_id(thing)] = _property(thing, "title")
                case "BodyContent":
                    bodies[_id(thing.find("property[@name='content']"))] = _property(thing, "body")
            thing.clear()
    except etree.XMLSyntaxError:
        raise Unreadable("its entities.xml is broken") from None
    found = []
    for id, title in titles.items():
        try:
            found.append(_page(id, title, bodies.get(id, "")))
        except Unreadable:
            continue  # a page without a word, which only has others below it
    return found


def _page(id: str, title: str, body: str) -> Document:
    if not body.strip():
        raise Unreadable("there is no text in it")
    blocks = [Block("heading", title, 1), *_blocks(parsed(f"<main>{body}</main>".encode()))]
    return bounded(title, blocks, uri=id)


def _is_current(thing: Any) -> bool:
    status = _property(thing, "contentStatus")
    return status in ("", "current") and thing.find("property[@name='originalVersion']") is None


def _id(thing: Any) -> str:
    found = thing.find("id") if thing is not None else None
    return (found.text or "").strip() if found is not None else ""


def _property(thing: Any, name: str) -> str:
    found = thing.find(f"property[@name='{name}']")
    return (found.text or "").strip() if found is not None else ""
