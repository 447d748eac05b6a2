"""The chain by itself: any change of any link is found, and what was not touched is whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers import audit_chain
from workers.audit_chain import (
    MOST_FINDINGS,
    NAME,
    Finding,
    Head,
    Link,
    Walk,
    digest,
    genesis,
    signed,
    stamp,
)

US, THEM = UUID(int=1), UUID(int=2)
BEGAN = datetime(2026, 11, 21, 8, tzinfo=UTC)


def chain(entries: list[bytes], tenant: UUID = US) -> list[Link]:
    links: list[Link] = []
    prev = audit_chain.genesis(tenant)
    for seq, entry in enumerate(entries, start=1):
        link = Link(100 + seq, BEGAN + timedelta(seconds=seq), entry, seq, prev, b"")
        link = replace(link, hash=digest(tenant, link))
        links.append(link)
        prev = link.hash
    return links


def head_of(links: list[Link]) -> Head:
    return Head(links[-1].seq, links[-1].hash, BEGAN)


def found(links: list[Link], head: Head | None, tenant: UUID = US) -> list[Finding]:
    walk = Walk(tenant, (THEM,))
    walk.take(sorted(links, key=lambda link: (link.seq, link.id)))
    walk.end(head)
    walk.head(head, genuine=True)
    return walk.findings


chains = st.lists(st.binary(max_size=40), min_size=1, max_size=12).map(chain)


@given(chains)
def test_what_nobody_touched_is_whole(links: list[Link]) -> None:
    assert found(links, head_of(links)) == []


def _changed(link: Link, how: str) -> Link:
    match how:
        case "entry":
            return replace(link, entry=link.entry + b" ")
        case "at":
            return replace(link, at=link.at + timedelta(microseconds=1))
        case "id":
            return replace(link, id=link.id + 1000)
        case "seq":
            return replace(link, seq=link.seq + 1000)
        case "prev":
            return replace(link, prev=bytes(32))
        case "hash":
            return replace(link, hash=bytes(32))
    raise AssertionError(how)


CHANGES = ["entry", "at", "id", "seq", "prev", "hash"]


@settings(max_examples=60)
@given(chains, st.data(), st.sampled_from(CHANGES), st.booleans())
def test_whatever_is_changed_in_any_link_is_found(
    links: list[Link], data: st.DataObject, how: str, rehashed: bool
) -> None:
    """With its own hash as it was, or made to fit."""
    at = data.draw(st.integers(0, len(links) - 1))
    changed = _changed(links[at], how)
    if rehashed and how != "hash":
        changed = replace(changed, hash=digest(US, changed))
    assert found([*links[:at], changed, *links[at + 1 :]], head_of(links))


@settings(max_examples=60)
@given(chains, st.data())
def test_whatever_is_left_out_is_found(links: list[Link], data: st.DataObject) -> None:
    gone = data.draw(st.sets(st.integers(0, len(links) - 1), min_size=1))
    kept = [link for at, link in enumerate(links) if at not in gone]
    findings = found(kept, head_of(links))
    named = {seq for each in findings for seq in _range(each, len(links))}
    assert {at + 1 for at in gone} <= named


def _range(finding: Finding, last: int) -> range:
    """The numbers that a finding of something gone names."""
    if finding.kind not in ("deleted", "tail cut"):
        return range(0)
    words = finding.text.partition(":")[0].replace("#", "").split(" to ")
    return range(int(words[0]), int(words[-1]) + 1)


@settings(max_examples=60)
@given(chains, st.data())
def test_any_two_that_changed_places_are_found(links: list[Link], data: st.DataObject) -> None:
    one, two = data.draw(st.lists(st.integers(0, len(links) - 1), min_size=2, max_size=2))
    swapped = list(links)
    swapped[one] = replace(links[one], id=links[two].id, at=links[two].at, entry=links[two].entry)
    swapped[two] = replace(links[two], id=links[one].id, at=links[one].at, entry=links[one].entry)
    kinds = {each.kind for each in found(swapped, head_of(links))}
    assert kinds == (set() if one == two else kinds | {"reordered"})


@given(chains)
def test_a_chain_is_nobody_elses(links: list[Link]) -> None:
    findings = found(chain([link.entry for link in links], THEM), None)
    assert findings[0].kind == "chains swapped"
    assert str(THEM) in findings[0].text


@pytest.mark.twin
def test_without_the_tenant_in_it_a_chain_would_be_anybodys(monkeypatch: pytest.MonkeyPatch) -> None:
    real = audit_chain._digest
    monkeypatch.setattr(audit_chain, "genesis", lambda _: bytes(32))
    monkeypatch.setattr(audit_chain, "_digest", lambda _, link: real(NAME, link))
    theirs = chain([b"a", b"b"], THEM)
    assert found(theirs, head_of(theirs), US) == []


def test_of_two_with_one_number_the_genuine_is_told_from_the_other_whichever_comes_first() -> None:
    links = chain([b"a", b"b", b"c"])
    for id in (1, 1_000):  # before it and after it
        fake = replace(links[1], id=id, entry=b"fake")
        fake = replace(fake, hash=digest(US, fake))
        [finding] = found([*links, fake], head_of(links))
        assert (finding.kind, finding.seq) == ("inserted", 2)
        assert f"id {id}:" in finding.text


def test_a_thousand_of_one_number_are_counted_and_the_genuine_one_is_found() -> None:
    links = chain([b"a", b"b", b"c"])
    fakes = [replace(links[1], id=1_000 + n, entry=b"fake") for n in range(1_000)]
    assert {each.kind for each in found([*links, *fakes], head_of(links))} == {"inserted"}


@pytest.mark.parametrize("seq", [0, -1, -(2**60)])
def test_a_number_that_no_link_has_is_put_in(seq: int) -> None:
    links = chain([b"a", b"b"])
    odd = replace(links[0], id=9, seq=seq)
    odd = replace(odd, hash=digest(US, odd))
    assert [each.kind for each in found([*links, odd], head_of(links))] == ["inserted"]


def test_a_long_chain_that_fits_nowhere_is_gone_along_in_bounded_memory() -> None:
    links = [replace(link, entry=b"x" * 10_000) for link in chain([b"a"] * 1_000)]
    walk = Walk(US, [UUID(int=n) for n in range(3, 20)])
    walk.take(links)
    assert sum(len(link.entry) for link in walk._odd) <= 4 * 1024 * 1024
    walk.end()
    assert (len(walk.findings), walk.count) == (MOST_FINDINGS, 1_000)


def test_a_clock_that_was_set_back_is_seen_once_and_small_steps_are_not() -> None:
    def dated(*seconds: int) -> list[Link]:
        links, prev = [], genesis(US)
        for seq, second in enumerate(seconds, start=1):
            link = Link(seq, BEGAN + timedelta(seconds=second), b"", seq, prev, b"")
            links.append(replace(link, hash=digest(US, link)))
            prev = links[-1].hash
        return links

    late = dated(0, 60, 30, 90)  # a transaction that began earlier and ended later
    assert found(late, head_of(late)) == []
    back = dated(0, 7_200, 60, 7_300)
    assert [(each.kind, each.seq) for each in found(back, head_of(back))] == [("clock", 3)]


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))])))
def test_a_moment_is_written_in_one_way_wherever_it_was_read(at: datetime) -> None:
    if at.year < 2 or at.year > 9_998:
        return
    text = stamp(at)
    assert len(text) == len("2026-11-21T08:00:00.000000Z")
    assert datetime.fromisoformat(text.replace("Z", "+00:00")) == at


def test_a_signature_is_of_a_tenant_a_number_a_hash_and_a_time() -> None:
    head = Head(1, b"h", BEGAN)
    others = [
        signed(THEM, head),
        signed(US, replace(head, seq=2)),
        signed(US, replace(head, hash=b"i")),
        signed(US, replace(head, at=BEGAN + timedelta(microseconds=1))),
    ]
    assert signed(US, head) not in others
    assert len(set(others)) == 4


@pytest.mark.parametrize(("genuine", "said"), [(False, "somebody else"), (None, "not in SECRET_KEY")])
def test_a_head_that_is_not_ours_is_told_from_one_that_nobody_can_check(
    genuine: bool | None, said: str
) -> None:
    links = chain([b"a"])
    walk = Walk(US)
    walk.take(links)
    walk.end()
    walk.head(head_of(links), genuine=genuine)
    [finding] = walk.findings
    assert said in finding.text
