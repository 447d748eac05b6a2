"""Webhooks at the door: the address says whose they are, the signature whether they are."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.errors import Malformed, Unverified
from bot.front_inbox import Delivery
from bot.hooks import OWN_ACCOUNT, Caller, Hook, Signer
from bot.turn import Ignored

OURS, THEIRS = "our-secret", "their-secret"
TOKEN = "a-token-that-nobody-can-guess"


class Forged(ValueError):
    pass


class NoEvent(ValueError):
    pass


def sign(body: bytes, secret: str) -> dict[str, str]:
    return {"X-Sign": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


parsed: list[bytes] = []
paths: list[str] = []


def verify(headers: Mapping[str, str], body: bytes, secret: str, now: float, path: str) -> dict[str, Any]:
    paths.append(path)
    if not hmac.compare_digest(headers.get("X-Sign", ""), sign(body, secret)["X-Sign"]):
        raise Forged
    parsed.append(body)
    try:
        event = json.loads(body)
    except ValueError:
        raise NoEvent from None
    return {**event, "kind": headers.get("X-Kind", "")}


def delivery(_headers: Mapping[str, str], event: Mapping[str, Any]) -> tuple[str, str] | None:
    return (event["id"], event["thing"]) if "thing" in event else None


def introduction(body: bytes) -> str | None:
    found: str | None = json.loads(body).get("verification_token")
    return found


@dataclass
class Some:
    """Our own address, and one of a tenant's; what is not in there is nobody's."""

    there: dict[str, Signer] = field(
        default_factory=lambda: {"": Signer(OWN_ACCOUNT, OURS), TOKEN: Signer("digest", THEIRS)}
    )
    kept: list[str] = field(default_factory=list)

    async def of(self, service: str, token: str) -> Signer | None:
        return self.there.get(token)

    async def introduced(self, service: str, token: str, secret: str) -> bool:
        self.kept.append(secret)
        return len(self.kept) == 1


@pytest.fixture
def some() -> Some:
    parsed.clear()
    paths.clear()
    return Some()


@pytest.fixture
def hook(some: Some) -> Hook:
    return Hook(Caller("tracker", verify, delivery, Forged, NoEvent, introduction), some)


def body(**more: Any) -> bytes:
    return json.dumps({"id": "e1", "thing": "T-1"} | more).encode()


async def test_a_genuine_call_at_our_own_address_is_ours(hook: Hook) -> None:
    found = await hook.verify(sign(body(), OURS), body())

    assert isinstance(found, Delivery)
    assert (found.platform, found.workspace, found.id) == ("tracker", OWN_ACCOUNT, "e1")
    assert found.conversation == "tracker:T-1"


async def test_a_genuine_call_at_a_tenants_address_is_theirs(hook: Hook) -> None:
    found = await hook.verify(sign(body(), THEIRS), body(), TOKEN)

    assert isinstance(found, Delivery)
    assert found.workspace == "digest"


async def test_what_is_stored_is_what_was_verified_headers_kind_included(hook: Hook) -> None:
    found = await hook.verify({**sign(body(), OURS), "X-Kind": "closed"}, body())

    assert isinstance(found, Delivery)
    assert json.loads(found.payload) == {"id": "e1", "thing": "T-1", "kind": "closed"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Sign": ""},
        {"X-Sign": "0" * 64},
        {"X-Other": sign(body(), OURS)["X-Sign"]},
        sign(body(), "guess"),
    ],
)
async def test_a_forged_call_is_refused_and_never_parsed(hook: Hook, headers: dict[str, str]) -> None:
    with pytest.raises(Unverified):
        await hook.verify(headers, body())

    assert parsed == []


async def test_a_tenants_signature_is_good_at_their_own_address_only(hook: Hook) -> None:
    for token, secret in (("", THEIRS), (TOKEN, OURS)):
        with pytest.raises(Unverified):
            await hook.verify(sign(body(), secret), body(), token)


async def test_nothing_in_the_body_names_another_tenant(hook: Hook) -> None:
    named = body(workspace=OWN_ACCOUNT, account=OWN_ACCOUNT, tenant=OWN_ACCOUNT, platform="slack")
    found = await hook.verify(sign(named, THEIRS), named, TOKEN)

    assert isinstance(found, Delivery)
    assert (found.platform, found.workspace) == ("tracker", "digest")


@pytest.mark.twin
async def test_without_an_address_of_its_own_a_tenant_could_speak_for_us(hook: Hook, some: Some) -> None:
    """One secret for all, and whoever knows it is everybody."""
    some.there[""] = Signer(OWN_ACCOUNT, THEIRS)
    found = await hook.verify(sign(body(), THEIRS), body())

    assert isinstance(found, Delivery)
    assert found.workspace == OWN_ACCOUNT


@pytest.mark.parametrize("token", ["unknown", "x" * 5000, "../" * 20])
async def test_an_address_that_is_nobodys_is_refused_and_never_parsed(hook: Hook, token: str) -> None:
    with pytest.raises(Unverified):
        await hook.verify(sign(body(), OURS), body(), token)

    assert parsed == []


async def test_without_a_secret_nothing_is_genuine(hook: Hook, some: Some) -> None:
    some.there = {"": Signer(OWN_ACCOUNT, ""), TOKEN: Signer("digest", "")}
    for token in ("", TOKEN):
        with pytest.raises(Unverified):
            await hook.verify(sign(body(), ""), body(), token)


@pytest.mark.twin
async def test_twin_without_that_refusal_an_empty_secret_signs_anything(hook: Hook, some: Some) -> None:
    some.there[""] = Signer(OWN_ACCOUNT, AlwaysThere())

    assert isinstance(await hook.verify(sign(body(), ""), body()), Delivery)


class AlwaysThere(str):
    """Empty, and does not look it."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return True


