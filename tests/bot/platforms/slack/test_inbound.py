"""From Slack's payloads to turns."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from bot.errors import Malformed
from bot.platforms.slack import inbound, markup
from bot.platforms.slack.inbound import to_turn
from bot.turn import (
    Account,
    Ignored,
    Immediate,
    MessageRef,
    OpenedHome,
    Place,
    Pressed,
    Said,
    Shortcut,
    Submitted,
    Turn,
    Uninstalled,
)

Shape = Callable[[str], dict[str, Any]]

TS = "1790000000.000100"
ROOT = "1789999999.000100"
ADA = Account("slack", "T0ACME", "U0ADA")
THREAD = Place("slack", "T0ACME", "C0ORDERS", ROOT)
TOP = Place("slack", "T0ACME", "C0ORDERS", TS)


def turn(payload: dict[str, Any]) -> Turn:
    found = to_turn(payload)
    assert isinstance(found, Turn), found
    return found


def test_a_mention_starts_a_thread_under_itself(shape: Shape) -> None:
    heard = turn(shape("app_mention"))
    assert heard == Turn(
        heard.id, TOP, ADA, Said("order two margheritas", mentioned=True), wants_answer=False
    )


def test_both_events_of_one_mention_are_one_turn(shape: Shape) -> None:
    assert turn(shape("app_mention")) == turn(shape("mention_twin"))


def test_the_id_of_a_message_is_its_place_and_time(shape: Shape) -> None:
    assert turn(shape("app_mention")).id == f"msg:T0ACME:C0ORDERS:{TS}"


def test_a_follow_up_in_a_thread_needs_no_mention(shape: Shape) -> None:
    heard = turn(shape("thread_reply"))
    assert (heard.place, heard.act) == (THREAD, Said("make it three"))


def test_a_direct_message_is_addressed_to_us(shape: Shape) -> None:
    heard = turn(shape("direct_message"))
    assert heard.place == Place("slack", "T0ACME", "D0ADA", TS, private=True)
    assert heard.act == Said("order a cola", mentioned=True)


@pytest.mark.parametrize(("name", "words"), [("file_share", "the list"), ("thread_broadcast", "no onions")])
def test_a_message_with_a_file_and_one_sent_to_the_channel_too_are_heard(
    shape: Shape, name: str, words: str
) -> None:
    act = turn(shape(name)).act
    assert isinstance(act, Said)
    assert act.text == words


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("chatter", "not addressed"),
        ("edited", "message.message_changed"),
        ("joined", "message.channel_join"),
        ("other_bot", "a bot's message"),
        ("own_echo", "a bot's message"),
        ("reaction", "event.reaction_added"),
        ("user_token_revoked", "a person's token was revoked"),
        ("rate_limited", "app_rate_limited"),
        ("link_opened", "a link was opened"),
    ],
)
def test_what_is_not_for_us_is_ignored_with_a_reason(shape: Shape, name: str, reason: str) -> None:
    assert to_turn(shape(name)) == Ignored(reason)


def test_slacks_own_stop_is_a_press_in_the_thread_that_it_stands_in(shape: Shape) -> None:
    turn = to_turn(shape("session_stopped"))
    assert isinstance(turn, Turn)
    assert turn.act == Pressed("stream.stop", "")
    assert turn.place.thread == shape("session_stopped")["event"]["thread_ts"]


def test_our_own_message_without_a_bot_id_is_still_ours(shape: Shape) -> None:
    payload = shape("thread_reply")
    payload["event"]["user"] = "U0BOT"
    assert to_turn(payload) == Ignored("our own message")


def test_names_chosen_by_a_sender_never_become_a_reason(shape: Shape) -> None:
    payload = shape("chatter")
    payload["event"]["subtype"] = "x" * 500
    assert to_turn(payload) == Ignored("message.other")
    assert to_turn({"type": "y" * 500}) == Ignored("unknown type")
    assert to_turn(shape("chatter") | {"event": {"type": "z" * 500}}) == Ignored("unknown event")


def test_a_challenge_is_answered_at_the_door(shape: Shape) -> None:
    assert to_turn(shape("url_verification")) == Immediate({"challenge": "3eZbrw1aB"})
    assert to_turn({"ssl_check": "1", "token": "zzz"}) == Immediate({})


def test_in_a_shared_channel_the_workspace_is_ours_whoever_speaks(shape: Shape) -> None:
    heard = turn(shape("shared_channel"))
    assert heard.place.workspace == "T0ACME"
    assert heard.account == Account("slack", "T0ACME", "U0GUEST")


def of_another_team(shape: Shape) -> tuple[dict[str, Any], ...]:
    """One person of a large organisation: Slack names their team otherwise on every surface."""
    said, typed, pressed, filled = (
        shape("app_mention"),
        shape("command"),
        shape("pressed"),
        shape("submitted"),
    )
    said["event"] |= {"user_team": "E0ORG", "team": "T0HOME"}
    pressed["user"]["team_id"] = "T0HOME"
    filled["user"]["team_id"] = "E0ORG"
    return said, typed, pressed, filled


def test_a_person_is_one_account_on_every_surface(shape: Shape) -> None:
    assert {turn(payload).account for payload in of_another_team(shape)} == {ADA}


@pytest.mark.twin
def test_twin_with_the_team_that_slack_names_a_requester_could_approve_as_another_account(
    shape: Shape, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, typed, pressed, _ = of_another_team(shape)
    for payload, team in ((typed, typed["team_id"]), (pressed, pressed["user"]["team_id"])):
        monkeypatch.setattr(
            inbound, "account_of", lambda user, workspace, team=team: Account("slack", team, user)
        )
        payload["seen"] = turn(payload).account
    assert typed["seen"] != pressed["seen"]


def test_an_organisation_wide_installation_is_known_by_the_workspace_it_acts_in(shape: Shape) -> None:
    payload = shape("app_mention")
    payload["authorizations"][0] |= {"team_id": None, "enterprise_id": "E0ORG", "is_enterprise_install": True}
    payload["event"] |= {"user_team": "E0ORG"}
    heard = turn(payload)
    assert heard.place.workspace == "T0ACME"
    assert heard.account == ADA


def test_a_slash_command_keeps_its_slash_and_opens_a_thread(shape: Shape) -> None:
    heard = turn(shape("command"))
    assert heard.place == Place("slack", "T0ACME", "C0ORDERS")
    assert heard.act == Said("/order two colas for @omar & me", mentioned=True, opens_thread=True)


def test_a_press_names_the_card_and_the_thread_it_roots(shape: Shape) -> None:
    heard = turn(shape("pressed"))
    assert heard.place == TOP
    assert heard.act == Pressed("approve", "apr_1", MessageRef("C0ORDERS", TS), trigger="123.456.abcdef")


def test_a_press_in_a_thread_carries_what_the_card_holds(shape: Shape) -> None:
    heard = turn(shape("pressed_in_thread"))
    assert heard.place == THREAD
    assert heard.act == Pressed(
        "choose",
        "large",
        MessageRef("C0ORDERS", TS),
        trigger="123.456.abcdef",
        answers={"size": "l", "note": ""},
    )


def test_choosing_from_a_menu_is_a_press_with_the_options_value(shape: Shape) -> None:
    act = turn(shape("selected")).act
    assert isinstance(act, Pressed)
    assert (act.action, act.value) == ("size", "l")


def test_a_press_seen_by_one_only_has_no_message_to_update(shape: Shape) -> None:
    heard = turn(shape("pressed_ephemeral"))
    assert isinstance(heard.act, Pressed)
    assert heard.act.message is None
    assert heard.place == Place("slack", "T0ACME", "C0ORDERS")


def test_a_press_on_the_home_page_is_in_the_persons_own_place(shape: Shape) -> None:
    assert turn(shape("pressed_at_home")).place == Place("slack", "T0ACME", "U0ADA", private=True)


def test_pressing_again_is_another_turn_and_a_copy_is_not(shape: Shape) -> None:
    first, again, other = shape("pressed"), shape("pressed"), shape("pressed")
    again["actions"][0]["action_ts"] = "1790000099.000100"
    other["user"]["id"] = "U0GRACE"
    assert turn(first).id == turn(copy.deepcopy(first)).id
    assert len({turn(first).id, turn(again).id, turn(other).id}) == 3


def test_a_form_sent_off_wants_its_answer_in_the_response(shape: Shape) -> None:
    heard = turn(shape("submitted"))
    assert heard.wants_answer
    assert heard.act == Submitted("reject", "apr_1", {"reason": "Too expensive", "kind": "money"})


def test_a_form_sent_off_with_other_words_is_another_turn(shape: Shape) -> None:
    other = shape("submitted")
    other["view"]["state"]["values"]["reason"]["reason"]["value"] = "Much too expensive"
    assert turn(shape("submitted")).id != turn(other).id


def test_a_message_shortcut_carries_the_words_it_was_used_on(shape: Shape) -> None:
    heard = turn(shape("shortcut"))
    assert heard.place == THREAD
    assert heard.act == Shortcut(
        "ask", "two https://menu.example <3", MessageRef("C0ORDERS", TS), trigger="123.456.abcdef"
    )


def test_a_look_at_the_home_page_is_heard(shape: Shape) -> None:
    heard = turn(shape("home_opened"))
    assert heard.act == OpenedHome("home")
    assert heard.account == ADA


@pytest.mark.parametrize("name", ["uninstalled", "bot_token_revoked"])
def test_removing_the_bot_is_heard_however_slack_says_it(shape: Shape, name: str) -> None:
    heard = turn(shape(name))
    assert heard.act == Uninstalled(shape(name)["event_time"])
    assert heard.place.workspace == "T0ACME"


@pytest.mark.parametrize("time", [None, "1790000000", -1, 0, 10**20, True, 1.5, [1790000000]])
def test_a_removal_whose_time_is_no_time_is_one_of_now(shape: Shape, time: object) -> None:
    assert turn(shape("uninstalled") | {"event_time": time}).act == Uninstalled(0.0)


def test_text_over_forty_thousand_characters_is_refused_not_cut(shape: Shape) -> None:
    payload = shape("direct_message")
    payload["event"]["text"] = "é" * 40_000
    act = turn(payload).act
    assert isinstance(act, Said)
    assert len(act.text) == 40_000
    payload["event"]["text"] += "é"
    with pytest.raises(Malformed):
        to_turn(payload)


@pytest.mark.twin
def test_twin_without_the_limit_any_length_is_taken(shape: Shape, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbound, "MAX_TEXT", 10**9)
    payload = shape("direct_message")
    payload["event"]["text"] = "x" * 900_000
    assert isinstance(to_turn(payload), Turn)


@pytest.mark.twin
def test_twin_without_the_bot_check_two_bots_could_talk_forever(
    shape: Shape, monkeypatch: pytest.MonkeyPatch
) -> None:
    payload = shape("own_echo")
    payload["event"].pop("bot_id")
    payload["event"]["thread_ts"] = ROOT
    assert to_turn(payload) == Ignored("our own message")
    monkeypatch.setattr(inbound, "bot_user", lambda payload: "")
    assert isinstance(to_turn(payload), Turn)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("<@U0BOT> hi", "hi"),
        ("<@U0BOT>: hi", "hi"),
        ("hello <@U0BOT>, two colas", "hello, two colas"),
        ("<@U0BOT|countersign>", ""),
        ("for <@U0OMAR> and <@W0EVA|eva>", "for @U0OMAR and @eva"),
        ("in <#C012|general> or <#C013>", "in #general or #C013"),
        ("see <https://a.example/?x=1&amp;y=2|the menu>", "see https://a.example/?x=1&y=2"),
        ("<mailto:a@b.example|a@b.example>", "a@b.example"),
        ("<!channel> <!here|here> <!subteam^S01|@cooks> <!date^1^x|noon>", "@channel @here @cooks noon"),
        ("a &lt;!channel&gt; b &amp;lt;", "a <!channel> b &lt;"),
        ("{{ 7*7 }} `rm` *bold*", "{{ 7*7 }} `rm` *bold*"),
        ("עברית 🍕👩‍🍳", "עברית 🍕👩‍🍳"),
        ("<", "<"),
        ("<<@U0BOT>>", "<>"),
    ],
)
def test_markup_becomes_the_words_that_were_meant(raw: str, text: str) -> None:
    assert markup.plain(raw, bot="U0BOT") == text


def test_recorded_conversations_of_real_workspaces_are_understood(recorded: Shape) -> None:
    channel = recorded("slack")
    mention, follow_up = turn(channel["mention"]), turn(channel["followUp"])
    assert mention.act == Said("Hey", mentioned=True)
    assert follow_up.act == Said("Hi")
    assert mention.place == follow_up.place

    direct = recorded("dm-slack")
    assert turn(direct["mention"]).act == Said("Hey", mentioned=True)
    assert turn(direct["dmRequest"]).place.thread == "1767376988.871629"
    assert turn(direct["dmMessage"]).place.private


def test_recorded_presses_menus_commands_and_forms_are_understood(recorded: Shape) -> None:
    presses = recorded("actions-reactions-slack")
    assert _pressed(presses["action"]) == ("info", "")
    assert _pressed(presses["staticSelectAction"]) == ("quick_action", "greet")
    assert _pressed(presses["radioButtonsAction"]) == ("plan_selected", "all_text")
    assert to_turn(presses["reaction"]) == Ignored("event.reaction_added")
    assert _pressed(recorded("channel-slack")["channel_post_action"]) == ("channel-post", "")

    commands = recorded("slash-commands-slack")
    said = Said("/test-feedback some arguments here", mentioned=True, opens_thread=True)
    assert turn(commands["slashCommandWithArgs"]).act == said
    form = turn(commands["viewSubmission"]).act
    assert isinstance(form, Submitted)
    assert form.answers == {"message": "Hello!", "category": "feature", "email": "user@example.com"}


def _pressed(payload: dict[str, Any]) -> tuple[str, str]:
    act = turn(payload).act
    assert isinstance(act, Pressed)
    return act.action, act.value


def flooded(shape: Shape) -> dict[str, Any]:
    payload = shape("submitted")
    answers = {f"f{number}": {"type": "plain_text_input", "value": "x"} for number in range(5_000)}
    payload["view"]["state"]["values"] = {"b": answers}
    return payload


def test_a_form_with_more_answers_than_questions_is_malformed(shape: Shape) -> None:
    with pytest.raises(Malformed):
        to_turn(flooded(shape))


@pytest.mark.twin
def test_twin_without_the_count_a_forged_form_may_carry_any_number(
    shape: Shape, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.platforms.slack.fields.MAX_ANSWERS", 10**9)
    act = turn(flooded(shape)).act
    assert isinstance(act, Submitted)
    assert len(act.answers) == 5_000


@pytest.mark.parametrize("spoilt", ["", "x" * 256, "a\nb", "a\x00b", 7, ["C1"]])
def test_an_id_is_short_and_printable_or_the_payload_is_malformed(shape: Shape, spoilt: Any) -> None:
    payload = shape("app_mention")
    payload["event"]["channel"] = spoilt
    with pytest.raises(Malformed):
        to_turn(payload)
