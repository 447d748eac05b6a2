"""The app manifest: what Slack is told about the bot, its scopes no wider than what it does."""

from __future__ import annotations

from typing import Any

import yaml

PLACEHOLDER_URL = "https://countersign.example.com"

# Scope → the call or event that needs it.
SCOPES = {
    "app_mentions:read": "the event app_mention",
    "assistant:write": "assistant.threads.setStatus: shows that an answer is coming; wanted by agent_view",
    "channels:history": "message.channels: follow-ups in a thread; conversations.replies: after a crash",
    "chat:write": "chat.postMessage, chat.update, chat.postEphemeral",
    "commands": "the slash commands and the message shortcut",
    "files:read": "files.info, and fetching what somebody sends along",
    "groups:history": "the same as channels:history, in private channels",
    "im:history": "the event message.im: direct messages",
    "im:write": "conversations.open: a direct message to an approver",
    "usergroups:read": "usergroups.list, usergroups.users.list: who is in a group that approves",
    "users:read": "users.info: name and time zone of who asks",
    "users:read.email": "users.info: the confirmed e-mail, by which the Stripe customer is found",
}

# Event → what it means to us (each is a turn, see inbound.py).
EVENTS = {
    "agent_session_stopped": "somebody presses Slack's Stop while a model writes",
    "app_home_opened": "draws the person's open runs and approvals",
    "app_mention": "somebody addresses the bot",
    "app_uninstalled": "credentials are forgotten",
    "message.channels": "follow-ups in a thread without a new mention",
    "message.groups": "the same in private channels",
    "message.im": "direct messages",
    "tokens_revoked": "credentials are forgotten",
}

COMMANDS = (
    ("/order", "Order something; nothing is charged before it is approved", "two margheritas and a cola"),
    ("/escalate", "Hand a matter over to a person", "the customer asks for a refund"),
    ("/summarize", "Sum up tickets and pages of Jira, GitHub and Notion", "PAY last 7 days"),
    ("/ask", "Answer a question from your own pages", "how long does a refund take?"),
    ("/file", "Sum up a file that was sent, or answer a question about it", "what is it about?"),
    ("/refund", "Give one of your payments back, once somebody approved it", "the last order"),
    ("/delegate", "Let somebody decide in your stead for a time", "to grace@example.com until Friday"),
    ("/approvals", "What waits for your decision", ""),
    ("/grants", "What runs alone by a grant; propose one or end it", "add tool=… each=… | revoke 3"),
    ("/memory", "What I remember about you; switch it off, or have it forgotten", "off | on | forget"),
    ("/link", "Say that your accounts in Slack and Teams are one person", ""),
    ("/unlink", "Take that back", ""),
    ("/tone", "How I speak to you, from 1 (terse) to 10 (playful)", "3"),
    ("/consent", "Whether your conversations may be used to tune the model", "tuning on | tuning off"),
    ("/export", "All that is kept about you", ""),
    ("/forget", "Erase all that is kept about you", ""),
    ("/help", "What Countersign can do, and how to ask", ""),
)

SHORTCUTS = (
    ("Ask Countersign", "ask", "Ask about this message, or act on it, in its thread"),
    ("Escalate this message", "escalate", "Hand what this message is about to a person"),
)

DESCRIPTION = "Orders, escalations and summaries that a person countersigns"
LONG_DESCRIPTION = (
    "Mention Countersign or type /order, /escalate or /summarize. It collects what it needs in the thread, "
    "shows what it is about to do, and wherever a rule says so or it is not sure enough, a person approves "
    "the action by pressing a button. Nothing that matters happens unseen: who asked, who approved and what "
    "was done stays on record."
)
PROMPTS = (
    ("Place an order", "order two margheritas and a cola"),
    ("Hand over to a person", "escalate: the delivery never came"),
    ("Sum up", "summarize the last 7 days"),
    ("What can you do?", "help"),
)


def manifest(public_url: str, *, socket_mode: bool = False, token_rotation: bool = False) -> dict[str, Any]:
    """For "create an app from a manifest".

    `token_rotation` cannot be switched off again and makes SLACK_BOT_TOKEN end after twelve
    hours: only for those who install by OAuth.
    """
    url = public_url.rstrip("/")
    events = f"{url}/slack/events"
    return {
        "_metadata": {"major_version": 2, "minor_version": 1},
        "display_information": {
            "name": "Countersign",
            "description": DESCRIPTION,
            "long_description": LONG_DESCRIPTION,
            "background_color": "#1f3a34",
        },
        "features": _features(events),
        "oauth_config": {
            "redirect_urls": [f"{url}/slack/oauth_redirect"],
            "scopes": {"bot": sorted(SCOPES)},
        },
        "settings": {
            "event_subscriptions": {"request_url": events, "bot_events": sorted(EVENTS)},
            "interactivity": {"is_enabled": True, "request_url": events},
            "org_deploy_enabled": False,
            "socket_mode_enabled": socket_mode,
            "token_rotation_enabled": token_rotation,
        },
    }


def manifest_yaml(public_url: str, *, socket_mode: bool = False, token_rotation: bool = False) -> str:
    text: str = yaml.safe_dump(
        manifest(public_url, socket_mode=socket_mode, token_rotation=token_rotation),
        sort_keys=False,
        allow_unicode=True,
        width=100,
    )
    return text


def _features(events: str) -> dict[str, Any]:
    return {
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": False,
        },
        "bot_user": {"display_name": "Countersign", "always_online": True},
        "agent_view": {
            "agent_description": DESCRIPTION + ". Nothing is charged before somebody has approved it.",
            "suggested_prompts": [{"title": title, "message": message} for title, message in PROMPTS],
        },
        "slash_commands": [
            {"command": name, "url": events, "description": description}
            | ({"usage_hint": hint} if hint else {})
            # People and channels arrive as ids, which a display name cannot imitate.
            | {"should_escape": True}
            for name, description, hint in COMMANDS
        ],
        "shortcuts": [
            {"name": name, "type": "message", "callback_id": callback, "description": description}
            for name, callback, description in SHORTCUTS
        ],
    }
