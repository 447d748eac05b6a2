"""Pictures: how large they are by their headers, and without what else their makers wrote into them.

Nothing is decoded or drawn anew here: a model gets the bytes as they are, but for where and by what they
were taken, comments and the like, which are nobody's business and may hold words that nobody sees.
"""

from __future__ import annotations

import struct
import zlib

from integrations.documents.image import size as size_of

MOST_PIXELS = 40_000_000
LONGEST_SIDE = 12_000
LARGEST = 10 * 1024 * 1024
# Of a PNG's parts, those that are the picture.
_PNG = frozenset(
    {
        b"IHDR",
        b"PLTE",
        b"IDAT",
        b"IEND",
        b"tRNS",
        b"gAMA",
        b"cHRM",
        b"sRGB",
        b"iCCP",
        b"bKGD",
        b"pHYs",
        b"sBIT",
    }
)


class Unfit(Exception):
    """No picture that anybody looks at, and why, in words for whoever sent it."""


def checked(data: bytes) -> tuple[int, int]:
    """Width and height. Raises `Unfit` for what would unpack to more than anybody wants to look at."""
    width, height = webp(data) if data[8:12] == b"WEBP" else size_of(data)
    if not width or not height:
        raise Unfit("it is broken: its size cannot be read. Please save it again and send that")
    if width * height > MOST_PIXELS or max(width, height) > LONGEST_SIDE:
        raise Unfit(f"it is too large ({width} × {height}): please send it at half the size or less")
    if len(data) > LARGEST:
        raise Unfit(f"it is a picture of more than {LARGEST // 1024 // 1024} MB: please send a smaller one")
    return width, height


def webp(data: bytes) -> tuple[int, int]:
    kind = data[12:16]
    if kind == b"VP8X" and len(data) >= 30:
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if kind == b"VP8L" and len(data) >= 25 and data[20] == 0x2F:
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + ((bits >> 14) & 0x3FFF)
    if kind == b"VP8 " and len(data) >= 30 and data[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", data[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return 0, 0


def bare(data: bytes) -> bytes:
    """Without comments, places, previews. What cannot be taken apart is left as it is."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _png(data)
    return _jpeg(data) if data.startswith(b"\xff\xd8") else data


def _png(data: bytes) -> bytes:
    kept, at = [data[:8]], 8
    while at + 12 <= len(data):
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        end = at + 12 + length
        if end > len(data):
            return data
        part = data[at:end]
        if zlib.crc32(part[4:-4]) != int.from_bytes(part[-4:], "big"):
            return data
        if kind in _PNG:
            kept.append(part)
        if kind == b"IEND":
            return b"".join(kept)
        at = end
    return data


def _jpeg(data: bytes) -> bytes:
    """APP1 to APP15 but for Adobe's (it says how the colours are meant), and comments."""
    kept, at = [data[:2]], 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        kind, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if kind == 0xDA:
            return b"".join([*kept, data[at:]])
        end = at + 2 + length
        if length < 2 or end > len(data):
            return data
        if not (0xE1 <= kind <= 0xED or kind in (0xEF, 0xFE)):
            kept.append(data[at:end])
        at = end
    return data
