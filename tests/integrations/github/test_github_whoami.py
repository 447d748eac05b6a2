"""Who we are at GitHub, by token or as an App, and what we may not do there."""

from __future__ import annotations

import json
import threading
import time
from functools import cache
from typing import Any

import pytest

from integrations.errors import NotConfigured, NotReached, RateLimited
from integrations.github import access
from integrations.github.whoami import whoami


@cache
def _key() -> str:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return made.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def _app(sandbox: Any, **more: str) -> Any:
    settings = {
        "GITHUB_TOKEN": "",
        "GITHUB_APP_ID": "1234",
        "GITHUB_APP_PRIVATE_KEY": _key(),
        "GITHUB_APP_INSTALLATION": "77",
    }
    return sandbox.service(**settings | more)


def _answers(body: str, more: str = "") -> Any:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{more}Content-Length: {len(body)}\r\n\r\n"
    return lambda sock: sock.sendall((head + body).encode())


TOKENS = "POST /app/installations/77/access_tokens"


def test_a_token_is_somebody_and_lacks_nothing(sandbox: Any) -> None:
    identity = whoami(sandbox.service())

    assert (identity.id, identity.name, identity.missing) == ("countersign-bot", "countersign-bot", ())


@pytest.mark.parametrize(
    ("rights", "said"),
    [
        ({"push": False}, "we may not label or assign in pizzeria/shop: GitHub drops both without a word"),
        ({"has_issues": False}, "issues are switched off in pizzeria/shop"),
        ({"archived": True}, "pizzeria/shop is archived, so nothing in it can be changed"),
        ({"hidden": True}, "pizzeria/shop is not there, or not shown to us"),
    ],
)
def test_what_is_missing_is_said_in_words(sandbox: Any, rights: dict[str, bool], said: str) -> None:
    sandbox.ask("POST", "rights", rights)

    assert whoami(sandbox.service()).missing == (said,)


def test_without_a_usual_repository_that_is_said(sandbox: Any) -> None:
    assert whoami(sandbox.service(GITHUB_REPOSITORY="")).missing == (
        "GITHUB_REPOSITORY is not set, so each call has to name one",
    )


@pytest.mark.parametrize(
    ("scopes", "missing"), [("gist", 1), ("", 1), ("public_repo", 0), ("gist, repo", 0), (None, 0)]
)
def test_a_classic_token_is_asked_for_its_scopes(serve: Any, scopes: str | None, missing: int) -> None:
    from integrations.github.client import connect

    body = json.dumps({"login": "me", "full_name": "o/r", "permissions": {"push": True}})
    head = "" if scopes is None else f"X-OAuth-Scopes: {scopes}\r\n"
    server = serve(_answers(body, head))
    settings = {"GITHUB_TOKEN": "t", "GITHUB_API_URL": server.base, "GITHUB_REPOSITORY": "o/r"}

    assert len(whoami(connect(settings)).missing) == missing


def test_a_token_that_is_not_accepted_is_told(sandbox: Any) -> None:
    sandbox.fault("401", "/user", method="GET")

    with pytest.raises(NotConfigured, match="does not accept our token"):
        whoami(sandbox.service())


# ── as an App ────────────────────────────────────────────────────────────────────────────


def test_an_app_acts_as_its_robot_with_one_token_for_many_calls(sandbox: Any) -> None:
    service = _app(sandbox)

    identity = whoami(service)
    made = service.create_issue("pizzeria/shop", {"title": "By the App"})

    assert (identity.id, identity.missing) == ("countersign[bot]", ())
    assert made["user"]["login"] == "countersign[bot]"
    assert sandbox.calls().count(TOKENS) == 1


def test_a_key_with_its_line_breaks_written_out_is_a_key(sandbox: Any) -> None:
    service = _app(sandbox, GITHUB_APP_PRIVATE_KEY=_key().replace("\n", "\\n"))

    assert service.login() == "countersign[bot]"


def test_an_app_finds_what_it_opened_before(sandbox: Any) -> None:
    from datetime import UTC, datetime, timedelta

    from integrations.base import Attempt
    from integrations.errors import OutcomeUnknown
    from integrations.github.tools import CREATE_ISSUE

    service, began = _app(sandbox), datetime.now(UTC) - timedelta(seconds=30)
    sandbox.fault("drop_after")
    with pytest.raises(OutcomeUnknown):
        CREATE_ISSUE.perform(service, {"title": "Once"}, Attempt("k:s:1", 1, began))

    CREATE_ISSUE.perform(service, {"title": "Once"}, Attempt("k:s:1", 2, began))

    assert len(sandbox.issues("Once")) == 1


def test_a_token_is_renewed_before_it_ends(sandbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    service = _app(sandbox)
    service.facts("pizzeria/shop")
    monkeypatch.setattr(access, "RENEW", 3700.0)

    service.facts("pizzeria/shop")

    assert sandbox.calls().count(TOKENS) == 2


def test_many_threads_ask_for_one_token(sandbox: Any) -> None:
    service = _app(sandbox)
    threads = [threading.Thread(target=service.facts, args=("pizzeria/shop",)) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(10)

    assert sandbox.calls().count(TOKENS) == 1
    assert sandbox.calls().count("GET /repos/pizzeria/shop") == 6


@pytest.mark.parametrize(
    ("kind", "ours"),
    [
        ("500_before", NotReached),
        ("drop_after", NotReached),
        ("html", NotReached),
        ("429", RateLimited),
        ("403", NotConfigured),
        ("404", NotConfigured),
        ("401", NotConfigured),
    ],
)
def test_where_no_token_is_had_the_write_was_never_sent(sandbox: Any, kind: str, ours: type) -> None:
    service = _app(sandbox)
    sandbox.fault(kind, "/access_tokens")

    with pytest.raises(ours):
        service.create_issue("pizzeria/shop", {"title": "Never"})
    assert sandbox.calls() == [TOKENS]


def test_another_installation_is_named(sandbox: Any) -> None:
    with pytest.raises(NotConfigured, match="GITHUB_APP_INSTALLATION"):
        _app(sandbox, GITHUB_APP_INSTALLATION="78").facts("pizzeria/shop")


def test_an_app_that_may_not_write_issues_is_told(serve: Any) -> None:
    from integrations.github.client import connect

    ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
    told = {"token": "ghs_1", "expires_at": ends, "permissions": {"issues": "read"}, "slug": "me"}
    body = json.dumps(told | {"full_name": "o/r"})
    server = serve(_answers(body))
    settings = {
        "GITHUB_APP_ID": "1",
        "GITHUB_APP_PRIVATE_KEY": _key(),
        "GITHUB_APP_INSTALLATION": "77",
        "GITHUB_API_URL": server.base,
        "GITHUB_REPOSITORY": "o/r",
    }

    identity = whoami(connect(settings))
    assert identity.missing == ("the App was not granted “Issues: read and write”",)
    assert identity.id == "me[bot]"
