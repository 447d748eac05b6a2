"""Every service's sandbox in the workbench: mounted, shown, troubled, and acted in by other people."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
import requests

from bot.settings import Settings
from bot.workbench import environment
from bot.workbench.cast import PERSONS, Json
from bot.workbench.driver import LocalWorld, Refused, stand_ins
from bot.workbench.environment import SERVICES, uses_sandbox
from bot.workbench.keys import keys
from bot.workbench.sandbox import FAULTS, PROMISED
from bot.workbench.state import connected
from tests.bot.workbench.listener import Listener
from workers.bench import ACTS, sandboxes

NAMES = [service.name for service in SERVICES]
# Of each service: something small to read, by its address's setting and how its token is sent.
READ = {
    "stripe": ("STRIPE_API_BASE", "/v1/customers", "STRIPE_API_KEY"),
    "jira": ("JIRA_URL", "/rest/api/3/myself", "JIRA_API_TOKEN"),
    "github": ("GITHUB_API_URL", "/user", "GITHUB_TOKEN"),
    "notion": ("NOTION_API_URL", "/v1/users/me", "NOTION_TOKEN"),
}


def settings(folder: Path, **more: Any) -> Settings:
    return Settings(_env_file=None, state_dir=folder, port=3000, **more)


@pytest_asyncio.fixture(scope="module")
async def mounted(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalWorld]:
    """All four, with the bot's webhooks going to nobody."""
    folder = tmp_path_factory.mktemp("all")
    here = sandboxes(Settings(_env_file=None, state_dir=folder), "http://127.0.0.1:9")
    async with stand_ins(folder, sandboxes=here) as world:
        yield world


async def read(world: LocalWorld, service: str, token: str = "", **headers: str) -> int:
    address, path, name = READ[service]
    variables = world.environment
    sent = {"Authorization": f"Bearer {token or variables[name]}", "Notion-Version": "2025-09-03"} | headers
    async with (
        aiohttp.ClientSession() as session,
        session.get(variables[address] + path, headers=sent) as got,
    ):
        return got.status


async def record(world: LocalWorld, service: str, act: str) -> Json:
    """The first to which that can be done."""
    await world.refresh()
    return next(
        each for each in world.records
        if each["at"] == service and act in [one["name"] for one in each["acts"]]
    )  # fmt: skip


# ── variables ────────────────────────────────────────────────────────────────────────────


def test_each_service_without_credentials_is_its_sandbox(tmp_path: Path) -> None:
    variables = environment(settings(tmp_path))

    for name, (address, _, token) in READ.items():
        assert variables[address] == f"http://127.0.0.1:3000/standin/{name}"
        assert len(variables[token]) > 30
        assert len(variables[f"{name.upper()}_WEBHOOK_SECRET"]) > 30


def test_what_the_sandboxes_begin_with_is_what_the_bot_is_pointed_at(tmp_path: Path) -> None:
    github, jira, notion = (
        importlib.import_module(f"integrations.{name}.sandbox.seed") for name in ("github", "jira", "notion")
    )
    variables = environment(settings(tmp_path))
    assert variables["NOTION_DATABASE_ID"] == notion.DATABASE
    assert variables["GITHUB_REPOSITORY"] == github.SHOP
    assert variables["JIRA_PROJECT"] in {ticket[0] for ticket in jira.TICKETS}
    assert variables["JIRA_EMAIL"] in {person["email"] for person in jira.PEOPLE}


@pytest.mark.parametrize(("real", "service"), [
    ({"jira_url": "https://x.atlassian.net"}, "JIRA"),
    ({"jira_api_token": "t"}, "JIRA"),
    ({"jira_webhook_secret": "s"}, "JIRA"),
    ({"github_token": "ghp_1"}, "GITHUB"),
    ({"github_app_id": "7"}, "GITHUB"),
    ({"github_api_url": "https://github.example/api/v3"}, "GITHUB"),
    ({"notion_token": "ntn_1"}, "NOTION"),
    ({"notion_api_url": "https://notion.example"}, "NOTION"),
    ({"stripe_webhook_secret": "whsec_1"}, "STRIPE"),
])  # fmt: skip
def test_one_that_somebody_set_up_is_left_alone(tmp_path: Path, real: Any, service: str) -> None:
    variables = environment(settings(tmp_path, **real))

    assert not [name for name in variables if name.startswith(service)]
    assert len([name for name in READ if READ[name][0] in variables]) == 3


