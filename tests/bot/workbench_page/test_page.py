"""The page as a person uses it: by keyboard, by roles, on every width and in both themes."""

from __future__ import annotations

import json
from typing import Any, Literal

import pytest
from playwright.async_api import Page, Route, expect

from tests.bot.workbench_page.conftest import AXE, Mock, Open

pytestmark = pytest.mark.browser

COMPOSER = "Message #orders as Ada Reyes"
ORDER = "@Countersign order six margheritas and two colas"


async def order(page: Page) -> None:
    await page.get_by_role("textbox", name=COMPOSER).press("Enter")
    await page.get_by_role("button", name="Confirm", exact=True).click()


async def serious(page: Page) -> list[str]:
    await page.evaluate(AXE.read_text())
    found = await page.evaluate(
        "axe.run({resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa']})"
    )
    return [
        f"{one['id']}: {one['nodes'][0]['target']}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]


async def test_the_first_message_is_already_typed_and_one_enter_sends_it(open_page: Open, mock: Mock) -> None:
    page = await open_page()
    composer = page.get_by_role("textbox", name=COMPOSER)
    await expect(composer).to_have_value(ORDER)
    await expect(composer).to_be_focused()

    await composer.press("Enter")

    log = page.get_by_role("log", name="Slack messages")
    await expect(log.get_by_text("Confirm your order")).to_be_visible()
    assert mock.acts("slack.say") == [
        {"type": "slack.say", "as": "ada", "channel": "C0ORDERS", "text": ORDER, "files": []},
    ]


async def test_an_order_is_approved_by_a_second_person_with_the_keyboard_alone(open_page: Open) -> None:
    page = await open_page()
    await expect(page.get_by_role("textbox", name=COMPOSER)).to_be_focused()
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Confirm", exact=True).focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Press Alt+2 to be Grace")).to_be_visible()

    await page.get_by_role("log", name="Slack messages").focus()
    await page.keyboard.press("2")
    await page.get_by_role("region", name="Slack").get_by_role("button", name="Approve", exact=True).focus()
    await page.keyboard.press("Enter")

    await expect(page.get_by_text("Approved by Grace Lindqvist.").first).to_be_visible()
    await page.get_by_role("log", name="Slack messages").focus()
    await page.keyboard.press("1")
    await expect(page.get_by_role("heading", name="Receipt")).to_be_visible()
    run = page.get_by_role("region", name="Run", exact=True)
    await expect(run.get_by_text("Done: 63.00 usd charged once, receipt sent.")).to_be_visible()
    await expect(page.get_by_role("group", name="Try next")).to_be_visible()


async def test_the_key_that_is_offered_works_while_something_is_being_typed_and_a_number_is_typed(
    open_page: Open,
) -> None:
    page = await open_page()
    composer = page.get_by_role("textbox", name=COMPOSER)
    await composer.fill("")

    await composer.press("2")
    await expect(composer).to_have_value("2")
    await composer.press("Alt+2")

    await expect(page.get_by_role("radio", name="Grace")).to_be_checked()
    assert "as=grace" in page.url


async def test_an_approval_may_be_given_in_teams_for_an_order_in_slack(open_page: Open, mock: Mock) -> None:
    page = await open_page()
    await order(page)
    teams = page.get_by_role("region", name="Teams", exact=True)
    await page.get_by_role("radio", name="Grace Lindqvist").check(force=True)
    await teams.get_by_role("button", name="Approvals").click()

    await teams.get_by_role("button", name="Approve", exact=True).click()

    await expect(teams.get_by_text("Approved by Grace Lindqvist.")).to_be_visible()
    (press,) = mock.acts("teams.press")
    assert (press["kind"], press["verb"], press["as"]) == ("execute", "approve", "grace")
    assert press["data"] == {"value": "order-1"}


