"""What a press sends: the very objects that Slack and Teams send, and text that stays text."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Locator, Page, Route, expect

from tests.bot.workbench_page.conftest import Mock, Open

pytestmark = pytest.mark.browser

SMALL = {"text": {"type": "plain_text", "text": "Small"}, "value": "s"}
MEDIUM = {"text": {"type": "plain_text", "text": "Medium"}, "value": "m"}
LARGE = {"text": {"type": "plain_text", "text": "Large"}, "value": "l"}
LINK_GUARD = "/^(https?:|mailto:|tel:)/i"
MARKDOWN_GUARD = "/^(https?:|mailto:|tel:|msteams:)/i"


@pytest.fixture
def showcase(open_page: Open, mock: Mock) -> Open:
    async def opened(**options: Any) -> Page:
        mock.start("showcase")
        return await open_page("?channel=blocks&conversation=Cards", **options)

    return opened


def slack(page: Page) -> Locator:
    return page.get_by_role("log", name="Slack messages")


def teams(page: Page) -> Locator:
    return page.get_by_role("log", name="Teams messages")


async def sent(page: Page, press: Callable[[], Awaitable[Any]]) -> dict[str, Any]:
    async with page.expect_request("**/workbench/act") as request:
        await press()
    body = (await request.value).post_data_json
    assert isinstance(body, dict)
    return body


def action(body: dict[str, Any]) -> dict[str, Any]:
    """The pressed element without its clock and looks."""
    return {name: value for name, value in body["action"].items() if name not in ("action_ts", "placeholder")}


async def test_a_button_carries_its_value_text_and_style_and_is_asked_first(showcase: Open) -> None:
    page = await showcase()
    await slack(page).get_by_role("button", name="Delete it").click()
    question = page.get_by_role("dialog", name="Sure?")
    await expect(question).to_contain_text("It is gone then.")

    body = await sent(page, question.get_by_role("button", name="Delete").click)

    assert action(body) == {
        "type": "button",
        "action_id": "danger",
        "block_id": "act",
        "text": {"type": "plain_text", "text": "Delete it"},
        "value": "d-1",
        "style": "danger",
    }
    assert (body["as"], body["channel"], body["ts"]) == ("ada", "C0BLOCKS", "1790000002.000100")


async def test_a_question_answered_with_no_sends_nothing(showcase: Open, mock: Mock) -> None:
    page = await showcase()
    await slack(page).get_by_role("button", name="Delete it").click()
    await page.get_by_role("dialog", name="Sure?").get_by_role("button", name="Keep").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    assert mock.acts("slack.press") == []


async def test_a_message_sends_the_state_of_all_its_elements_nulls_and_initial_values_too(
    showcase: Any,
) -> None:
    page = await showcase()
    body = await sent(page, lambda: slack(page).get_by_label("Size", exact=True).select_option(label="Small"))

    assert action(body) == {
        "type": "static_select",
        "action_id": "size",
        "block_id": "act",
        "selected_option": SMALL,
    }
    assert body["state"] == {
        "values": {
            "act": {
                "size": {"type": "static_select", "selected_option": SMALL},
                "sizes": {"type": "multi_static_select", "selected_options": [SMALL]},
                "who": {"type": "users_select", "selected_user": None},
                "day": {"type": "datepicker", "selected_date": "2026-11-21"},
                "hour": {"type": "timepicker", "selected_time": None},
                "pick": {"type": "radio_buttons", "selected_option": None},
                "ticks": {"type": "checkboxes", "selected_options": [LARGE]},
            },
            "note": {"words": {"type": "plain_text_input", "value": "be quick"}},
        }
    }


async def test_every_kind_of_element_sends_its_own_field(showcase: Open) -> None:
    page = await showcase()
    log = slack(page)
    presses: dict[str, Callable[[], Awaitable[Any]]] = {
        "selected_user": lambda: log.get_by_label("Who").select_option(label="Omar Haddad"),
        "selected_time": lambda: log.get_by_label("Hour").fill("12:30"),
        "selected_date": lambda: log.get_by_label("Day").fill("2026-12-24"),
        "selected_option": log.get_by_role("radio", name="Medium").check,
        "selected_options": log.get_by_role("checkbox", name="Small").check,
        "value": log.get_by_role("button", name="Good").click,
    }
    got = {name: action(await sent(page, press)).get(name) for name, press in presses.items()}

    assert got == {
        "selected_user": "U0OMAR",
        "selected_time": "12:30",
        "selected_date": "2026-12-24",
        "selected_option": MEDIUM,
        "selected_options": [SMALL, LARGE],
        "value": "up",
    }


async def test_many_may_be_chosen_and_taken_away_again(showcase: Open) -> None:
    page = await showcase()
    added = await sent(page, lambda: slack(page).get_by_label("Sizes").select_option(label="Large"))
    taken = await sent(page, slack(page).get_by_role("button", name="Remove Small").click)
    assert added["action"]["selected_options"] == [SMALL, LARGE]
    assert taken["action"]["selected_options"] == [LARGE]


async def test_an_input_block_sends_nothing_until_something_is_pressed(showcase: Open, mock: Mock) -> None:
    page = await showcase()
    await slack(page).get_by_role("textbox", name="Note").fill("no hurry")
    body = await sent(page, lambda: slack(page).get_by_label("Size", exact=True).select_option(label="Small"))
    assert body["state"]["values"]["note"]["words"]["value"] == "no hurry"
    async with asyncio.timeout(5):
        while not mock.acts():  # sent is not yet received
            await asyncio.sleep(0.02)
    assert len(mock.acts()) == 1


async def test_a_modal_sends_view_state_values_and_belongs_to_one_person(showcase: Open) -> None:
    page = await showcase()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.get_by_role("radio", name="Omar Haddad").check(force=True)
    form = page.get_by_role("dialog", name="A form")
    await form.get_by_role("checkbox", name="Large").check()

    body = await sent(page, form.get_by_role("button", name="Send").click)

    assert (body["type"], body["as"], body["view_id"]) == ("slack.submit", "omar", "V0OMAR")
    assert body["values"] == {
        "a": {"t": {"type": "plain_text_input", "value": None}},
        "b": {"s": {"type": "static_select", "selected_option": MEDIUM}},
        "c": {"k": {"type": "checkboxes", "selected_options": [LARGE]}},
        "d": {"d": {"type": "datepicker", "selected_date": None}},
    }


async def test_a_refused_form_stays_open_with_its_errors_and_its_words(showcase: Open, mock: Mock) -> None:
    page = await showcase(before=None)
    await page.get_by_role("radio", name="Omar Haddad").check(force=True)
    form = page.get_by_role("dialog", name="A form")
    await form.get_by_role("textbox", name="Text").fill("kept")
    (modal,) = mock.state()["slack"]["modals"]
    mock.event(type="slack.modal", modal={**modal, "errors": {"a": "Shorter, please."}})
    await expect(form.get_by_text("Shorter, please.")).to_be_visible()
    await expect(form.get_by_role("textbox", name="Text")).to_have_value("kept")

    body = await sent(page, lambda: page.keyboard.press("Escape"))
    assert body["type"] == "slack.close"


async def test_a_shortcut_is_in_the_menu_of_a_message(showcase: Open) -> None:
    page = await showcase()
    await slack(page).get_by_label("Message menu").first.click()
    body = await sent(page, page.get_by_role("button", name="Escalate this message").click)
    assert body == {
        "type": "slack.shortcut",
        "as": "ada",
        "channel": "C0BLOCKS",
        "ts": "1790000001.000100",
        "callback_id": "escalate",
    }


async def test_an_adaptive_card_sends_verb_data_and_inputs_once_they_are_filled_in(
    showcase: Open, mock: Mock
) -> None:
    page = await showcase()
    await teams(page).get_by_role("button", name="Run it").click()
    await expect(teams(page).get_by_text("Please write a note")).to_be_visible()
    assert mock.acts() == []

    await teams(page).get_by_label("Note").fill("be quick")
    body = await sent(page, teams(page).get_by_role("button", name="Run it").click)

    assert body == {
        "type": "teams.press",
        "as": "ada",
        "conversation": "19:cards@thread.tacv2",
        "id": "1790000001000",
        "kind": "execute",
        "verb": "run",
        "data": {"value": "v-1", "note": "be quick", "size": "m", "rush": "false"},
    }


async def test_a_submit_action_keeps_what_it_says_to_teams(showcase: Open) -> None:
    page = await showcase()
    await teams(page).get_by_label("Note").fill("x")
    body = await sent(page, teams(page).get_by_role("button", name="Submit it").click)
    assert body["kind"] == "submit"
    assert body["data"]["msteams"] == {"type": "messageBack"}
    assert body["data"]["action"] == "submit"


async def test_tables_are_drawn_and_what_is_unknown_is_named(showcase: Open) -> None:
    page = await showcase()
    await expect(teams(page).get_by_text("Cola")).to_be_visible()
    await expect(teams(page).get_by_text("Unknown element type")).to_be_visible()
    await expect(slack(page).get_by_text("Not drawn here: hologram")).to_be_visible()
    await expect(slack(page).get_by_text("Not drawn here: teleporter")).to_be_visible()
    await expect(slack(page).get_by_role("cell", name="*Cola*")).to_be_visible()


async def test_text_that_looks_like_markup_is_drawn_as_slack_draws_it(showcase: Open) -> None:
    page = await showcase()
    log = slack(page)
    await expect(log.get_by_text("*not bold* <!channel> {{ 7*7 }}", exact=True)).to_be_visible()
    await expect(log.get_by_text("<!channel> 2*3*4 = 24 **two stars**")).to_be_visible()
    await expect(log.get_by_text("<b>html</b> <javascript:alert(1)|bad link>")).to_be_visible()
    await expect(log.get_by_role("link", name="bad link")).to_have_count(0)
    await expect(log.get_by_role("link", name="a link")).to_have_attribute("href", "https://example.com")


async def test_a_mention_in_plain_text_is_a_mention_and_every_other_tag_is_text(
    showcase: Open, mock: Mock
) -> None:
    page = await showcase()
    for id, form in (("1790000002000", "plain"), ("1790000002001", "markdown")):
        said = {
            "id": id,
            "from": "aad",
            "bot": False,
            "text": f"<at>Bot</at> <i>{form}</i>",
            "textFormat": form,
        }
        place = {"conversation": "19:cards@thread.tacv2", "at": "2026-09-21T14:13:22Z"}
        mock.event(type="teams.activity", activity={**said, **place})
        await expect(teams(page).get_by_text(f"Bot <i>{form}</i>", exact=True)).to_be_visible()
    await expect(teams(page).locator(".mention")).to_have_count(2)


async def test_a_card_cannot_make_a_link_that_runs_code(showcase: Open) -> None:
    page = await showcase()
    await expect(teams(page).get_by_text("<b>html</b> [bad](javascript:alert(1))")).to_be_visible()
    await expect(teams(page).get_by_role("link", name="good")).to_be_visible()


def without(guard: str) -> Callable[[Page], Awaitable[None]]:
    """Serves the page's script with one guard made to let everything pass."""

    async def strip(route: Route) -> None:
        answer = await route.fetch()
        text = await answer.text()
        await route.fulfill(response=answer, body=text.replace(guard, "/^/"))

    async def before(page: Page) -> None:
        await page.route("**/assets/index-*.js", strip)

    return before


