"""PDF: the text of its pages, where it has any."""

from __future__ import annotations

import io
import logging
import re

from integrations.documents.blocks import Block, Document, Unreadable, bounded

MOST_PAGES = 500
_HYPHEN = re.compile(r"(?<=[a-zäöüß])-\n(?=[a-zäöüß])")


def read_pdf(data: bytes, name: str, pages: int = 0) -> Document:
    """`pages`: so many of it, 0 for as many as are ever read. Raises `Unreadable` for
    what is encrypted, broken, or only pictures."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it would quote what it reads
    try:
        found = PdfReader(io.BytesIO(data), strict=False)
        if found.is_encrypted and not found.decrypt(""):
            raise Unreadable("it is encrypted")
        count = len(found.pages)
        title = str(found.metadata.get("/Title") or "") if found.metadata else ""
    except Unreadable:
        raise
    except (PyPdfError, NotImplementedError, ImportError) as error:
        kind = "it is encrypted in a way I cannot read" if "crypt" in repr(error).lower() else "it is broken"
        raise Unreadable(f"{kind} ({type(error).__name__})") from None
    except (ValueError, KeyError, TypeError, AttributeError, OSError, RecursionError, IndexError) as error:
        raise Unreadable(f"it is broken ({type(error).__name__})") from None
    most = pages or MOST_PAGES
    blocks, failed = _pages(found, min(count, most))
    notes = []
    if count > most:
        notes.append(f"only the first {most} of its {count} pages were read")
    if failed:
        notes.append(f"{failed} of its pages could not be read")
    if not blocks:
        problem = "it is broken" if failed else "it has no text, only pictures: it would need OCR"
        raise Unreadable(problem)
    return bounded(title or name, blocks, notes=tuple(notes))


def _pages(found: object, count: int) -> tuple[list[Block], int]:
    blocks: list[Block] = []
    failed = 0
    for number in range(count):
        try:
            text = found.pages[number].extract_text() or ""  # type: ignore[attr-defined]  # pypdf's reader
        except Exception:  # a page is as its maker left it; the others may be whole
            failed += 1
            continue
        for part in re.split(r"\n[ \t]*\n", _HYPHEN.sub("", text)):
            if part.strip():
                blocks.append(Block("text", part, where=f"page {number + 1}"))
    return blocks, failed
