"""The workbench in a real Chromium, against the real bot: order, approve as another person, receipt."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, async_playwright, expect

from tests.stack import ROOT, Stack

pytestmark = pytest.mark.browser

ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DIST = ROOT / "bot" / "workbench" / "page" / "dist" / "index.html"
PICTURES = Path(os.environ.get("SCREENSHOTS", ROOT / ".screenshots"))


@pytest_asyncio.fixture
async def page(stack: Stack) -> AsyncIterator[Page]:
    """A laptop with the page open; at the end nothing may stand in its console."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("no chromium here: apt-get install chromium")
    if not DIST.exists():
        pytest.skip("the page is not built: make setup")
    complaints: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGS)
        page = await browser.new_page(viewport={"width": 1366, "height": 768}, reduced_motion="reduce")
        page.set_default_timeout(15_000)
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await stack.world.trouble("reset")
        await page.goto(f"{stack.world.url}/")
        yield page
        await browser.close()
    assert complaints == []


async def test_an_order_in_the_slack_pane_is_approved_by_grace_and_the_receipt_arrives(
    page: Page, stack: Stack
) -> None:
    slack = page.get_by_role("region", name="Slack", exact=True)
    before = len(await stack.charges())
    await slack.get_by_role("textbox").press("Enter")
    await slack.get_by_role("button", name="Yes, order it").click()
    await expect(slack.get_by_text("needs a second person's approval").first).to_be_visible()
    await snap(page, "slack-1-asked")

    await page.get_by_role("radio", name="Grace Okafor").check(force=True)
    await slack.get_by_role("button", name="approvals").click()
    await slack.get_by_role("button", name="Approve", exact=True).click()
    await expect(slack.get_by_text("Approved by Grace Okafor and carried out.").first).to_be_visible()
    await snap(page, "slack-2-approved")

    await page.get_by_role("radio", name="Ada Reyes").check(force=True)
    await slack.get_by_role("button", name="orders").click()
    await expect(
        page.get_by_role("region", name="Run", exact=True).get_by_text("charged, once")
    ).to_be_visible()
    await snap(page, "slack-3-receipt")
    assert len(await stack.charges()) == before + 1


async def test_an_order_in_the_teams_pane_is_approved_there_and_the_receipt_arrives(
    page: Page, stack: Stack
) -> None:
    teams = page.get_by_role("region", name="Teams", exact=True)
    before = len(await stack.charges())
    await teams.get_by_role("textbox").fill("@Countersign order six large margheritas")
    await teams.get_by_role("textbox").press("Enter")
    await teams.get_by_role("button", name="Yes, order it").click()

    await page.get_by_role("radio", name="Grace Okafor").check(force=True)
    await teams.get_by_role("button", name="Approvals").click()
    await teams.get_by_role("button", name="Approve", exact=True).click()
    await expect(teams.get_by_text("Approved by Grace Okafor and carried out.").first).to_be_visible()
    await snap(page, "teams-1-approved")

    await page.get_by_role("radio", name="Ada Reyes").check(force=True)
    await teams.get_by_role("button", name="Orders").click()
    await expect(teams.get_by_text("This was charged once.").first).to_be_visible()
    await snap(page, "teams-2-receipt")
    assert len(await stack.charges()) == before + 1


async def snap(page: Page, name: str) -> None:
    """Evidence, not an assertion: fonts differ between machines."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=PICTURES / f"{name}.png", animations="disabled")