@pytest.mark.twin
async def test_twin_without_the_list_of_schemes_a_message_makes_any_link(showcase: Open) -> None:
    page = await showcase(before=without(LINK_GUARD), quiet=False)
    await expect(slack(page).locator("a", has_text="bad link")).to_have_count(1)


@pytest.mark.twin
async def test_twin_without_the_list_of_schemes_a_card_makes_any_link(showcase: Open) -> None:
    page = await showcase(before=without(MARKDOWN_GUARD), quiet=False)
    await expect(teams(page).get_by_text("[bad](javascript:alert(1))")).to_have_count(0)


INJECT = """() => {
    const one = document.createElement("script");
    one.textContent = "window.ran = 1";
    document.body.append(one);
}"""


async def test_a_script_in_the_page_is_not_run(showcase: Open) -> None:
    page = await showcase(quiet=False)
    await page.evaluate(INJECT)
    assert await page.evaluate("window.ran") is None


@pytest.mark.twin
async def test_twin_without_the_policy_a_script_in_the_page_runs(showcase: Open) -> None:
    async def strip(route: Route) -> None:
        answer = await route.fetch()
        headers = {name: value for name, value in answer.headers.items() if name != "content-security-policy"}
        await route.fulfill(response=answer, headers=headers)

    async def before(page: Page) -> None:
        await page.route(lambda url: "/assets/" not in url and "/workbench/" not in url, strip)

    page = await showcase(before=before, quiet=False)
    await page.evaluate(INJECT)
    assert await page.evaluate("window.ran") == 1
