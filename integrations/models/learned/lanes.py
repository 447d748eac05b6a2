"""Many numbers in one: a row of signed lanes inside a Python integer, added and scaled all at once.

A row r of numbers is the integer Σ rᵢ·2⁶⁴ⁱ. Sums and whole multiples of rows are then sums and
multiples of integers, which Python does in C: seventy-seven multiplications for the price of one, exact,
and the same on every machine. A lane must stay below 2⁶³ in size; who trains sees to that (`linear.py`).
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable
from functools import lru_cache

BYTES = 8
BITS = 8 * BYTES
HALF = 1 << (BITS - 1)


@lru_cache(maxsize=64)
def _middle(count: int) -> int:
    """2⁶³ in each lane: what makes every lane positive, so that none borrows from its neighbour."""
    return sum(HALF << (BITS * lane) for lane in range(count))


def packed(numbers: Iterable[int], count: int) -> int:
    raw = array("Q", [number + HALF for number in numbers])
    return int.from_bytes(_little(raw), "little") - _middle(count)


def unpacked(row: int, count: int) -> list[int]:
    """Raises `OverflowError` where a lane at the end ran over."""
    raw = array("Q")
    raw.frombytes((row + _middle(count)).to_bytes(BYTES * count, "little"))
    _turn(raw)
    return [number - HALF for number in raw]


def _little(raw: array[int]) -> bytes:
    _turn(raw)
    return raw.tobytes()


def _turn(raw: array[int]) -> None:
    if sys.byteorder == "big":
        raw.byteswap()