def test_a_project_alone_is_no_account(tmp_path: Path) -> None:
    variables = environment(settings(tmp_path, jira_project="MINE", github_repository="my/own"))

    assert variables["JIRA_PROJECT"] == "SHOP"
    assert variables["GITHUB_REPOSITORY"] == "pizzeria/shop"


def test_a_folder_that_is_older_than_a_service_keeps_its_keys(tmp_path: Path) -> None:
    """Nothing new is written for it: what a service needs follows from what is there."""
    made = keys(tmp_path)
    before = (tmp_path / "workbench" / "keys.json").read_text()

    assert made.of("jira", "token") == keys(tmp_path).of("jira", "token")
    assert (tmp_path / "workbench" / "keys.json").read_text() == before
    assert len({made.of(name, what) for name in NAMES for what in ("token", "webhook")}) == 2 * len(NAMES)


# ── the list of services ─────────────────────────────────────────────────────────────────


def test_the_page_is_told_what_is_real_what_is_here_and_what_is_neither(tmp_path: Path) -> None:
    told = {each["name"]: each for each in connected(settings(tmp_path, github_token="t"), ["jira"])}

    assert (told["Jira"]["state"], told["Jira"]["href"]) == ("sandbox", "/standin/jira/")
    assert (told["GitHub"]["state"], "href" in told["GitHub"]) == ("real", False)
    assert told["Notion"]["state"] == "not connected"


def test_one_that_is_real_has_no_sandbox(tmp_path: Path) -> None:
    given = settings(tmp_path, notion_token="ntn_1")

    assert [each.name for each in SERVICES if not uses_sandbox(given, each)] == ["notion"]


@pytest.mark.parametrize("name", NAMES)
def test_every_sandbox_knows_every_trouble_of_the_page(name: str) -> None:
    faults = importlib.import_module(f"integrations.{name}.sandbox.faults")

    for wish in FAULTS.values():
        assert faults.faults().add({"path": "*", "method": "*", "times": 1} | wish)
    assert set(FAULTS) == set(PROMISED)


# ── together ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", NAMES)
async def test_each_answers_to_its_own_token_and_has_a_page(mounted: LocalWorld, name: str) -> None:
    assert await read(mounted, name) == 200
    assert await read(mounted, name, token="sk_live_guess") == 401
    async with aiohttp.ClientSession() as session, session.get(f"{mounted.url}/standin/{name}/") as page:
        assert (page.status, page.content_type) == (200, "text/html")
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize("name", NAMES)
async def test_no_page_elsewhere_reaches_it_by_another_name(mounted: LocalWorld, name: str) -> None:
    assert await read(mounted, name, Host="evil.example") == 403


@pytest.mark.twin
async def test_twin_without_the_guard_a_name_that_resolves_here_reads_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.workbench.security.host_is_ours", lambda host: True)
    here = sandboxes(Settings(_env_file=None, state_dir=tmp_path), "http://127.0.0.1:9")
    async with stand_ins(tmp_path, sandboxes=here) as world:
        assert {await read(world, name, Host="evil.example") for name in NAMES} == {200}


@pytest.mark.parametrize("name", NAMES)
async def test_its_calls_are_in_the_wire_log_without_its_token(mounted: LocalWorld, name: str) -> None:
    await read(mounted, name)
    row = await mounted.wait_for_wire("GET ", platform=name, status=200)

    assert mounted.environment[READ[name][2]] not in str(row)
    assert READ[name][1] in row["title"]


@pytest.mark.parametrize(("how", "status"), [("429", 429), ("500", 500)])
@pytest.mark.parametrize("name", NAMES)
async def test_its_next_call_fails_and_the_one_after_it_does_not(
    mounted: LocalWorld, name: str, how: str, status: int
) -> None:
    note = await mounted.trouble("fail", service=name, how=how)

    assert note.startswith(f"The next call to {next(s.title for s in SERVICES if s.name == name)} will ")
    assert [await read(mounted, name), await read(mounted, name)] == [status, 200]


