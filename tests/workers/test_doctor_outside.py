"""What countersign doctor says of Slack, Teams, Stripe and the model."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.settings import Settings
from tests.bot.platforms.slack.conftest import StandIn, stand_in
from workers import doctor
from workers.doctor import platforms, services
from workers.doctor.finding import Finding, Level

__all__ = ["stand_in"]


def settings(**given: Any) -> Settings:
    return Settings(_env_file=None, **given)


def told(findings: list[Finding], level: Level = Level.BAD) -> str:
    return "\n".join(str(each) for each in findings if each.level is level)


# ── Platforms ────────────────────────────────────────────────────────────────────────────


def in_slack(stand_in: StandIn, **more: Any) -> Settings:
    given = {"slack_bot_token": "xoxb-1-secret", "slack_signing_secret": "s" * 32}
    return settings(**(given | {"slack_api_url": f"{stand_in.url}/api/"} | more))


def granted(stand_in: StandIn, scopes: str) -> None:
    async def answer(arguments: Any) -> web.Response:
        return web.json_response({"ok": True, "team_id": "T0ACME"}, headers={"X-OAuth-Scopes": scopes})

    stand_in.answers["auth.test"] = answer


def all_scopes() -> list[str]:
    from bot.platforms.slack.manifest import SCOPES

    return list(SCOPES)


async def test_a_slack_that_is_well_is_said(stand_in: StandIn) -> None:
    granted(stand_in, ",".join(all_scopes()))
    found = await platforms.slack(in_slack(stand_in, approvals_channel="C0APP,19:teams@thread.v2"))

    assert {each.level for each in found} == {Level.GOOD}
    assert "T0ACME" in told(found, Level.GOOD)
    assert stand_in.arguments("conversations.history")[0]["channel"] == "C0APP"


async def test_a_missing_scope_is_named(stand_in: StandIn) -> None:
    granted(stand_in, ",".join(scope for scope in all_scopes() if scope != "chat:write"))

    assert "did not grant the scopes chat:write →" in told(await platforms.slack(in_slack(stand_in)))


async def test_a_scope_too_many_is_noted(stand_in: StandIn) -> None:
    granted(stand_in, ", ".join([*all_scopes(), "admin"]))

    assert "admin" in told(await platforms.slack(in_slack(stand_in)), Level.NOTE)


async def test_a_refused_token_is_said_and_not_shown(stand_in: StandIn) -> None:
    stand_in.answers["auth.test"] = {"ok": False, "error": "invalid_auth"}
    shown = told(await platforms.slack(in_slack(stand_in)))

    assert "check SLACK_BOT_TOKEN" in shown
    assert "xoxb" not in shown


async def test_an_approvals_channel_without_the_bot_is_said(stand_in: StandIn) -> None:
    granted(stand_in, ",".join(all_scopes()))
    stand_in.answers["conversations.history"] = {"ok": False, "error": "not_in_channel"}
    shown = told(await platforms.slack(in_slack(stand_in, approvals_channel="slack:C0APP")))

    assert "C0APP" in shown
    assert "/invite" in shown


async def test_an_app_token_without_its_right_is_said(stand_in: StandIn) -> None:
    granted(stand_in, ",".join(all_scopes()))
    stand_in.answers["apps.connections.open"] = {"ok": False, "error": "invalid_auth"}

    assert "connections:write" in told(await platforms.slack(in_slack(stand_in, slack_app_token="xapp-1")))


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ({"slack_bot_token": None, "slack_signing_secret": "s" * 32}, "set SLACK_BOT_TOKEN"),
        ({"slack_signing_secret": None}, "set SLACK_SIGNING_SECRET"),
    ],
)
async def test_half_a_slack_is_said(stand_in: StandIn, given: dict[str, Any], what: str) -> None:
    assert what in told(await platforms.slack(in_slack(stand_in, **given)))


async def test_a_slack_that_is_away_is_said(stand_in: StandIn) -> None:
    away = in_slack(stand_in, slack_api_url="http://127.0.0.1:1/api/")

    assert "could not be reached" in told(await platforms.slack(away))


@pytest.fixture
async def login() -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """Where Teams' tokens come from, and what it answers."""
    answer: dict[str, Any] = {"access_token": "t0ken", "expires_in": 3600}

    async def give(request: web.Request) -> web.Response:
        return web.json_response(answer)

    app = web.Application()
    app.router.add_post("/login", give)
    async with TestServer(app) as server:
        yield str(server.make_url("/login")), answer


