"""What people did in Teams, in our words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from bot.platforms.teams import envelope as envelope_module
from bot.platforms.teams import inbound as inbound_module
from bot.platforms.teams import words as words_module
from bot.platforms.teams.inbound import to_turn
from bot.turn import (
    Account,
    Ignored,
    Immediate,
    Installed,
    Place,
    Said,
    Turn,
    Uninstalled,
)
from tests.bot.platforms.teams.stand import (
    ADA,
    APP,
    CHANNEL,
    SERVICE,
    TENANT,
    activity,
    in_channel,
    mention,
    message,
)

US = f"28:{APP}"
RECORDED = Path(__file__).parents[5] / "shared" / "data" / "payloads"
OWN = Path(__file__).parents[3] / "payloads" / "teams"


def turn(payload: dict[str, Any]) -> Turn:
    found = to_turn(payload)
    assert isinstance(found, Turn), found
    return found


def said(text: str, **other: Any) -> Said:
    act = turn(message(text, **other)).act
    assert isinstance(act, Said)
    return act


def test_a_word_in_private() -> None:
    assert turn(message("two colas")) == Turn(
        id=f"teams:{TENANT}:a:ada:1767000000001",  # type: ignore[arg-type]
        place=Place("teams", TENANT, "a:ada", via=SERVICE, private=True),
        account=Account("teams", TENANT, ADA),
        act=Said("two colas", mentioned=True),
    )


def test_a_mention_in_a_channel_starts_a_thread_under_its_own_message() -> None:
    root = message(
        "<at>Countersign</at> two colas",
        id="1767000000000",
        conversation=in_channel("1767000000000"),
        entities=[mention()],
    )

    found = turn(root)

    assert found.place == Place("teams", TENANT, CHANNEL, "1767000000000", via=SERVICE)
    assert found.act == Said("two colas", mentioned=True)


def test_a_reply_in_a_channel_is_in_the_thread_of_its_root() -> None:
    found = turn(message("make it three", conversation=in_channel("1767000000000")))

    assert found.place.thread == "1767000000000"
    assert found.act == Said("make it three", mentioned=False)


def test_a_root_without_a_message_id_in_its_conversation_is_its_own_thread() -> None:
    assert turn(message("hi", conversation=in_channel(None))).place.thread == "1767000000001"


def test_a_group_chat_has_no_threads() -> None:
    group = {"id": "19:abc@thread.v2", "conversationType": "groupChat", "isGroup": True, "tenantId": TENANT}
    found = turn(message("<at>Countersign</at> hi", conversation=group, entities=[mention()]))

    assert found.place == Place("teams", TENANT, "19:abc@thread.v2", via=SERVICE)
    assert found.act == Said("hi", mentioned=True)


@pytest.mark.parametrize("text", ["order two colas", "/order two colas"])
def test_a_command_with_and_without_a_slash_arrives_as_it_was_typed(text: str) -> None:
    assert said(text) == Said(text, mentioned=True)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("<at>Countersign</at> order", "order"),
        ("order <at>Countersign</at> now", "order now"),
        ('<at id="0">Countersign</at> order', "order"),
        ("<AT>countersign</AT>&nbsp;order", "order"),
        ("<at>Countersign</at>", ""),
        ("<at>Countersign</at> ask <at>Grace Okafor</at>", "ask @Grace Okafor"),
        ("<at>Countersign</at> fish &amp; chips &lt; 5", "fish & chips < 5"),
        ("<at>Countersign</at> &amp;lt;", "&lt;"),
        ("<at>Countersign</at> &lt;at&gt;Grace&lt;/at&gt;", "<at>Grace</at>"),
        ("<at>Countersign</at> a\u00a0b  c", "a b c"),
        ("<at>Countersign</at> first\nsecond", "first\nsecond"),
        ("<at>Countersign</at> {{ 7*7 }} <!channel> ${x}", "{{ 7*7 }} <!channel> ${x}"),
        ("<at>Countersign</at> &copy=1 &notin", "&copy=1 &notin"),
        ("<at>Countersign</at> <b>bold</b>", "<b>bold</b>"),
    ],
)
def test_our_mention_is_taken_out_and_the_rest_is_plain_text(text: str, plain: str) -> None:
    assert said(text, entities=[mention()], conversation=in_channel()) == Said(plain, mentioned=True)


def test_an_entity_without_its_text_still_takes_our_name_out() -> None:
    entity = {key: value for key, value in mention().items() if key != "text"}

    assert said("<at>Countersign</at> hey", entities=[entity]).text == "hey"


def test_typing_our_name_is_no_mention() -> None:
    found = said("<at>Countersign</at> order", conversation=in_channel(), entities=[])

    assert found == Said("@Countersign order", mentioned=False)


def test_a_person_of_our_name_keeps_their_mention() -> None:
    text = "<at>Countersign</at> ask <at>Countersign</at>"
    entities = [mention(), mention(who="29:someone")]

    assert said(text, entities=entities, conversation=in_channel()).text == "ask @Countersign"


def test_html_is_reduced_to_its_words() -> None:
    html = "<div><at>Countersign</at> two<br>colas</div><p>&lt;b&gt;</p>"

    assert said(html, textFormat="xml", entities=[mention()]).text == "two\ncolas\n<b>"


def test_what_a_database_cannot_hold_is_left_out() -> None:
    assert said("a\x00b\ud800c").text == "ab?c"


def test_forty_thousand_characters_come_through_whole() -> None:
    assert said("é" * 40_000).text == "é" * 40_000


def test_a_text_larger_than_teams_can_send_is_ignored() -> None:
    assert to_turn(message("x" * 100_001)) == Ignored("text too long")


def test_a_targeted_message_is_for_us_and_opens_a_thread_of_its_own() -> None:
    targeted = {"id": US, "name": "Countersign", "isTargeted": True}
    found = turn(message("/order two colas", recipient=targeted, conversation=in_channel(None)))

    assert found.act == Said("/order two colas", mentioned=True, opens_thread=True)
    assert found.place.thread is None


def test_a_targeted_message_within_a_thread_stays_there() -> None:
    found = turn(message("/help", recipient={"id": US, "isTargeted": True}, conversation=in_channel("17")))

    assert found.act == Said("/help", mentioned=True)
    assert found.place.thread == "17"


def test_a_picture_in_private_is_an_empty_word_and_is_answered() -> None:
    assert turn(message("", attachments=[{"contentType": "image/png"}])).act == Said("", mentioned=True)


def test_a_picture_in_a_channel_is_none_of_our_business() -> None:
    assert to_turn(message("", conversation=in_channel())) == Ignored("no text")


def test_someone_without_an_entra_id_is_known_by_their_teams_id() -> None:
    assert turn(message(**{"from": {"id": "29:omar"}})).account.user == "29:omar"


def test_someone_of_another_tenant_is_not_taken_for_one_of_this() -> None:
    sender = {"id": "29:x", "aadObjectId": ADA, "tenantId": "another-tenant"}

    assert turn(message(**{"from": sender})).account == Account("teams", "another-tenant", ADA)


def test_the_tenant_is_the_channels_before_the_conversations() -> None:
    found = turn(message(channelData={"tenant": {"id": "t-1"}}))
    assert found.place.workspace == "t-1"

    assert turn(message(channelData={})).place.workspace == TENANT


def test_an_install_is_told_twice_and_greeted_once() -> None:
    one = activity("installationUpdate", action="add", id="f:1", timestamp="2026-01-02T18:03:37.1Z")
    other = activity(
        "conversationUpdate",
        membersAdded=[{"id": US}, {"id": "29:ada"}],
        id="f:2",
        timestamp="2026-01-02T18:03:38Z",
    )

    assert turn(one).act == turn(other).act == Installed()
    assert turn(one).id == turn(other).id


def test_an_install_in_a_team_is_greeted_once_and_outside_of_threads() -> None:
    one = activity("installationUpdate", action="add", conversation=in_channel("1"))
    other = activity("conversationUpdate", membersAdded=[{"id": US}], conversation=in_channel("2"))

    assert turn(one).id == turn(other).id
    assert turn(one).place == turn(other).place == Place("teams", TENANT, CHANNEL, via=SERVICE)


def test_an_install_another_day_is_greeted_again() -> None:
    first = activity("installationUpdate", action="add")
    again = activity("installationUpdate", action="add", timestamp="2026-03-02T18:03:37Z")

    assert turn(first).id != turn(again).id


def test_being_removed_is_an_uninstall() -> None:
    assert turn(activity("installationUpdate", action="remove")).act == Uninstalled()
    assert turn(activity("conversationUpdate", membersRemoved=[{"id": US}])).act == Uninstalled()


@pytest.mark.parametrize(
    "payload",
    [
        activity("conversationUpdate", membersAdded=[{"id": "29:omar"}]),
        activity("conversationUpdate", membersAdded="x"),
        activity("conversationUpdate", channelData={"tenant": {"id": TENANT}, "eventType": "channelCreated"}),
        activity("installationUpdate", action="add-upgrade"),
        activity("messageReaction", reactionsAdded=[{"type": "like"}]),
        activity("messageUpdate", text="edited"),
        activity("messageDelete"),
        activity("typing"),
        activity("event", name="application/vnd.microsoft.readReceipt"),
        activity("somethingNew"),
        activity("message", text="beep", **{"from": {"id": "28:another-bot"}}),
        activity("message", text="beep", **{"from": {"id": "29:x", "role": "bot"}}),
    ],
)
def test_what_is_not_for_us_is_ignored_with_a_reason(payload: dict[str, Any]) -> None:
    found = to_turn(payload)

    assert isinstance(found, Ignored)
    assert found.reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"channelId": "directline"}, "another channel"),
        ({"channelId": "webchat"}, "another channel"),
        ({"channelData": {}, "conversation": {"id": "a:1"}}, "no tenant"),
        ({"from": {}}, "no sender or place"),
        ({"from": {"id": "x" * 600}}, "no sender or place"),
        ({"conversation": {"id": "a:1\x00", "tenantId": TENANT}}, "no sender or place"),
    ],
)
def test_an_activity_that_names_nobody_is_ignored(change: dict[str, Any], reason: str) -> None:
    assert to_turn(message() | change) == Ignored(reason)


@pytest.mark.twin
def test_without_the_channel_check_direct_line_speaks_for_anyone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        inbound_module,
        "open_envelope",
        lambda payload: envelope_module.open_envelope({**payload, "channelId": "msteams"}),
    )

    assert turn(message() | {"channelId": "directline"}).account.user == ADA


@pytest.mark.twin
def test_without_believing_entities_only_a_typed_name_would_address_us(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        words_module,
        "_our_mentions",
        lambda payload: [mention()] if "<at>Countersign</at>" in payload["text"] else [],
    )

    assert said("<at>Countersign</at> order", conversation=in_channel(), entities=[]).mentioned


def test_an_activity_without_an_id_is_known_by_its_content() -> None:
    without = {key: value for key, value in message().items() if key != "id"}

    assert turn(without).id == turn(dict(without)).id
    assert turn(without).id != turn(without | {"text": "other"}).id


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
NAMES = [
    *("type", "id", "name", "text", "textFormat", "channelId", "serviceUrl", "from", "recipient", "value"),
    *("conversation", "channelData", "entities", "action", "replyToId", "timestamp"),
    *("membersAdded", "membersRemoved"),
]
PRESS = {
    "action": {"type": "Action.Execute", "verb": "approve", "data": {"action": "approve", "value": "ap-1"}}
}
TYPES = ["message", "invoke", "conversationUpdate", "installationUpdate", "typing", "messageReaction"]


@given(st.dictionaries(st.sampled_from(NAMES) | st.text(), anything))
@examples(max_examples=150, deadline=None)
def test_no_json_of_any_shape_makes_it_crash(payload: dict[str, Any]) -> None:
    assert isinstance(to_turn(payload), (Turn, Ignored, Immediate))


@given(st.sampled_from(TYPES), st.dictionaries(st.sampled_from(NAMES[3:]), anything))
@examples(max_examples=300, deadline=None)
def test_no_odd_field_in_a_good_activity_makes_it_crash(kind: str, odd: dict[str, Any]) -> None:
    found = to_turn(
        activity(kind, name="adaptiveCard/action", value=PRESS, text="x", entities=[mention()]) | odd
    )

    assert isinstance(found, (Turn, Ignored, Immediate))
    if isinstance(found, Turn):
        repr(found).encode()  # nothing that could not be stored


def recorded() -> list[Any]:
    """Every activity in the recorded files, with the file it is from."""
    files = [*sorted(RECORDED.glob("*teams*.json")), *sorted(OWN.glob("*.json"))]
    return [
        pytest.param(value, id=f"{file.stem}:{name}")
        for file in files
        for name, value in json.loads(file.read_text()).items()
        if isinstance(value, dict) and "type" in value
    ]


@pytest.mark.parametrize("payload", recorded())
def test_what_was_recorded_is_understood(payload: dict[str, Any]) -> None:
    found = to_turn(payload)

    if payload["type"] == "messageReaction":
        assert found == Ignored("messageReaction")
        return
    assert isinstance(found, Turn)
    assert found.place.channel == payload["conversation"]["id"].partition(";")[0]
    assert found.place.private == payload["conversation"]["id"].startswith("a:")
    assert found.account.user == payload["from"].get("aadObjectId", payload["from"]["id"])
    if isinstance(found.act, Said):
        assert "<at>" not in found.act.text
        assert found.act.mentioned == (bool(payload.get("entities")) or found.place.private)
