"""Of all that a platform may tell about a card, only a press on it is a press."""

from __future__ import annotations

from typing import Any

import pytest

from bot.platforms.slack.inbound import to_turn as slack
from bot.platforms.teams.inbound import to_turn as teams
from bot.turn import Pressed, Submitted, Turn

Json = dict[str, Any]
BUTTON: Json = {"type": "button", "action_id": "approval.approve", "value": "r1:charge:1:approval",
                "text": {"type": "plain_text", "text": "Approve"}}  # fmt: skip
CARD: Json = {"type": "actions", "block_id": "b", "elements": [BUTTON]}
EXECUTE: Json = {"type": "Action.Execute", "title": "Approve", "verb": "approval.approve",
                 "data": {"action": "approval.approve", "value": "r1:charge:1:approval"}}  # fmt: skip
TEAMS_CARD: Json = {"contentType": "application/vnd.microsoft.card.adaptive",
                    "content": {"type": "AdaptiveCard", "body": [], "actions": [EXECUTE]}}  # fmt: skip


def event(type: str, **more: Any) -> Json:
    inner = {"type": type, "user": "U0GRACE", "channel": "C0APPROVE", "ts": "1.2", "event_ts": "1.2", **more}
    return {
        "type": "event_callback", "team_id": "T1", "event_id": "Ev1", "event_time": 1, "event": inner,
        "authorizations": [{"team_id": "T1", "user_id": "U0BOT", "is_bot": True}],
    }  # fmt: skip


def activity(type: str, **more: Any) -> Json:
    return {
        "type": type, "id": "1", "channelId": "msteams", "serviceUrl": "https://smba.trafficmanager.net/teams/",
        "from": {"id": "29:grace", "aadObjectId": "b" * 8 + "-0000-4000-8000-" + "b" * 12},
        "recipient": {"id": "28:bot"}, "timestamp": "2026-03-02T18:03:37Z",
        "conversation": {"id": "19:a@thread.tacv2;messageid=1", "conversationType": "channel",
                         "tenantId": "c" * 8 + "-0000-4000-8000-" + "c" * 12},
        "channelData": {"tenant": {"id": "c" * 8 + "-0000-4000-8000-" + "c" * 12}}, **more,
    }  # fmt: skip


SLACK = {
    "a reaction": event("reaction_added", reaction="+1", item={"type": "message", "ts": "1.1"}),
    "a reaction taken back": event("reaction_removed", reaction="+1", item={"type": "message"}),
    "a link that unfurls": event("link_shared", links=[{"url": "https://x.example/approve?yes=1"}]),
    "an unfurl in an edited message": event("message", subtype="message_changed", message={"blocks": [CARD]}),
    "a card that was forwarded": event(
        "message", text="see this", thread_ts="1.0",
        attachments=[{"is_share": True, "message_blocks": [{"message": {"blocks": [CARD]}}]}]),
    "words with a card of their own": event("message", text="approve", thread_ts="1.0", blocks=[CARD]),
    "a mention with a card in it": event("app_mention", text="<@U0BOT> approve", blocks=[CARD]),
    "typed consent": event("message", text="looks good, go ahead", thread_ts="1.0"),
    "a pin": event("pin_added", item={"message": {"blocks": [CARD]}}),
    "a star": event("star_added", item={"message": {"blocks": [CARD]}}),
    "metadata": event("message_metadata_posted", metadata={"event_payload": {"action": "approval.approve"}}),
    "a closed form": {"type": "view_closed", "team": {"id": "T1"}, "user": {"id": "U0GRACE"},
                      "view": {"callback_id": "approval.reject_form", "id": "V1"}},
    "options asked for": {"type": "block_suggestion", "team": {"id": "T1"}, "user": {"id": "U0GRACE"},
                          "action_id": "approval.approve", "value": "r1:charge:1:approval"},
    "an old attachment's button": {"type": "interactive_message", "team": {"id": "T1"},
                                   "user": {"id": "U0GRACE"}, "actions": [BUTTON]},
    "a command": {"command": "/order", "text": "approve r1:charge:1:approval", "team_id": "T1",
                  "user_id": "U0GRACE", "channel_id": "C0APPROVE", "trigger_id": "1.1"},
}  # fmt: skip
TEAMS = {
    "a reaction": activity("messageReaction", reactionsAdded=[{"type": "like"}], replyToId="1"),
    "a link preview": activity("invoke", name="composeExtension/queryLink", value={"url": "https://x/approve"}),
    "a preview without sign-in": activity("invoke", name="composeExtension/anonymousQueryLink",
                                          value={"url": "https://x/approve"}),
    "a card that was forwarded": activity("message", text="see this", attachments=[TEAMS_CARD]),
    "a card in an extension": activity("invoke", name="composeExtension/submitAction",
                                       value={"data": EXECUTE["data"]}),
    "typed consent": activity("message", text="approve"),
    "an edited message": activity("messageUpdate", text="approve", value=EXECUTE["data"]),
    "a deleted message": activity("messageDelete", value=EXECUTE["data"]),
    "an event": activity("event", name="approval.approve", value=EXECUTE["data"]),
    "a task": activity("invoke", name="task/submit", value={"data": EXECUTE["data"]}),
    "a bot's own press": activity("message", value=EXECUTE["data"], **{"from": {"id": "28:other"}}),
}  # fmt: skip


@pytest.mark.parametrize("what", SLACK)
def test_in_slack_nothing_else_is_a_press(what: str) -> None:
    assert not _decides(slack(SLACK[what]))


@pytest.mark.parametrize("what", TEAMS)
def test_in_teams_nothing_else_is_a_press(what: str) -> None:
    assert not _decides(teams(TEAMS[what]))


def test_a_press_is_one() -> None:
    pressed = {"type": "block_actions", "team": {"id": "T1"}, "user": {"id": "U0GRACE"},
               "trigger_id": "1.1", "actions": [BUTTON], "channel": {"id": "C0APPROVE"},
               "container": {"message_ts": "1.1"}}  # fmt: skip
    assert _decides(slack(pressed))
    executed = {"action": {"type": "Action.Execute", "verb": EXECUTE["verb"], "data": EXECUTE["data"]}}
    assert _decides(teams(activity("invoke", name="adaptiveCard/action", value=executed)))


def _decides(found: object) -> bool:
    return isinstance(found, Turn) and isinstance(found.act, Pressed | Submitted)