async def test_the_demo_plays_the_whole_order_whoever_acts_and_wherever_they_look(
    open_page: Open, mock: Mock
) -> None:
    page = await open_page("?as=omar&channel=approvals")
    await page.get_by_role("button", name="Play the demo").click()

    done = page.get_by_text("Done: 63.00 usd charged once, receipt sent.")
    await expect(done).to_be_visible(timeout=30_000)
    await expect(page.get_by_role("button", name="Play the demo")).to_be_visible()
    assert [act["type"] for act in mock.acts()] == ["slack.say", "slack.press", "slack.press"]


async def test_only_the_one_it_is_for_sees_an_ephemeral_message(open_page: Open) -> None:
    page = await open_page()
    await order(page)
    await page.get_by_role("radio", name="Omar Haddad").check(force=True)
    slack = page.get_by_role("region", name="Slack", exact=True)
    await slack.get_by_role("button", name="# approvals").click()
    await slack.get_by_role("button", name="Approve", exact=True).click()

    refusal = page.get_by_text("Only the named approvers can decide this.")
    await expect(refusal).to_be_visible()
    await expect(page.get_by_text("Only visible to you")).to_be_visible()
    await page.get_by_role("radio", name="Grace Lindqvist").check(force=True)
    await expect(slack.get_by_role("button", name="Approve", exact=True)).to_be_visible()
    await expect(refusal).to_be_hidden()


async def test_a_card_answered_to_one_person_replaces_it_for_that_person_alone(open_page: Open) -> None:
    page = await open_page()
    await order(page)
    teams = page.get_by_role("region", name="Teams", exact=True)
    await page.get_by_role("radio", name="Omar Haddad").check(force=True)
    await teams.get_by_role("button", name="Approvals").click()
    await teams.get_by_role("button", name="Approve", exact=True).click()

    refusal = teams.get_by_text("Only the named approvers can decide this.")
    await expect(refusal).to_be_visible()
    await page.get_by_role("radio", name="Ada Reyes").check(force=True)
    await teams.get_by_role("button", name="Approvals").click()
    await expect(teams.get_by_role("button", name="Approve", exact=True)).to_be_visible()
    await expect(refusal).to_be_hidden()


async def test_each_person_has_unread_marks_of_their_own(open_page: Open) -> None:
    page = await open_page()
    await order(page)
    slack = page.get_by_role("region", name="Slack", exact=True)
    await expect(slack.get_by_role("button", name="# approvals 1 new")).to_be_visible()

    await slack.get_by_role("button", name="# approvals").click()
    await expect(slack.get_by_role("button", name="# approvals", exact=True)).to_be_visible()

    await page.get_by_role("radio", name="Omar Haddad").check(force=True)
    await expect(slack.get_by_role("button", name="# approvals 1 new")).to_be_visible()


async def test_commands_are_completed_and_the_last_message_comes_back(open_page: Open, mock: Mock) -> None:
    page = await open_page()
    composer = page.get_by_role("textbox", name=COMPOSER)
    await composer.fill("/")
    offers = page.get_by_role("listbox", name="Completions")
    await expect(offers.get_by_role("option")).to_have_count(4)
    await composer.press("ArrowDown")
    selected = offers.get_by_role("option", selected=True)
    await expect(selected).to_contain_text("/escalate")
    assert await composer.get_attribute("aria-activedescendant") == await selected.get_attribute("id")
    await composer.press("Escape")
    await expect(offers).to_be_hidden()

    await composer.fill("/hel")
    await composer.press("Tab")
    await expect(composer).to_have_value("/help ")
    await composer.press("Enter")
    await page.get_by_role("button", name="Close thread").click()
    await expect(composer).to_have_value("")
    await composer.press("ArrowUp")
    await expect(composer).to_have_value("/help")
    assert mock.acts("slack.say")[0]["text"] == "/help"


async def test_a_chip_fills_the_composer_of_the_run_it_belongs_to(open_page: Open, mock: Mock) -> None:
    page = await open_page()
    await page.get_by_role("textbox", name=COMPOSER).press("Enter")
    await page.get_by_role("button", name="drop the cola").click()

    reply = page.get_by_role("textbox", name="Reply in #orders thread as Ada Reyes")
    await expect(reply).to_have_value("drop the cola")
    await expect(reply).to_be_focused()
    await reply.press("Enter")
    await expect(reply).to_have_value("")
    root = mock.state()["slack"]["messages"][1]["ts"]
    assert mock.acts("slack.say")[-1]["thread_ts"] == root


