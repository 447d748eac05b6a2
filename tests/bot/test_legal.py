"""The two pages that Teams' manifest names: there, true of the settings, and inert."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot import legal
from bot.front import create_app
from bot.settings import Settings
from tests.bot.front_fakes import ListInbox
from workers import retention

ROOT = Path(__file__).parents[2]


def settings(**values: Any) -> Settings:
    return Settings(_env_file=None, **values)


async def page(path: str, **values: Any) -> tuple[int, str, Any]:
    app = create_app([], ListInbox(), extra=lambda it: legal.add_pages(it, settings(**values)))
    async with TestClient(TestServer(app)) as client:
        answer = await client.get(path)
        return answer.status, await answer.text(), answer.headers


async def test_the_pages_that_the_teams_manifest_names_are_there() -> None:
    manifest = json.loads((ROOT / "manifests" / "teams" / "manifest.json").read_text())
    for named in ("privacyUrl", "termsOfUseUrl"):
        status, text, headers = await page(urlsplit(manifest["developer"][named]).path)
        assert status == 200
        assert headers["Content-Type"].startswith("text/html")
        assert "<h1>" in text


async def test_the_privacy_page_says_what_is_set() -> None:
    _, text, _ = await page(
        "/privacy", retention_days=7, model="openai", openai_base_url="https://ai.example/v1"
    )

    assert "is kept for 7 days after it was dealt with; what came of it for 7 days" in text
    assert "at ai.example" in text
    assert "No payment service is connected" in text


async def test_without_a_model_it_says_that_no_model_reads() -> None:
    _, text, _ = await page("/privacy", model="offline", retention_days=0)

    assert "No language model is used" in text
    assert "is kept for a minute or so after it was dealt with; what came of it for 2 days" in text


async def test_it_names_every_service_that_is_connected_and_no_other() -> None:
    _, text, _ = await page(
        "/privacy", jira_url="https://jira.example", openapi="inventory=https://x.example/o"
    )
    _, alone, _ = await page("/privacy")

    assert "Jira, inventory see what is asked there for you" in text
    assert "GitHub" not in text + alone
    assert "Jira" not in alone


async def test_where_a_model_sums_up_it_says_that_it_sees_tickets_and_pages() -> None:
    _, text, _ = await page("/privacy", model="openai")
    _, offline, _ = await page("/privacy")

    assert "So do the tickets and pages that it is asked to sum up." in text
    assert "sum up" not in offline


def test_the_page_and_the_engine_agree_on_how_long_a_redelivery_is_known() -> None:
    assert legal.REDELIVERED_WITHIN * retention.DAY == retention.REDELIVERED_WITHIN


async def test_where_two_models_may_read_it_says_both() -> None:
    far = "https://ai.example/v1"
    _, text, _ = await page(
        "/privacy", model="hybrid", edge_url="http://localhost:11434/v1", openai_base_url=far
    )

    assert "by a language model at ai.example" in text
    assert "goes to one on the machine it runs on instead, and to no other" in text


async def test_with_money_tools_off_the_terms_say_so() -> None:
    _, text, _ = await page("/terms", money_tools=False)

    assert "Nothing that moves money is switched on here." in text


async def test_nothing_can_be_loaded_run_or_framed_but_the_one_style() -> None:
    _, text, headers = await page("/terms")
    style = text.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    policy = headers["Content-Security-Policy"]
    assert f"style-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "<script" not in text


async def test_a_setting_is_text_on_the_page() -> None:
    _, text, _ = await page("/privacy", model="vllm", vllm_url="http://<b>bold</b>:8000/v1")

    assert "<b>" not in text


@pytest.mark.twin
async def test_twin_without_escaping_a_setting_becomes_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(legal, "escape", lambda text: text)

    _, text, _ = await page("/privacy", model="vllm", vllm_url="http://<b>bold:8000/v1")

    assert "<b>bold" in text


@pytest.mark.parametrize("path", ["/privacy", "/terms"])
async def test_only_reading_is_possible(path: str) -> None:
    app = create_app([], ListInbox(), extra=lambda it: legal.add_pages(it, settings()))
    async with TestClient(TestServer(app)) as client:
        assert (await client.post(path)).status in (404, 405)


def test_extra_routes_of_a_front_without_pages_stay_as_they_are() -> None:
    app = web.Application()
    legal.add_pages(app, settings())

    assert {route.resource.canonical for route in app.router.routes() if route.resource} == {
        "/privacy",
        "/terms",
    }
