"""The token with which an app's webhooks come: bound to our address, short-lived, and never forged."""

from __future__ import annotations

import json
from typing import Any

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from integrations.jira import token
from integrations.jira.webhook import NotFromJira, verify

SECRET = "hook_of_the_tests_and_long_enough_for_its_hash"
NOW = 1_800_000_000.0


def _body() -> bytes:
    return json.dumps({"timestamp": int(NOW * 1000), "webhookEvent": "jira:issue_updated"}).encode()


def _claims(**more: Any) -> dict[str, Any]:
    return {"iat": NOW, "exp": NOW + 180, "qsh": token.query_hash("POST", "/webhooks/jira")} | more


def _bearing(value: str, scheme: str = "JWT") -> CIMultiDictProxy[str]:
    return CIMultiDictProxy(CIMultiDict({"Authorization": f"{scheme} {value}"}))


def test_nothing_is_parsed_before_the_tokens_signature_is_good(monkeypatch: pytest.MonkeyPatch) -> None:
    forged = _bearing(token.make(_claims(), "mallory's"))

    def parsed(*_: object) -> None:
        raise AssertionError("it was parsed")

    monkeypatch.setattr("json.loads", parsed)
    with pytest.raises(NotFromJira):
        verify(forged, b"{", SECRET, NOW)


@pytest.mark.parametrize("scheme", ["JWT", "Bearer", "jwt"])
def test_an_apps_token_is_as_good_as_a_signature(scheme: str) -> None:
    assert verify(_bearing(token.make(_claims(), SECRET), scheme), _body(), f"new,{SECRET}", NOW)


def test_another_library_makes_and_reads_the_same_token() -> None:
    import jwt

    theirs = jwt.encode(_claims(iat=int(NOW), exp=int(NOW) + 180), SECRET, algorithm="HS256")
    assert verify(_bearing(theirs), _body(), SECRET, NOW)
    ours = jwt.decode(
        token.make(_claims(), SECRET), SECRET, ["HS256"], options={"verify_exp": False, "verify_iat": False}
    )
    assert ours["qsh"] == _claims()["qsh"]


BAD_TOKENS = {
    "another secret": token.make(_claims(), "mallory's"),
    "no algorithm": token.make(_claims(), SECRET, algorithm="none"),
    "another algorithm": token.make(_claims(), SECRET, algorithm="HS512"),
    "over": token.make(_claims(iat=NOW - 400, exp=NOW - 100), SECRET),
    "of tomorrow": token.make(_claims(iat=NOW + 86_400, exp=NOW + 86_580), SECRET),
    "for ever": token.make(_claims(exp=NOW + 1e8), SECRET),
    "backwards": token.make(_claims(exp=NOW - 1), SECRET),
    "without an end": token.make({"iat": NOW, "qsh": _claims()["qsh"]}, SECRET),
    "without a hash": token.make(_claims(qsh=""), SECRET),
    "a hash that is no text": token.make(_claims(qsh=["x"]), SECRET),
    "of the page in the browser": token.make(_claims(qsh="context-qsh"), SECRET),
    "for another address": token.make(_claims(qsh=token.query_hash("POST", "/installed")), SECRET),
    "for another method": token.make(_claims(qsh=token.query_hash("GET", "/webhooks/jira")), SECRET),
    "unsigned": ".".join(token.make(_claims(), SECRET).split(".")[:2]) + ".",
    "nothing": "",
    "three dots": "...",
    "too long": "a" * 9000,
}


@pytest.mark.parametrize("value", BAD_TOKENS.values(), ids=BAD_TOKENS)
def test_a_token_that_is_forged_stale_or_for_something_else_is_refused(value: str) -> None:
    with pytest.raises(NotFromJira):
        verify(_bearing(value), _body(), SECRET, NOW)


@pytest.mark.twin
def test_twin_without_the_hash_of_the_request_a_token_for_another_address_will_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(token, "query_hash", lambda *_: token_hash)
    token_hash = json.loads(
        token.base64.urlsafe_b64decode(BAD_TOKENS["for another address"].split(".")[1] + "==")
    )["qsh"]

    assert verify(_bearing(BAD_TOKENS["for another address"]), _body(), SECRET, NOW)


@pytest.mark.twin
def test_twin_without_a_longest_life_a_token_for_ever_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token, "LONGEST_LIFE", float("inf"))

    assert verify(_bearing(BAD_TOKENS["for ever"]), _body(), SECRET, NOW)


def test_a_tenants_own_address_has_a_token_of_its_own() -> None:
    made = token.make(_claims(qsh=token.query_hash("POST", "/webhooks/jira/abc")), SECRET)

    assert verify(_bearing(made), _body(), SECRET, NOW, path="/webhooks/jira/abc")
    with pytest.raises(NotFromJira):
        verify(_bearing(made), _body(), SECRET, NOW)


def test_a_wrong_signature_is_not_outweighed_by_a_good_token() -> None:
    both = {"X-Hub-Signature": "sha256=" + "0" * 64, "Authorization": "JWT " + token.make(_claims(), SECRET)}

    with pytest.raises(NotFromJira):
        verify(CIMultiDictProxy(CIMultiDict(both)), _body(), SECRET, NOW)