async def test_signed_and_no_event_is_malformed(hook: Hook) -> None:
    with pytest.raises(Malformed):
        await hook.verify(sign(b"no json", OURS), b"no json")


@pytest.mark.parametrize(
    "text",
    ['{"id": "e", "thing": "t", "n": 99999999999999999999999}', '{"id": "e", "thing": "t", "s": "\\ud800"}'],
)
async def test_what_json_cannot_carry_is_malformed(hook: Hook, text: str) -> None:
    with pytest.raises(Malformed):
        await hook.verify(sign(text.encode(), OURS), text.encode())


async def test_what_nobody_wants_to_know_is_ignored_with_a_reason(hook: Hook) -> None:
    nothing = b'{"id": "e1"}'
    assert await hook.verify(sign(nothing, OURS), nothing) == Ignored("no object")


@pytest.mark.parametrize("more", [{"id": ""}, {"thing": ""}, {"id": "k" * 201}, {"thing": "t" * 301}])
async def test_a_key_that_is_empty_or_endless_is_no_key(hook: Hook, more: dict[str, str]) -> None:
    assert await hook.verify(sign(body(**more), OURS), body(**more)) == Ignored("no usable key")


async def test_a_thing_that_names_its_service_is_not_given_the_name_twice(hook: Hook) -> None:
    found = await hook.verify(sign(body(thing="tracker:7"), OURS), body(thing="tracker:7"))

    assert isinstance(found, Delivery)
    assert found.conversation == "tracker:7"


async def test_a_service_that_signs_the_path_is_given_the_one_that_was_called(hook: Hook) -> None:
    await hook.verify(sign(body(), OURS), body())
    await hook.verify(sign(body(), THEIRS), body(), TOKEN)

    assert paths == ["/webhooks/tracker", f"/webhooks/tracker/{TOKEN}"]


# ── the one call that nobody signs ───────────────────────────────────────────────────────

HELLO = b'{"verification_token": "secret_of_theirs"}'


async def test_a_service_introduces_itself_at_an_address_that_nobody_can_guess(
    hook: Hook, some: Some
) -> None:
    some.there[TOKEN] = Signer("digest", "")

    assert await hook.verify({}, HELLO, TOKEN) == Ignored("introduction")
    assert some.kept == ["secret_of_theirs"]


async def test_at_the_plain_address_nobody_introduces_himself(hook: Hook, some: Some) -> None:
    some.there[""] = Signer(OWN_ACCOUNT, "")
    with pytest.raises(Unverified):
        await hook.verify({}, HELLO)

    assert some.kept == []


async def test_a_secret_that_is_there_is_not_replaced_by_an_introduction(hook: Hook, some: Some) -> None:
    with pytest.raises(Unverified):
        await hook.verify({}, HELLO, TOKEN)

    assert some.kept == []


async def test_a_second_introduction_is_refused(hook: Hook, some: Some) -> None:
    some.there[TOKEN] = Signer("digest", "")
    await hook.verify({}, HELLO, TOKEN)
    with pytest.raises(Unverified):
        await hook.verify({}, HELLO, TOKEN)


def test_a_signers_secret_is_not_in_its_words() -> None:
    assert OURS not in repr(Signer(OWN_ACCOUNT, OURS))
