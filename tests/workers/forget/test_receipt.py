"""The receipt says what went and what stays, and cannot be made up; so do tokens, links and marks."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from bot.errors import Unverified
from bot.secrets import Vault
from bot.turn import Account
from tests.conftest import SECRET
from workers.forget import receipt
from workers.forget.desk import LINK_LASTS, Desk
from workers.forget.receipt import Receipt

SIGNER = receipt.signer(SECRET)
TENANT, OTHER = UUID(int=7), UUID(int=8)
AT = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
DONE = Receipt("AAAA-BBBB-CCCC", "done", AT, AT, {"inbox": 3, "runs": 1, "grants": 2}, ())
KEPT = {"what": "stripe.charge", "why": "it is on its way: nobody can call it back", "until": ""}
BACK = {"what": "stripe.charge", "why": "it may still have to be given back", "until": "2026-12-22"}
DESK = Desk(SIGNER, Vault(SECRET), "https://bot.example.com")


def test_it_says_what_went() -> None:
    words = receipt.words(DONE)
    assert "3 messages and presses of yours, 1 requests with what you filled in, 2 other rows" in words
    assert "AAAA-BBBB-CCCC" in words
    assert "a number in place of you" in words


def test_it_names_what_stays_why_and_until_when() -> None:
    words = receipt.words(replace(DONE, kept=(KEPT, BACK)))
    assert "stripe.charge, because it is on its way: nobody can call it back. Until it is over." in words
    assert "because it may still have to be given back. Until 2026-12-22." in words


def test_of_somebody_of_whom_nothing_was_kept_it_says_that() -> None:
    assert "nothing was kept about you" in receipt.words(replace(DONE, counts={}))


def test_before_it_is_done_it_says_so() -> None:
    assert receipt.words(replace(DONE, state="running")) == "Forgetting is under way. Receipt AAAA-BBBB-CCCC."


def test_its_signature_holds_for_every_word_of_it() -> None:
    signature = receipt.signed(TENANT, DONE, SIGNER)
    assert receipt.holds(TENANT, DONE, signature, SIGNER)
    assert not receipt.holds(OTHER, DONE, signature, SIGNER)
    for changed in ({"id": "X"}, {"counts": {"inbox": 2}}, {"kept": (KEPT,)}, {"state": "running"}):
        assert not receipt.holds(TENANT, replace(DONE, **changed), signature, SIGNER)


def test_its_number_is_easily_read_out_and_never_the_same() -> None:
    numbers = {receipt.new_id() for _ in range(2_000)}
    assert len(numbers) == 2_000
    assert all(re.fullmatch(r"[2-9A-HJKMNP-Z]{4}(-[2-9A-HJKMNP-Z]{4}){2}", each) for each in numbers)


def test_a_mark_is_the_same_for_one_address_and_tells_nobody_whose() -> None:
    one = receipt.mark(TENANT, " Ada@Example.com ", SIGNER)
    assert one == receipt.mark(TENANT, "ada@example.com", SIGNER)
    assert one != receipt.mark(OTHER, "ada@example.com", SIGNER)
    assert one != receipt.mark(TENANT, "ada@example.com", receipt.signer(SECRET[::-1]))
    account = Account("slack", "T1", "U1")
    assert receipt.account_mark(TENANT, account, SIGNER) == receipt.mark(TENANT, "slack:T1:U1", SIGNER)


# -- who may ask over HTTP, and who may read an export


def test_a_tenants_token_is_that_tenants_alone() -> None:
    token = DESK.bearer(TENANT)
    assert DESK.tenant_of(token) == TENANT
    assert DESK.tenant_of(DESK.bearer(OTHER)) == OTHER


@pytest.mark.parametrize(
    "token",
    [
        "",
        "cse_",
        "cse_x_y",
        "nonsense",
        f"cse_{TENANT.hex}_",
        f"cse_{TENANT.hex}_{'0' * 64}",
        "cse_" + "é" * 40,
    ],
)
def test_what_is_no_token_is_nobodys(token: str) -> None:
    assert DESK.tenant_of(token) is None


def test_a_token_with_another_tenants_name_in_it_is_nobodys() -> None:
    assert DESK.tenant_of(DESK.bearer(TENANT).replace(TENANT.hex, OTHER.hex)) is None


def test_a_link_opens_one_persons_export_for_an_hour() -> None:
    person = uuid4()
    token = DESK.link(TENANT, person, 1_000.0).removeprefix("https://bot.example.com/export/")
    assert DESK.opened(token, 1_000.0 + LINK_LASTS - 1) == (TENANT, person)
    with pytest.raises(Unverified):
        DESK.opened(token, 1_000.0 + LINK_LASTS + 1)
    for changed in (token[:-2] + "AA", token[1:], "", "v1.x.y.z"):
        with pytest.raises(Unverified):
            DESK.opened(changed, 1_000.0)


def test_a_link_tells_nothing_of_whose_it_is() -> None:
    person = uuid4()
    assert str(person) not in DESK.link(TENANT, person, 0.0)
    assert person.hex not in DESK.link(TENANT, person, 0.0)


def test_without_an_address_there_is_no_link() -> None:
    assert Desk(SIGNER, Vault(SECRET), "").link(TENANT, uuid4(), 0.0) == ""