@pytest.mark.parametrize("name", NAMES)
async def test_its_next_call_loses_its_answer(mounted: LocalWorld, name: str) -> None:
    await mounted.trouble("fail", service=name, how="reset")
    address, path, token = READ[name]
    url = mounted.environment[address] + path
    headers = {"Authorization": f"Bearer {mounted.environment[token]}", "Notion-Version": "2025-09-03"}

    with pytest.raises(requests.ConnectionError):  # aiohttp would ask again by itself
        await asyncio.to_thread(requests.get, url, headers=headers, timeout=10)
    assert await read(mounted, name) == 200


@pytest.mark.parametrize(("service", "act", "changed"), [
    ("jira", "close", "Done"),
    ("github", "close", "closed"),
    ("notion", "finish", "Done"),
])  # fmt: skip
async def test_somebody_else_closes_what_is_there(
    mounted: LocalWorld, service: str, act: str, changed: str
) -> None:
    found = await record(mounted, service, act)
    note = await mounted.trouble("act", "omar", service=service, act=act, record=found["id"])

    assert note.startswith("Omar Haddad did that at ")
    await mounted.until(
        lambda: any(each["id"] == found["id"] and each["status"] == changed for each in mounted.records),
        f"{found['id']} to be {changed}",
    )


@pytest.mark.parametrize("service", ["jira", "github", "notion"])
@pytest.mark.parametrize("who", sorted(PERSONS))
async def test_everybody_of_the_cast_can_comment(mounted: LocalWorld, service: str, who: str) -> None:
    found = await record(mounted, service, "comment")

    await mounted.trouble("act", who, service=service, act="comment", record=found["id"])


@pytest.mark.parametrize("wish", [
    {"service": "slack", "how": "429"}, {"service": "jira", "how": "explode"}, {"service": "", "how": "429"},
])  # fmt: skip
async def test_trouble_that_there_is_not_is_refused_with_a_sentence(mounted: LocalWorld, wish: Any) -> None:
    with pytest.raises(Refused, match=r"real here|can be one of"):
        await mounted.trouble("fail", **wish)


@pytest.mark.parametrize("wish", [
    {"act": "burn", "record": "10001"},
    {"act": "close", "record": "10001 or 1=1"},
    {"act": "close", "record": ""},
])  # fmt: skip
async def test_only_what_is_on_the_list_is_done_to_what_is_there(mounted: LocalWorld, wish: Any) -> None:
    with pytest.raises(Refused, match="cannot be done at Jira"):
        await mounted.trouble("act", service="jira", **wish)


async def test_an_order_that_was_paid_is_refunded_in_the_dashboard(
    tmp_path: Path, listener: Listener
) -> None:
    """Not by us: the event that follows names no key of ours."""
    here = sandboxes(Settings(_env_file=None, state_dir=tmp_path), "http://127.0.0.1:9")
    async with stand_ins(tmp_path, sandboxes=here) as world:
        variables = world.environment
        form = {"amount": "2700", "currency": "usd", "customer": "cus_ada", "payment_method": "pm_ada_visa",
                "confirm": "true", "off_session": "true"}  # fmt: skip
        headers = {"Authorization": f"Bearer {variables['STRIPE_API_KEY']}", "Idempotency-Key": "k"}
        base = f"{variables['STRIPE_API_BASE']}/v1"
        async with aiohttp.ClientSession(headers=headers) as session:
            await session.post(f"{base}/payment_intents", data=form)
            found = await record(world, "stripe", "refund")
            await world.trouble("act", service="stripe", act="refund", record=found["id"])
            async with session.get(f"{base}/events?type=charge.refunded") as answer:
                (event,) = (await answer.json())["data"]
    assert event["request"]["idempotency_key"] is None
    assert event["data"]["previous_attributes"] == {"amount_refunded": 0}


async def test_start_over_empties_every_sandbox(tmp_path: Path) -> None:
    here = sandboxes(Settings(_env_file=None, state_dir=tmp_path), "http://127.0.0.1:9")
    async with stand_ins(tmp_path, sandboxes=here) as world:
        found = await record(world, "jira", "close")
        await world.trouble("act", service="jira", act="close", record=found["id"])
        await world.trouble("reset")
        again = await record(world, "jira", "close")
    assert again["id"] == found["id"]


def test_every_service_with_a_sandbox_has_something_that_others_do_there() -> None:
    assert set(ACTS) == set(NAMES)
    assert all(ACTS.values())
