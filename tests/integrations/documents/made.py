"""Documents made for tests: small ones of every kind, and bad ones."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib


def pdf(*pages: str, title: str = "", encrypted: str = "") -> bytes:
    """As a printer would make it: one line of text for each line."""
    from pypdf import PdfReader, PdfWriter

    objects: list[bytes] = [b"<</Type/Catalog/Pages 2 0 R>>", b""]
    kids = []
    for page in pages:
        lines = "".join(f"({_escaped(line)}) Tj T*\n" for line in page.split("\n"))
        stream = f"BT /F1 12 Tf 14 TL 50 750 Td\n{lines}ET".encode("latin-1")
        objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream))
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents %d 0 R"
            b"/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>" % len(objects)
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(pages), b" ".join(kids))
    out, places = io.BytesIO(b""), []
    out.write(b"%PDF-1.4\n")
    for number, each in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, each))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    for place in places:
        out.write(b"%010d 00000 n \n" % place)
    out.write(b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, start))
    if not (title or encrypted):
        return out.getvalue()
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(out.getvalue())))
    if title:
        writer.add_metadata({"/Title": title})
    if encrypted:
        writer.encrypt(encrypted, algorithm="RC4-128")
    again = io.BytesIO()
    writer.write(again)
    return again.getvalue()


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def word(*parts: tuple[str, str] | list[list[str]], title: str = "") -> bytes:
    """Parts are (style, text), or a table's rows."""
    import docx

    document = docx.Document()
    document.core_properties.title = title
    for part in parts:
        if isinstance(part, list):
            table = document.add_table(rows=0, cols=len(part[0]))
            for row in part:
                for cell, text in zip(table.add_row().cells, row, strict=True):
                    cell.text = text
        else:
            document.add_paragraph(part[1], style=part[0] or None)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def packed(**files: bytes) -> bytes:
    """A zip; `__` in a name is a slash, `_dot_` a dot."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as each:
        for name, content in files.items():
            each.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return out.getvalue()


def bomb(size: int = 300 * 1024 * 1024) -> bytes:
    """A Word file whose text would be that long, in a few hundred kilobytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as each, each.open("word/document.xml", "w") as file:
        for _ in range(size // 1_048_576):
            file.write(b" " * 1_048_576)
    return out.getvalue()


def png(width: int = 8, height: int = 8) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(b"\0" * min((width * 3 + 1) * height, 10_000))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def entities(*pages: tuple[str, str, str], more: str = "") -> bytes:
    """An XML export of Confluence: (id, title, body)."""
    things = [
        f'<object class="Page" package="com.atlassian.confluence.pages"><id name="id">{id}</id>'
        f'<property name="title"><![CDATA[{title}]]></property>'
        f'<property name="contentStatus"><![CDATA[current]]></property></object>'
        f'<object class="BodyContent" package="x"><id name="id">9{id}</id>'
        f'<property name="body"><![CDATA[{body}]]></property>'
        f'<property name="content" class="Page"><id name="id">{id}</id></property></object>'
        for id, title, body in pages
    ]
    return f'<?xml version="1.0"?>{more}<hibernate-generic>{"".join(things)}</hibernate-generic>'.encode()
