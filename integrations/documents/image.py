"""Pictures with text in them, where OCR is installed (the program `tesseract`)."""

from __future__ import annotations

import shutil
import struct
import subprocess

from integrations.documents.blocks import Block, Document, Unreadable, bounded

MOST_PIXELS = 40_000_000
LONGEST = 15.0  # seconds
NO_OCR = "it is a picture, and OCR is not installed here (the program tesseract)"


def read_image(data: bytes, name: str) -> Document:
    width, height = size(data)
    if not width or not height:
        raise Unreadable("it is no picture that can be read")
    if width * height > MOST_PIXELS:
        raise Unreadable(f"the picture is too large ({width} × {height})")
    program = shutil.which("tesseract")
    if program is None:
        raise Unreadable(NO_OCR)
    try:
        done = subprocess.run(  # noqa: S603  # a fixed program, and the picture on its standard input
            [program, "stdin", "stdout"], input=data, capture_output=True, timeout=LONGEST, check=False
        )
    except (subprocess.TimeoutExpired, OSError):
        raise Unreadable("the text in the picture was not found in time") from None
    if done.returncode != 0:
        raise Unreadable("the picture could not be read")
    parts = done.stdout.decode("utf-8", "replace").split("\n\n")
    return bounded(name, [Block("text", part) for part in parts])


def size(data: bytes) -> tuple[int, int]:
    """Width and height, from the first bytes alone; 0 and 0 for what is neither PNG, JPEG nor GIF."""
    if data.startswith(b"\x89PNG\r\n\x1a\n") and len(data) >= 24:
        return struct.unpack(">II", data[16:24])
    if data.startswith((b"GIF87a", b"GIF89a")) and len(data) >= 10:
        return struct.unpack("<HH", data[6:10])
    return _jpeg(data) if data.startswith(b"\xff\xd8") else (0, 0)


def _jpeg(data: bytes) -> tuple[int, int]:
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        kind, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if 0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 2 + max(length, 2)
    return 0, 0