async def test_teams_needs_a_token_an_address_and_a_tenant(login: tuple[str, dict[str, Any]]) -> None:
    url, answer = login
    given = {"microsoft_app_id": "app", "microsoft_app_password": "pw", "teams_login_url": url}
    shown = told(await platforms.teams(settings(**given)))
    assert "PUBLIC_URL" in shown
    assert "MICROSOFT_APP_TENANT_ID" in shown
    whole = given | {"public_url": "https://bot.example", "microsoft_app_tenant_id": "t"}
    assert told(await platforms.teams(settings(**whole))) == ""
    answer.clear()
    answer["error"] = "invalid_client"
    assert "invalid_client" in told(await platforms.teams(settings(**whole)))


# ── Services ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("key", "level", "what"),
    [
        ("sk_test_1", Level.GOOD, "test mode"),
        ("rk_live_1", Level.NOTE, "LIVE: money moves"),
        ("pk_live_1", Level.BAD, "publishable"),
        ("whatever", Level.NOTE, "not known"),
    ],
)
def test_the_kind_of_a_stripe_key_is_told_and_not_the_key(key: str, level: Level, what: str) -> None:
    finding = services.kind(settings(stripe_api_key=key))

    assert finding.level is level
    assert what in finding.told
    assert key not in str(finding)


@pytest.fixture
async def models() -> AsyncIterator[str]:
    async def listed(request: web.Request) -> web.Response:
        if request.headers.get("Authorization") == "Bearer wrong-key":
            return web.json_response({}, status=401)
        return web.json_response({"data": [{"id": "qwen"}, {"id": 7}]})

    app = web.Application()
    app.router.add_get("/v1/models", listed)
    async with TestServer(app) as server:
        yield str(server.make_url("/v1"))


async def test_a_model_has_to_be_one_that_the_server_serves(models: str) -> None:
    for name, level in (("qwen", Level.GOOD), ("phi3", Level.BAD)):
        (finding,) = await services.model(settings(model="vllm", vllm_url=models, vllm_model=name))
        assert finding.level is level
        assert "qwen" in str(finding)


async def test_a_refused_key_and_a_server_that_is_away_are_said(models: str) -> None:
    given = {"model": "openai", "openai_base_url": models, "openai_api_key": "wrong-key"}
    refused, unpriced = await services.model(settings(**given))
    (away,) = await services.model(settings(model="edge", edge_url="http://127.0.0.1:1/v1"))

    assert "refused the key" in refused.told
    assert "cannot be reached" in away.told
    assert "price of gpt-4o-mini is unknown" in str(unpriced)
    assert len(await services.model(settings(**given, model_prices="gpt-4o-mini=0.15/0.6"))) == 1


async def test_of_hybrid_both_models_are_asked_and_it_is_said_that_names_are_not_looked_for(
    models: str,
) -> None:
    given = {"model": "hybrid", "openai_base_url": models, "openai_api_key": "wrong-key"}
    far = {"edge_url": "http://127.0.0.1:1/v1", "model_prices": "gpt-4o-mini=0.15/0.6"}
    near, cloud, names = await services.model(settings(**given, **far))

    assert "edge at 127.0.0.1:1/v1 cannot be reached" in near.told
    assert "refused the key" in str(cloud)
    assert "people's names" in str(names)


async def test_a_model_that_lacks_a_setting_is_named() -> None:
    (finding,) = await doctor._look("Model", services.model, settings(model="openai"))

    assert "OPENAI_API_KEY" in finding.told
