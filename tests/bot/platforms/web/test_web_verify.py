"""Tokens and sessions: what is believed of them, and what is not."""

from __future__ import annotations

import base64
import json
from typing import Any
from uuid import UUID

import jwt
import pytest

from bot.errors import Unverified
from bot.platforms.web import verify
from bot.platforms.web.verify import Claimed, read_claimed, read_session, read_token

T1, T2 = UUID("11111111-1111-4111-8111-111111111111"), UUID("22222222-2222-4222-8222-222222222222")
NOW = 1_800_000_000.0
KID, SECRET = verify.new_secret()
OTHER = verify.new_secret()[1]


def session(secret: str = SECRET, algorithm: str = "HS256", kid: str = KID, **claims: Any) -> str:
    given = {"tenant": str(T1), "aud": "countersign", "sub": "u7", "iat": NOW - 5, "exp": NOW + 600, **claims}
    given = {name: value for name, value in given.items() if value is not None}
    return jwt.encode(given, secret, algorithm=algorithm, headers={"kid": kid})


def read(text: str, now: float = NOW) -> verify.Session:
    return read_session(text, read_claimed(text), SECRET, now)


def test_a_token_of_ours_names_where_to_look_and_keeps_only_its_hash() -> None:
    text, token = verify.new_token(T1)
    assert read_token(text) == token
    assert token.tenant == T1
    assert text.rpartition("_")[2] not in repr(token)


def test_no_two_tokens_are_the_same() -> None:
    assert len({verify.new_token(T1)[0] for _ in range(200)}) == 200


@pytest.mark.parametrize("at", range(0, 97, 4))
def test_whatever_is_changed_in_a_token_its_hash_is_another(at: int) -> None:
    text, token = verify.new_token(T1)
    at = min(at, len(text) - 1)
    changed = text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1 :]
    found = read_token(changed)
    assert found is None or not verify.same(token.hash, found.hash)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "csw_",
        "csw_x_y_z",
        "csw_" + "0" * 32 + "_" + "0" * 16 + "_short",
        "Bearer x",
        " csw_" + "0" * 32 + "_" + "0" * 16 + "_" + "a" * 43,
    ],
)
def test_what_is_no_token_of_ours_is_none(text: str) -> None:
    assert read_token(text) is None


def test_a_session_says_who_it_is() -> None:
    found = read(
        session(name="Ada Reyes", email=" Ada@Example.com ", email_verified=True, zoneinfo="Europe/Rome")
    )
    assert (found.name, found.email, found.time_zone) == ("Ada Reyes", "ada@example.com", "Europe/Rome")
    assert found.user.startswith("id:u7:")
    assert found.expires == NOW + 600


@pytest.mark.parametrize("verified", [None, False, "true", "True", 1, "yes", [True]])
def test_an_address_counts_only_where_the_issuer_says_in_so_many_words_that_it_is_verified(
    verified: Any,
) -> None:
    found = read(session(email="grace@example.com", email_verified=verified))
    assert (found.email, found.user) == ("", "id:u7:")


@pytest.mark.parametrize(
    "email",
    [
        "grace",
        "a@b",
        "grace@example.com\n",
        "grace@exa mple.com",
        "a@b@example.com",
        7,
        "ｇrace@example.com",
        "grace@example.com,ada@example.com",
        "x" * 300 + "@e.com",
        "grace@-",
        "<grace@example.com>",
        "",
    ],
)
def test_what_is_no_address_is_left_out(email: Any) -> None:
    if email == "grace@example.com\n":
        assert read(session(email=email, email_verified=True)).email == "grace@example.com"
    else:
        assert read(session(email=email, email_verified=True)).email == ""


def test_the_same_subject_with_another_address_is_another_account_and_inherits_nothing() -> None:
    one = read(session(email="grace@example.com", email_verified=True)).user
    two = read(session(email="eve@example.com", email_verified=True)).user
    none = read(session()).user
    assert len({one, two, none}) == 3


