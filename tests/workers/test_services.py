"""Whose account a service is called with: ours for us, a tenant's own for them, nobody's by mistake."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from bot.errors import ConfigurationError
from bot.secrets import SecretUnreadable
from bot.settings import Settings
from flows import approval as sealing
from integrations import services as integrations
from integrations.base import Integration
from tests.conftest import SECRET
from workers import services
from workers.clients import Clients
from workers.installs import OWN
from workers.services import Connected, Opened, Services, account_of
from workers.store.services import Kept

ENVIRONMENT = Settings(
    _env_file=None,
    secret_key=SECRET,
    stripe_api_key="sk_ours",
    stripe_webhook_secret="whsec_ours",
    stripe_api_base="https://stripe.example",
    jira_url="https://ours.example",
    jira_api_token="our-token",
).plain()
A, B = uuid4(), uuid4()


@pytest.fixture
def kept() -> Services:
    return Services(ENVIRONMENT, SECRET)


def row(
    kept: Services, tenant: UUID, service: str = "stripe", name: str = "Acme (T1)", **values: str
) -> Kept:
    sealed = kept.sealed(tenant, service, Opened(values)) if values else None
    return Kept(name, "p1", service, sealed)


# ── ours and theirs ──────────────────────────────────────────────────────────────────────


def test_our_own_tenant_has_what_the_environment_says(kept: Services) -> None:
    found = kept.connected(A, row(kept, A, name=OWN))

    assert found.values["STRIPE_API_KEY"] == "sk_ours"
    assert found.webhook_secret == "whsec_ours"


def test_what_is_kept_for_our_own_tenant_lies_over_the_environment(kept: Services) -> None:
    found = kept.connected(A, row(kept, A, name=OWN, STRIPE_API_KEY="sk_kept"))

    assert found.values["STRIPE_API_KEY"] == "sk_kept"
    assert found.values["STRIPE_API_BASE"] == "https://stripe.example"


@pytest.mark.parametrize("service", ["stripe", "jira", "github", "notion"])
def test_another_tenant_has_nothing_of_the_environments(kept: Services, service: str) -> None:
    found = kept.connected(B, row(kept, B, service))

    assert not {"sk_ours", "whsec_ours", "our-token", SECRET} & set(found.values.values())
    assert found.values == services.defaults(service)
    assert found.webhook_secret == ""


def test_another_tenants_half_is_not_completed_with_ours(kept: Services) -> None:
    found = kept.connected(B, row(kept, B, "jira", JIRA_URL="https://theirs.example"))

    assert found.values["JIRA_URL"] == "https://theirs.example"
    assert "JIRA_API_TOKEN" not in found.values


@pytest.mark.parametrize("name", ["", "own", "Own workspace", "own workspace (T1)", " own workspace"])
def test_no_name_that_only_looks_like_ours_is_ours(kept: Services, name: str) -> None:
    assert "STRIPE_API_KEY" not in kept.connected(B, row(kept, B, name=name)).values


@pytest.mark.twin
def test_without_that_guard_a_stranger_calls_with_our_key(
    kept: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "may_use_environment", lambda _kept: True)

    assert kept.connected(B, row(kept, B)).values["STRIPE_API_KEY"] == "sk_ours"


def test_the_model_is_nobodys_account_and_the_same_for_everybody(kept: Services) -> None:
    assert kept.connected(B, row(kept, B, "model")).values == ENVIRONMENT


def test_only_what_needs_no_account_is_a_part_of_ourselves() -> None:
    parts = {each.name for each in integrations() if not each.required}

    assert parts == services.PARTS


# ── sealed ───────────────────────────────────────────────────────────────────────────────


def test_nothing_of_it_can_be_read_in_the_row(kept: Services) -> None:
    found = row(kept, B, STRIPE_API_KEY="sk_theirs")

    assert found.sealed is not None
    assert "sk_theirs" not in found.sealed
    assert "sk_theirs" not in repr(kept.connected(B, found)) + repr(kept.opened(B, found))


def test_what_was_copied_to_another_tenants_row_does_not_open(kept: Services) -> None:
    theirs = row(kept, B, STRIPE_API_KEY="sk_theirs")
    with pytest.raises(SecretUnreadable):
        kept.connected(A, theirs)


def test_what_was_copied_to_another_services_row_does_not_open(kept: Services) -> None:
    theirs = row(kept, B, STRIPE_API_KEY="sk_theirs")
    with pytest.raises(SecretUnreadable):
        kept.connected(B, replace(theirs, service="jira"))


@pytest.mark.twin
def test_without_its_spot_a_copied_row_opens_for_whoever_has_it(
    kept: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    somewhere = services.spot(A, "stripe")
    monkeypatch.setattr(services, "spot", lambda _tenant, _service: somewhere)
    theirs = row(kept, B, STRIPE_API_KEY="sk_theirs")

    assert kept.connected(A, theirs).values["STRIPE_API_KEY"] == "sk_theirs"


def test_without_a_key_what_is_kept_is_said_to_be_closed(kept: Services) -> None:
    with pytest.raises(ConfigurationError, match="SECRET_KEY"):
        Services(ENVIRONMENT).connected(B, row(kept, B, STRIPE_API_KEY="sk_theirs"))


def test_the_token_of_the_address_stays_when_settings_change(kept: Services) -> None:
    sealed = kept.sealed(B, "stripe", Opened({}, "the-token"))

    assert kept.opened(B, Kept("", None, "stripe", sealed)).token == "the-token"
    assert len(kept.opened(B, row(kept, B, STRIPE_API_KEY="x")).token) >= 32


# ── the account's name ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "changed",
    [
        {"JIRA_URL": "https://b.example"},
        {"JIRA_API_TOKEN": "other"},
        {"JIRA_EMAIL": "x@example.com"},
        {"JIRA_PROJECT": "OPS"},
        {"JIRA_API_VERSION": "2"},
    ],
)
def test_every_setting_that_says_where_or_as_whom_changes_the_name(changed: dict[str, str]) -> None:
    before = {"JIRA_URL": "https://a.example", "JIRA_API_TOKEN": "t", "JIRA_PROJECT": "PAY"}

    assert account_of("jira", before) != account_of("jira", before | changed)


@pytest.mark.parametrize(
    "changed",
    [
        {"JIRA_WEBHOOK_SECRET": "s"},
        {"JIRA_API_VERSION": "3"},  # as it is by default
        {"STRIPE_API_KEY": "sk_other"},
        {"PORT": "4000"},
    ],
)
def test_what_is_of_no_matter_to_a_call_leaves_it(changed: dict[str, str]) -> None:
    before = {"JIRA_URL": "https://a.example", "JIRA_API_TOKEN": "t"}

    assert account_of("jira", before) == account_of("jira", before | changed)


def test_a_value_cannot_be_written_so_that_it_looks_like_two() -> None:
    one = {"JIRA_EMAIL": 'a"], ["JIRA_PROJECT", "b'}
    two = {"JIRA_EMAIL": "a", "JIRA_PROJECT": "b"}

    assert account_of("jira", one) != account_of("jira", two)


def test_the_name_tells_nothing_of_the_key() -> None:
    assert "sk_live_secret" not in account_of("stripe", {"STRIPE_API_KEY": "sk_live_secret"})


def digest(account: str) -> bytes:
    arguments = {"amount": 5000, "currency": "usd"}
    return sealing.digest(
        sealing.Sealed("t", "r", "stripe.charge", arguments, account, "v1", "charge", "p1", "a", "2030")
    )


def test_what_was_approved_for_one_account_is_not_approved_for_another(kept: Services) -> None:
    approved = kept.connected(B, row(kept, B, STRIPE_API_KEY="sk_a"))
    runs = kept.connected(B, row(kept, B, STRIPE_API_KEY="sk_b"))

    assert digest(approved.account) != digest(runs.account)


# ── clients ──────────────────────────────────────────────────────────────────────────────


class Client:
    def __init__(self, values: Any) -> None:
        self.values = dict(values)
        self.closed = False

    def close(self) -> None:
        self.closed = True


SERVICE = Integration("stripe", (), Client, ("STRIPE_API_KEY",))


def connected(key: str) -> Connected:
    values = {"STRIPE_API_KEY": key}
    return Connected("stripe", account_of("stripe", values), values)


def test_a_client_is_made_once_for_an_account() -> None:
    clients = Clients()

    assert clients.get(SERVICE, A, connected("a")) is clients.get(SERVICE, A, connected("a"))


def test_changed_settings_have_a_new_client() -> None:
    clients = Clients()
    before = clients.get(SERVICE, A, connected("a"))

    assert clients.get(SERVICE, A, connected("b")).values["STRIPE_API_KEY"] == "b"
    assert clients.get(SERVICE, A, connected("a")) is before


def test_two_tenants_never_share_a_client_even_of_the_same_account() -> None:
    clients = Clients()

    assert clients.get(SERVICE, A, connected("a")) is not clients.get(SERVICE, B, connected("a"))


def test_the_longest_unused_client_is_let_go_and_closed() -> None:
    clients = Clients(most=2)
    first = clients.get(SERVICE, A, connected("1"))
    second = clients.get(SERVICE, A, connected("2"))
    clients.get(SERVICE, A, connected("1"))
    clients.get(SERVICE, A, connected("3"))

    assert (first.closed, second.closed, len(clients)) == (False, True, 2)


def test_a_client_that_cannot_be_closed_is_let_go_all_the_same() -> None:
    class Stuck(Client):
        def close(self) -> None:
            raise OSError

    clients = Clients(most=1)
    clients.get(replace(SERVICE, connect=Stuck), A, connected("1"))
    clients.get(SERVICE, A, connected("2"))

    assert len(clients) == 1


def test_every_setting_is_known_as_a_secret_or_not() -> None:
    assert services.names("jira")["JIRA_API_TOKEN"]
    assert not services.names("jira")["JIRA_PROJECT"]
    for service in ("stripe", "jira", "github", "notion"):
        assert services.names(service)[services.secret_name(service)], service


def test_what_is_sealed_is_plain_json_of_settings_and_token(kept: Services) -> None:
    sealed = kept.sealed(B, "jira", Opened({"JIRA_PROJECT": "PAY"}, "t" * 32))
    plain = json.loads(kept.vault("jira").open(sealed, services.spot(B, "jira")))

    assert plain == {"values": {"JIRA_PROJECT": "PAY"}, "token": "t" * 32}