async def test_a_pressed_button_works_until_its_message_is_updated(open_page: Open, mock: Mock) -> None:
    page = await open_page()
    await page.get_by_role("textbox", name=COMPOSER).press("Enter")
    confirm = page.get_by_role("button", name="Confirm")
    await confirm.wait_for()
    await page.route("**/workbench/act", lambda route: route.fulfill(json={"ok": True}))
    await confirm.click()

    await expect(confirm).to_have_attribute("aria-busy", "true")
    await expect(confirm).to_contain_text("working…")
    message = mock.state()["slack"]["messages"][-1]
    mock.event(type="slack.message", message={**message, "text": "again"})
    await expect(confirm).to_have_attribute("aria-busy", "false")


async def test_what_was_refused_is_said_and_the_words_are_kept(open_page: Open) -> None:
    page = await open_page(quiet=False)
    refusal = {"error": "/order is not supported in threads. Sorry!"}
    await page.route("**/workbench/act", lambda route: route.fulfill(status=409, json=refusal))
    composer = page.get_by_role("textbox", name=COMPOSER)
    await composer.press("Enter")

    await expect(page.get_by_role("alert")).to_contain_text("not supported in threads")
    await expect(composer).to_have_value(ORDER)


async def test_it_comes_back_by_itself_and_misses_nothing(open_page: Open, mock: Mock) -> None:
    page = await open_page(quiet=False)
    down = True

    async def refuse(route: Route) -> None:
        await (route.abort() if down else route.continue_())

    await page.route("**/workbench/state", refuse)
    mock.hang_up()
    await expect(page.get_by_text("reconnecting…")).to_be_visible()
    missed = {
        "channel": "C0ORDERS",
        "ts": "1790000050.000100",
        "user": "U0COUNTER",
        "bot": True,
        "text": "Meanwhile",
    }
    mock.event(type="slack.message", message=missed)
    down = False
    await expect(page.get_by_text("Meanwhile")).to_be_visible()
    await expect(page.get_by_text("reconnecting…")).to_be_hidden()


async def test_the_address_holds_person_channel_theme_and_view(open_page: Open) -> None:
    page = await open_page("?as=grace&channel=approvals&theme=dark")
    await expect(page.get_by_role("textbox", name="Message #approvals as Grace Lindqvist")).to_be_visible()
    assert await page.evaluate("document.documentElement.dataset.theme") == "dark"

    await page.get_by_role("radio", name="Omar Haddad").check(force=True)
    await page.get_by_role("button", name="Light theme").click()
    await expect(page.get_by_role("button", name="Dark theme")).to_be_visible()
    assert "as=omar" in page.url
    assert "theme=light" in page.url


async def test_the_phone_view_shows_the_approvers_card_and_nothing_else(open_page: Open) -> None:
    page = await open_page()
    await order(page)
    await page.get_by_role("button", name="Press Alt+2 to be Grace").wait_for()

    phone = await open_page("?as=grace&view=phone", width=390, height=844)
    await phone.get_by_role("button", name="Approve", exact=True).click()

    await expect(phone.get_by_text("Approved by Grace Lindqvist.")).to_be_visible()
    await expect(phone.get_by_role("log")).to_have_count(0)
    await expect(
        page.get_by_role("region", name="Run", exact=True).get_by_text("receipt sent")
    ).to_be_visible()


async def test_the_run_can_be_read_without_seeing_the_picture(open_page: Open) -> None:
    page = await open_page()
    await order(page)
    run = page.get_by_role("region", name="Run", exact=True)
    now = run.get_by_role("img", name="A person approves, approve, current step")
    await expect(now).to_have_attribute("aria-current", "step")
    await expect(run.get_by_role("region", name="Why it asks")).to_contain_text(
        "63.00 usd is at or above 50.00 usd"
    )
    await expect(run.get_by_role("region", name="Effects")).to_contain_text("run_01demo:charge:1")