@pytest.mark.twin
def test_twin_without_the_address_in_it_an_old_subject_would_be_inherited(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(verify, "session_user", lambda subject, email: f"id:{subject}")
    one = read(session(email="grace@example.com", email_verified=True)).user
    two = read(session(email="eve@example.com", email_verified=True)).user
    assert one == two


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": NOW - 1},
        {"exp": NOW},
        {"exp": NOW + 3600},  # an hour and five seconds after it began
        {"exp": NOW + 86400},
        {"exp": None},
        {"exp": "soon"},
        {"exp": float("inf")},
        {"exp": True},
        {"iat": NOW + 60, "exp": NOW + 600},
        {"iat": None},
        {"iat": "x"},
        {"aud": "another"},
        {"aud": None},
        {"aud": ["other", "more"]},
        {"sub": None},
        {"sub": ""},
        {"sub": "a/b"},
        {"sub": "a:b"},
        {"sub": "x" * 129},
        {"sub": 7},
        {"sub": "ädä"},
        {"tenant": str(T2)},
    ],
)
def test_a_session_with_an_odd_claim_is_refused(claims: dict[str, Any]) -> None:
    text = session(**claims)
    with pytest.raises(Unverified):
        read_session(text, Claimed(T1, KID), SECRET, NOW)


@pytest.mark.parametrize("now", [NOW - 40, NOW + 600, NOW + 601, NOW + 10_000])
def test_a_session_counts_from_its_beginning_to_its_end(now: float) -> None:
    with pytest.raises(Unverified):
        read(session(), now)


@pytest.mark.parametrize("now", [NOW - 30, NOW, NOW + 599])
def test_within_its_time_it_counts(now: float) -> None:
    assert read(session(), now).user == "id:u7:"


def test_another_secret_signs_nothing() -> None:
    with pytest.raises(Unverified):
        read(session(OTHER))


def test_no_session_counts_without_its_signature() -> None:
    text = session()
    for forged in (text.rpartition(".")[0] + ".", text[:-4] + "AAAA", _unsigned()):
        with pytest.raises(Unverified):
            read_session(forged, Claimed(T1, KID), SECRET, NOW)


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_the_algorithm_is_ours_to_choose(algorithm: str) -> None:
    with pytest.raises(Unverified):
        read_claimed(session(algorithm=algorithm))
    with pytest.raises(Unverified):
        read_session(session(algorithm=algorithm), Claimed(T1, KID), SECRET, NOW)


@pytest.mark.twin
def test_twin_were_the_algorithm_the_tokens_choice_another_would_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "ALGORITHM", "HS512")
    assert read_session(session(algorithm="HS512"), Claimed(T1, KID), SECRET, NOW).user == "id:u7:"


@pytest.mark.twin
def test_twin_without_the_signature_anybody_would_be_anybody(monkeypatch: pytest.MonkeyPatch) -> None:
    true = jwt.decode

    def lax(text: str, key: str = "", **options: Any) -> Any:
        return true(text, options={"verify_signature": False})

    monkeypatch.setattr(verify.jwt, "decode", lax)
    found = read(session(OTHER, email="grace@example.com", email_verified=True))
    assert found.email == "grace@example.com"


def _unsigned(**header: Any) -> str:
    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    claims = {"tenant": str(T1), "aud": "countersign", "sub": "u7", "iat": NOW - 5, "exp": NOW + 600}
    return f"{part({'alg': 'none', 'kid': KID, **header})}.{part(claims)}."


@pytest.mark.parametrize(
    "text",
    [
        _unsigned(),
        _unsigned(alg="None"),
        _unsigned(alg="HS256", kid="../../x"),
        _unsigned(alg="HS256", kid=None),
        _unsigned(alg="HS256", kid=["x"]),
        session(tenant="nobody"),
        session(tenant=None),
        session(tenant=["x"]),
        "a.b.c",
        "...",
        "",
        "x" * 4000,
        "e30.e30.e30",
        "[" * 3000,
    ],
)
def test_what_leads_to_no_secret_is_refused(text: str) -> None:
    with pytest.raises(Unverified):
        read_claimed(text)


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Basic abc", "bearerabc", "Bearer ü", "Token abc", "Bearer " + "a" * 4097],
)
def test_only_a_bearer_token_is_one(authorization: str) -> None:
    with pytest.raises(Unverified):
        verify.bearer(authorization)


def test_bearer_is_read_whatever_its_case() -> None:
    assert verify.bearer("bearer  abc ") == "abc"


def test_no_error_repeats_the_token() -> None:
    text = session(OTHER, exp=NOW - 1)
    with pytest.raises(Unverified) as refused:
        read(text)
    assert text not in str(refused.value)
    assert text.split(".")[1] not in repr(refused.value.__cause__)
