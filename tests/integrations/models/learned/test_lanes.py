"""Rows inside one integer behave as rows of numbers do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.models.learned import lanes
from integrations.models.learned.lanes import packed, unpacked

SMALL = st.integers(-(1 << 40), 1 << 40)
ROWS = st.integers(1, 90).flatmap(
    lambda size: st.tuples(*[st.lists(SMALL, min_size=size, max_size=size)] * 2)
)


@given(ROWS)
def test_what_is_packed_is_found_again(rows: tuple[list[int], list[int]]) -> None:
    assert unpacked(packed(rows[0], len(rows[0])), len(rows[0])) == rows[0]


@given(ROWS, st.integers(-(1 << 20), 1 << 20))
def test_a_sum_of_multiples_is_that_of_every_lane(rows: tuple[list[int], list[int]], factor: int) -> None:
    one, other = rows
    total = packed(one, len(one)) + packed(other, len(one)) * factor

    assert unpacked(total, len(one)) == [a + b * factor for a, b in zip(one, other, strict=True)]


def test_the_last_lane_running_over_is_noticed() -> None:
    with pytest.raises(OverflowError):
        unpacked(packed([0, (1 << 63) - 1], 2) * 4, 2)


@pytest.mark.twin
def test_twin_without_the_middle_a_negative_lane_borrows_from_its_neighbour(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = packed([-1, 5], 2)
    monkeypatch.setattr(lanes, "_middle", lambda count: lanes.HALF << lanes.BITS)

    assert unpacked(row, 2) != [-1, 5]
