"""Word (.docx): headings by their style, paragraphs, tables."""

from __future__ import annotations

import io
import re
import zipfile

from integrations.documents.blocks import Block, Document, Unreadable, bounded

MOST_UNPACKED = 100 * 1024 * 1024
MOST_RATIO = 200
MOST_PARTS = 5_000
_HEADING = re.compile(r"heading ([1-6])\Z", re.IGNORECASE)


def read_word(data: bytes, name: str) -> Document:
    check_zip(data)
    import docx
    from docx.table import Table

    try:
        found = docx.Document(io.BytesIO(data))
        blocks: list[Block] = []
        for each in found.iter_inner_content():
            if isinstance(each, Table):
                rows = [" | ".join(" ".join(cell.text.split()) for cell in row.cells) for row in each.rows]
                blocks.append(Block("table", "\n".join(row for row in rows if row.strip(" |"))))
                continue
            style = (each.style.name if each.style is not None else "") or ""
            heading = _HEADING.match(style)
            if heading or style.lower() == "title":
                blocks.append(Block("heading", each.text, int(heading[1]) if heading else 1))
            else:
                blocks.append(Block("text", f"- {each.text}" if style.startswith("List") else each.text))
        title = found.core_properties.title or ""
    except (KeyError, ValueError, AttributeError, IndexError, zipfile.BadZipFile) as error:
        raise Unreadable(f"it is broken ({type(error).__name__})") from None
    except Exception as error:  # lxml's and docx's own errors have no common parent
        raise Unreadable(f"it cannot be read ({type(error).__name__})") from None
    heading_1 = next((each.text for each in blocks if each.kind == "heading"), "")
    return bounded(title or heading_1 or name, blocks)


def check_zip(data: bytes, most: int = MOST_UNPACKED) -> None:
    """Raises `Unreadable` for what unpacks to far more than it is, before anything is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            parts = packed.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise Unreadable("it is broken, or protected by a password") from None
    if any(part.flag_bits & 1 for part in parts):
        raise Unreadable("it is protected by a password")
    whole = sum(part.file_size for part in parts)
    if len(parts) > MOST_PARTS or whole > most or whole > MOST_RATIO * max(len(data), 50_000):
        raise Unreadable("it would unpack to far more than it is")
