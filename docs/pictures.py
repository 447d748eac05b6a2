"""Takes the README's pictures anew from a workbench that runs: `.venv/bin/python docs/pictures.py [address]`.

It orders as Ada, up to the approval, so start from a fresh STATE_DIR. Needs Debian's chromium.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright

HERE = Path(__file__).resolve().parent
# As the browser tests start it: quiet, and the same on every machine but for its fonts.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


async def main(address: str) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        laptop = await opened(browser, f"{address}/?as=ada", width=1440, height=860)
        await order(laptop)
        await look_as_grace(laptop)
        await taken(laptop, "workbench.png")
        phone = await opened(browser, f"{address}/?as=grace", width=390, height=844, scale=1.5)
        await phone.get_by_role("button", name="# approvals").click()
        await phone.get_by_role("button", name="Approve", exact=True).last.scroll_into_view_if_needed()
        await taken(phone, "card.png")
        await browser.close()


async def opened(browser: Browser, address: str, *, width: int, height: int, scale: float = 1) -> Page:
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=scale,
        has_touch=scale != 1,
        reduced_motion="reduce",
        color_scheme="light",
        locale="en-GB",
        timezone_id="UTC",
    )
    page = await context.new_page()
    await page.goto(address)
    return page


async def order(page: Page) -> None:
    """The message that is typed already, and a yes."""
    await page.get_by_role("textbox", name="Message #orders as Ada Reyes").press("Enter")
    await page.get_by_role("button", name="Yes, order it").click()
    await page.get_by_text("I have asked.").wait_for()


async def look_as_grace(page: Page) -> None:
    await page.get_by_role("radio", name="Grace Okafor").check(force=True)
    slack = page.get_by_role("region", name="Slack", exact=True)
    teams = page.get_by_role("region", name="Teams", exact=True)
    await slack.get_by_role("button", name="# approvals").click()
    await teams.get_by_role("button", name="Approvals").click()
    await teams.get_by_role("button", name="Approve", exact=True).last.scroll_into_view_if_needed()
    await slack.get_by_role("button", name="Approve", exact=True).last.wait_for()


async def taken(page: Page, name: str) -> None:
    await page.evaluate("document.fonts.ready")
    await page.screenshot(path=HERE / name, animations="disabled", caret="hide")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "http://localhost:3000"))
