"""The two icons of the Teams app, drawn: a check mark above a signature line, countersigned twice."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Callable
from functools import cache
from itertools import pairwise

Pixel = tuple[int, int, int, int]
Point = tuple[float, float]
Painted = tuple[Pixel, float]  # and how far the next edge is
Paint = Callable[[float, float], Painted]

ACCENT: Pixel = (38, 70, 83, 255)
MARK: Pixel = (255, 255, 255, 255)
SECOND: Pixel = (233, 196, 106, 255)
CLEAR: Pixel = (255, 255, 255, 0)

# On a square from 0 to 1.
_FIRST_CHECK = ((0.20, 0.42), (0.36, 0.58), (0.62, 0.26))
_SECOND_CHECK = ((0.40, 0.55), (0.43, 0.58), (0.80, 0.24))
_LINE = ((0.22, 0.76), (0.78, 0.76))
_STROKES = ((_FIRST_CHECK, 0.045), (_LINE, 0.03), (_SECOND_CHECK, 0.045))
_SAMPLES = 3


@cache
def color() -> bytes:
    """192 × 192, full colour; Teams rounds the corners itself."""
    return png(192, lambda x, y: _painted(x, y, ACCENT, MARK, SECOND))


@cache
def outline() -> bytes:
    """32 × 32, white on transparent, as Teams asks."""
    return png(32, lambda x, y: _painted(x, y, CLEAR, MARK, MARK))


def _painted(x: float, y: float, ground: Pixel, mark: Pixel, second: Pixel) -> Painted:
    check, line, other = (_outside(x, y, stroke, width) for stroke, width in _STROKES)
    pixel = mark if check <= 0 or line <= 0 else second if other <= 0 else ground
    return pixel, min(abs(check), abs(line), abs(other))


def _outside(x: float, y: float, stroke: tuple[Point, ...], width: float) -> float:
    """How far beyond the edge of a stroke; negative within it."""
    return min(_distance(x, y, start, end) for start, end in pairwise(stroke)) - width


def _distance(x: float, y: float, start: Point, end: Point) -> float:
    dx, dy = end[0] - start[0], end[1] - start[1]
    along = ((x - start[0]) * dx + (y - start[1]) * dy) / (dx * dx + dy * dy)
    along = min(max(along, 0.0), 1.0)
    return math.hypot(x - start[0] - along * dx, y - start[1] - along * dy)


def png(size: int, paint: Paint) -> bytes:
    """A square picture; a pixel on an edge is the mean of a few points in it."""
    rows = b"".join(
        b"\x00" + b"".join(_mean(size, column, row, paint) for column in range(size)) for row in range(size)
    )
    header = struct.pack(">IIBBBBB", size, size, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _mean(size: int, column: int, row: int, paint: Paint) -> bytes:
    pixel, to_edge = paint((column + 0.5) / size, (row + 0.5) / size)
    if to_edge > 1 / size:
        return bytes(pixel)
    step = [(n + 0.5) / _SAMPLES for n in range(_SAMPLES)]
    points = [paint((column + dx) / size, (row + dy) / size)[0] for dy in step for dx in step]
    return bytes(round(sum(values) / len(points)) for values in zip(*points, strict=True))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