async def test_after_the_end_the_next_order_is_one_press_away(open_page: Open) -> None:
    page = await open_page()
    await order(page)
    await page.get_by_role("button", name="Press Alt+2 to be Grace").click()
    slack = page.get_by_role("region", name="Slack", exact=True)
    await slack.get_by_role("button", name="Approve", exact=True).click()

    await page.get_by_role("button", name="Order from Teams").click()
    await expect(page.get_by_role("textbox", name="Message Orders as Ada Reyes")).to_have_value(ORDER)

    await page.get_by_role("button", name="Order as Grace").click()
    composer = page.get_by_role("textbox", name="Message #orders as Grace Lindqvist")
    await expect(composer).to_have_value(ORDER)
    await expect(composer).to_be_focused()


async def test_a_delivery_can_be_looked_at_and_sent_again(open_page: Open, mock: Mock) -> None:
    page = await open_page()
    await page.get_by_role("textbox", name=COMPOSER).press("Enter")
    await page.locator("summary", has_text="app_mention").click()
    await expect(page.get_by_label("Request", exact=True)).to_contain_text('"text": "@Countersign order')
    await expect(page.get_by_text("v0 signature ✓")).to_be_visible()
    await page.get_by_role("button", name="Send again").click()
    await expect(page.get_by_role("status").filter(has_text="Sent.")).to_be_visible()
    assert mock.acts("resend")[0]["wire"] == mock.state()["wire"][0]["id"]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1366, 768), (390, 844)])
async def test_axe_finds_nothing_serious_in_any_state(
    open_page: Open, mock: Mock, theme: Literal["light", "dark"], width: int, height: int
) -> None:
    page = await open_page(width=width, height=height, theme=theme)
    found: dict[str, Any] = {"empty": await serious(page)}
    await order(page)
    await page.get_by_role("button", name="Grace").wait_for()
    found["hint"] = await serious(page)
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Grace").click()
    await page.get_by_role("button", name="Approve", exact=True).first.wait_for()
    found["card"] = await serious(page)
    await page.get_by_role("button", name="Reject", exact=True).first.click()
    await page.get_by_role("dialog").wait_for()
    found["modal"] = await serious(page)
    await page.keyboard.press("Escape")
    await page.get_by_role("dialog").wait_for(state="detached")
    if width < 720:
        await page.get_by_role("tab", name="Run").click()
        found["run"] = await serious(page)
        await page.get_by_role("tab", name="Slack").click()
    mock.start("showcase")
    await page.get_by_role("button", name="# blocks").click()
    await page.get_by_text("Some markdown from a model").wait_for()
    found["blocks"] = await serious(page)
    if width < 720:
        await page.get_by_role("tab", name="Teams").click()
    await page.get_by_role("button", name="Cards").click()
    await page.get_by_role("button", name="Run it").wait_for()
    found["cards"] = await serious(page)
    assert {state: faults for state, faults in found.items() if faults} == {}


async def test_nothing_overflows_at_any_width(open_page: Open, mock: Mock) -> None:
    page = await open_page()
    await order(page)
    await page.get_by_role("button", name="Press Alt+2 to be Grace").click()
    mock.start("showcase")
    await page.get_by_role("button", name="# blocks").click()
    await page.get_by_text("Some markdown from a model").wait_for()
    wide = []
    for width in (320, 390, 900, 1366):
        await page.set_viewport_size({"width": width, "height": 800})
        for tab in ("Slack", "Teams", "Run") if width < 720 else ("",):
            if tab:
                await page.get_by_role("tab", name=tab).click()
            if await page.evaluate("document.documentElement.scrollWidth") != width:
                wide.append((width, tab))
    assert wide == []


def test_the_lock_names_no_registry() -> None:
    lock = AXE.parents[2] / "package-lock.json"
    packages = json.loads(lock.read_text())["packages"]
    assert [name for name, one in packages.items() if "resolved" in one] == []
    assert all("integrity" in one for name, one in packages.items() if name)
