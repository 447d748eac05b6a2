"""A summary, from the command to a page in Notion; one that comes by itself; and who tries to steer one."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from bot.workbench.seen import Message
from tests.stack import Stack
from workers.store import schedules, timers

# Seconds: whichever comes first waits for the worker, which imports three vendors' clients.
PATIENCE = 30.0


def links(message: Message) -> list[str]:
    """Every address that can be pressed."""
    found: list[str] = []
    todo: list[object] = [message.blocks]
    while todo:
        match todo.pop():
            case {"type": "link", "url": str(url)}:
                found.append(url)
            case dict() as inner:
                todo += inner.values()
            case list() as inner:
                todo += inner
    return found


async def test_a_summary_links_every_source_and_is_saved_in_notion(stack: Stack) -> None:
    slack = stack.world.slack
    await slack.command("ada", "orders", "/summarize SHOP ever in jira and notion")

    told = await slack.wait_for("Addresses with an apostrophe", channel="orders", timeout=PATIENCE)
    card = await slack.wait_for("What shall I do with it?", channel="orders", button="That is all")
    every = await slack.wait_for("Sources (", thread=told)

    assert "not written by a model" in told.words
    # Other conversations may have opened and closed tickets of their own.
    assert re.search(r"[0-9]+ done, [0-9]+ not\.", told.words)
    assert {url.rpartition("/")[2] for url in links(every)} >= {f"SHOP-{number}" for number in range(1, 11)}
    await slack.press("ada", card, "Save as a Notion page")
    saved = await slack.wait_for("Saved: Summary: project SHOP", thread=told)
    assert "Open the page" in saved.buttons
    assert "standin/notion" in str(saved.blocks)


async def test_where_one_service_is_down_the_others_are_told_and_it_is_said_which_is_missing(
    stack: Stack,
) -> None:
    slack = stack.world.slack
    await stack.world.trouble("fail", service="github", how="500")
    await slack.command("ada", "orders", "/summarize last 5 days")

    told = await slack.wait_for("GitHub is missing", channel="orders", timeout=PATIENCE)

    assert "from Jira" in told.words


async def test_on_teams_the_sources_are_folded_and_whole(stack: Stack) -> None:
    teams = stack.world.teams
    said = await teams.say("ada", "Orders", "@Countersign summarize SHOP ever in jira")

    told = await teams.wait_for(" not.", thread=said, timeout=PATIENCE)
    every = await teams.wait_for("Sources (", thread=said)
    await teams.wait_for("What shall I do with it?", thread=said, button="That is all")

    assert "Stuck" in told.words
    assert "Action.ToggleVisibility" in str(every.raw)
    assert all(f"/browse/SHOP-{number}'" in str(every.raw) for number in range(1, 11))


async def test_what_comes_by_itself_comes_once_where_it_was_asked_and_asks_nothing(stack: Stack) -> None:
    slack = stack.world.slack
    await slack.command("ada", "orders", "/summarize OPS every Monday 9:00")
    promised = await slack.wait_for("I post it here, under your name", channel="orders", timeout=PATIENCE)
    [row] = await stack.fetch("select * from schedules where state = 'on' and request = 'OPS'")

    async with stack.db.tenant(stack.tenant) as c:
        await timers.hasten(c, stack.tenant, schedules.timer_id(row["id"], 0))
    root = await slack.wait_for("every Monday at 9:00, as Ada", channel="orders", after=promised)
    await slack.wait_for("Summary: project OPS", thread=root, timeout=PATIENCE)

    [after] = await stack.fetch("select * from schedules where id = $1", row["id"])
    assert (after["occurrence"], after["next_at"] > datetime.now(UTC)) == (1, True)
    await slack.command("ada", "orders", "/summarize stop OPS")
    await slack.wait_for("Stopped: /summarize OPS", channel="orders")
    assert not any("What shall I do" in each.words for each in slack.messages(thread=root))
    assert (
        await stack.fetch("select 1 from timers where id like $1 and state = 'set'", f"schedule:{row['id']}%")
        == []
    )
