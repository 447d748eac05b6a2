"""Who is on now: by the day and the hour where the rota is, in the order in which it stands there."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from flows.duty import Duty, Group, Rota, Shift
from flows.errors import FlowError
from flows.policy import Policy
from workers.duty import Asking, line, on, zones_are_there

GRACE, OMAR = "grace@example.com", "omar@example.com"
WEEKDAYS = frozenset({"mon", "tue", "wed", "thu", "fri"})
OFFICE = Shift(GRACE, WEEKDAYS, (540, 1020))
NIGHT = Shift(OMAR, frozenset({"fri"}), (1320, 360))


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """January 2026: the 5th is a Monday."""
    return datetime(2026, 1, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("when", "there"),
    [
        (at(5, 9), True), (at(5, 8, 59), False), (at(5, 16, 59), True), (at(5, 17), False),
        (at(10, 12), False), (at(9, 12), True),
    ],
)  # fmt: skip
def test_a_shift_of_the_day(when: datetime, there: bool) -> None:
    assert on(OFFICE, when) == there


@pytest.mark.parametrize(
    ("when", "there"),
    [
        (at(9, 21, 59), False), (at(9, 22), True), (at(10, 5, 59), True), (at(10, 6), False),
        (at(10, 22), False), (at(9, 3), False),
    ],
)  # fmt: skip
def test_a_shift_past_midnight_belongs_to_the_day_on_which_it_began(when: datetime, there: bool) -> None:
    assert on(NIGHT, when) == there


def test_the_hours_are_those_of_where_the_rota_is() -> None:
    duty = Duty(rotas={"on-call": Rota((OFFICE,), "Asia/Tokyo")})

    assert line(duty, "on-call", at(5, 1)) == [Asking(GRACE, Group((GRACE,)))]  # ten in Tokyo
    assert line(duty, "on-call", at(5, 9)) == []


def test_summer_time_is_kept() -> None:
    duty = Duty(rotas={"on-call": Rota((Shift(GRACE, hours=(540, 600)),), "Europe/Berlin")})

    assert line(duty, "on-call", datetime(2026, 7, 6, 7, 30, tzinfo=UTC))
    assert not line(duty, "on-call", datetime(2026, 1, 6, 7, 30, tzinfo=UTC))


def test_those_who_are_on_come_in_their_order_each_once_and_groups_at_once() -> None:
    support = Group((GRACE, OMAR))
    duty = Duty({"support": support}, {"on-call": Rota((Shift(OMAR), Shift("support"), Shift(OMAR)))})

    assert line(duty, "on-call", at(5, 9)) == [Asking(OMAR, Group((OMAR,))), Asking("support", support)]


@pytest.mark.parametrize("to", [f"{GRACE}, {OMAR}", f" {GRACE.upper()}\n{OMAR};"])
def test_people_may_be_named_by_e_mail(to: str) -> None:
    assert line(Duty(), to, at(5, 9)) == [Asking(GRACE, Group((GRACE,))), Asking(OMAR, Group((OMAR,)))]


def test_who_is_not_there_is_not_there() -> None:
    assert line(Duty(), "the-moon", at(5, 9)) is None
    assert line(Duty(), "", at(5, 9)) is None
    assert line(Duty(), "support", at(5, 9)) == [Asking("support", Group())]


def test_a_zone_that_there_is_not_is_refused_when_the_policy_is_pushed() -> None:
    good = Policy("p", (), duty=Duty(rotas={"a": Rota((OFFICE,), "Europe/Berlin")}))
    zones_are_there(good, "policy.yaml")
    bad = Policy("p", (), duty=Duty(rotas={"a": Rota((OFFICE,), "Europe/Atlantis")}))

    with pytest.raises(FlowError, match="a time zone that there is not"):
        zones_are_there(bad, "policy.yaml")
