"""Sealed values open where they belong and nowhere else."""

from __future__ import annotations

import pickle
import traceback
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import ConfigurationError
from bot.secrets import MOST_BYTES, SecretUnreadable, Spot, Vault

TOKEN = "xoxb-123-planted-token"
SPOT = Spot("tenant-a", "installations", "1", "bot_token")
OLD, NEW = "w4rrKo9YB9G7chZEVXQxz94w5Lru5DtO9r3PxMQxPuo", "rRposceVLiC3LMvoq4TSyHuNG6iMh7yBzwhJ-6vT0t0"


def test_what_was_sealed_opens_again() -> None:
    vault = Vault(OLD)
    sealed = vault.seal(TOKEN, SPOT)
    assert sealed.split(".")[:2] == ["v1", vault.key_id]
    assert len(sealed.split(".")) == 4
    assert TOKEN not in sealed
    assert vault.open(sealed, SPOT) == TOKEN


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
@settings(max_examples=100)
def test_any_text_survives(text: str) -> None:
    vault = Vault(OLD)
    assert vault.open(vault.seal(text, SPOT), SPOT) == text


def test_the_same_secret_never_looks_the_same_twice() -> None:
    vault = Vault(OLD)
    assert len({vault.seal(TOKEN, SPOT) for _ in range(100)}) == 100


ELSEWHERE = {
    "another tenant": replace(SPOT, tenant="tenant-b"),
    "another table": replace(SPOT, table="people"),
    "another row": replace(SPOT, row="2"),
    "another column": replace(SPOT, column="user_token"),
    "parts that only look the same when joined": Spot("tenant-a|installations", "1", "bot_token", ""),
}


@pytest.mark.parametrize("where", ELSEWHERE)
def test_a_sealed_value_moved_elsewhere_does_not_open(where: str) -> None:
    vault = Vault(OLD)
    with pytest.raises(SecretUnreadable):
        vault.open(vault.seal(TOKEN, SPOT), ELSEWHERE[where])


@pytest.mark.twin
@pytest.mark.parametrize("where", ELSEWHERE)
def test_twin_without_binding_a_moved_value_opens(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Spot, "bound_to", lambda _self, _key_id: b"")
    vault = Vault(OLD)
    assert vault.open(vault.seal(TOKEN, SPOT), ELSEWHERE[where]) == TOKEN


def test_a_bar_inside_a_part_is_not_a_bar_between_parts() -> None:
    spots = [
        Spot("a|b", "c", "d", "e"),
        Spot("a", "b|c", "d", "e"),
        Spot("a\\|b", "c", "d", "e"),
        Spot("a\\", "b|c", "d", "e"),
    ]
    assert len({spot.bound_to("k") for spot in spots}) == len(spots)


def test_every_flipped_character_is_noticed() -> None:
    vault = Vault(OLD)
    sealed = vault.seal(TOKEN, SPOT)
    for place in range(len(sealed)):
        flipped = sealed[:place] + ("A" if sealed[place] != "A" else "B") + sealed[place + 1 :]
        if flipped == sealed:
            continue
        try:
            opened = vault.open(flipped, SPOT)
        except SecretUnreadable:
            continue
        # base64's last character has bits that carry nothing.
        assert opened == TOKEN
        assert place in (sealed.rindex(".") - 1, len(sealed) - 1)


@pytest.mark.parametrize(
    "junk", ["", "v1", "v1...", "v1.a.b.c", "v2.a.b.c", "." * 10, "v1.x.é.é", "x" * 10_000_000]
)
def test_junk_is_unreadable_and_says_so_without_showing_it(junk: str) -> None:
    with pytest.raises(SecretUnreadable) as caught:
        Vault(OLD).open(junk, SPOT)
    assert len(str(caught.value)) < 200


def test_a_new_key_seals_and_the_old_one_still_opens() -> None:
    sealed = Vault(OLD).seal(TOKEN, SPOT)
    both = Vault(f" {NEW} , {OLD} ")
    assert both.open(sealed, SPOT) == TOKEN
    rotated = both.rotate(sealed, SPOT)
    assert rotated is not None
    assert both.rotate(rotated, SPOT) is None
    assert Vault(NEW).open(rotated, SPOT) == TOKEN
    with pytest.raises(SecretUnreadable, match="not in SECRET_KEY"):
        Vault(NEW).open(sealed, SPOT)


def test_rotating_a_value_that_belongs_elsewhere_is_refused() -> None:
    sealed = Vault(OLD).seal(TOKEN, SPOT)
    with pytest.raises(SecretUnreadable):
        Vault(f"{NEW},{OLD}").rotate(sealed, replace(SPOT, tenant="tenant-b"))


@pytest.mark.parametrize("key", ["", " , ", "short", "a" * 64, f"{OLD},short"])
def test_a_missing_or_weak_key_is_refused_with_what_to_do(key: str) -> None:
    with pytest.raises(ConfigurationError, match="SECRET_KEY") as caught:
        Vault(key)
    assert OLD not in str(caught.value)


def test_no_error_and_no_repr_shows_key_or_secret() -> None:
    vault = Vault(OLD)
    shown = [repr(vault), str(vault), repr(vars(vault))]
    try:
        vault.open(vault.seal(TOKEN, SPOT), replace(SPOT, row="9"))
    except SecretUnreadable:
        shown.append(traceback.format_exc())
    assert all(OLD not in text and TOKEN not in text for text in shown)
    with pytest.raises(TypeError):
        pickle.dumps(vault)


def test_a_secret_has_a_size_limit() -> None:
    with pytest.raises(ValueError, match="at most"):
        Vault(OLD).seal("x" * (MOST_BYTES + 1), SPOT)
