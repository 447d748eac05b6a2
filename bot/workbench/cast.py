"""Who and what there is in the local workspace: three people, their channels and chats, the bot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Person:
    """One human with an account on both platforms under the same e-mail address."""

    id: str
    name: str
    role: str
    email: str
    slack: str
    teams: str
    aad: str
    dm: str
    chat: str


def _person(letter: str, id: str, name: str, role: str) -> Person:
    return Person(
        id=id,
        name=name,
        role=role,
        email=f"{id}@example.com",
        slack=f"U0{id.upper():0<7}",
        teams=f"29:1{id}-{letter * 40}",
        aad=f"{letter * 8}-0000-4000-8000-{letter * 12}",
        dm=f"D0{id.upper():0<7}",
        chat=f"a:1{id}-{letter * 48}",
    )


ADA = _person("a", "ada", "Ada Reyes", "requester")
GRACE = _person("b", "grace", "Grace Okafor", "approver")
OMAR = _person("c", "omar", "Omar Haddad", "bystander")
PERSONS = {person.id: person for person in (ADA, GRACE, OMAR)}
BY_SLACK = {person.slack: person for person in PERSONS.values()}
BY_TEAMS = {key: person for person in PERSONS.values() for key in (person.teams, person.aad)}

BOT_NAME = "Countersign"

# ── Slack ──
TEAM = "T0WORKBNCH"
TEAM_DOMAIN = "workbench"
SLACK_APP = "A0WORKBNCH"
BOT_USER = "U0COUNTERS"
BOT_ID = "B0COUNTERS"


@dataclass(frozen=True, slots=True)
class Channel:
    """A Slack conversation; `person` is set where it is that person's direct message with the bot."""

    id: str
    name: str
    kind: Literal["channel", "dm"]
    person: Person | None = None

    @property
    def members(self) -> tuple[str, ...]:
        if self.person is not None:
            return (self.person.slack, BOT_USER)
        return (*BY_SLACK, BOT_USER)


CHANNELS = {
    channel.id: channel
    for channel in (
        Channel("C0ORDERS00", "orders", "channel"),
        Channel("C0APPROVAL", "approvals", "channel"),
        Channel("C0GENERAL0", "general", "channel"),
        *(Channel(person.dm, BOT_NAME, "dm", person) for person in PERSONS.values()),
    )
}
APPROVALS_CHANNEL = "C0APPROVAL"

COMMANDS = (
    {"command": "/order", "description": "Order something", "usage_hint": "two margheritas and a cola"},
    {"command": "/escalate", "description": "Hand a matter to a person", "usage_hint": "what it is about"},
    {"command": "/summarize", "description": "Sum up tickets and pages", "usage_hint": "PAY last 7 days"},
    {"command": "/refund", "description": "Give a payment back", "usage_hint": "the last order"},
    {"command": "/file", "description": "Sum up a file, or ask about it", "usage_hint": "a question"},
    {"command": "/ask", "description": "Answer from your own pages", "usage_hint": "a question"},
    {"command": "/approvals", "description": "What waits for you", "usage_hint": ""},
    {"command": "/grants", "description": "What runs alone by a grant", "usage_hint": "add … | revoke 3"},
    {"command": "/delegate", "description": "Let somebody decide for you", "usage_hint": "to … until …"},
    {"command": "/memory", "description": "What I remember about you", "usage_hint": "off | on | forget"},
    {"command": "/link", "description": "Say that two accounts are one person", "usage_hint": ""},
    {"command": "/unlink", "description": "Take that back", "usage_hint": ""},
    {"command": "/tone", "description": "How I speak to you, 1 to 10", "usage_hint": "3"},
    {"command": "/consent", "description": "Whether I may learn from you", "usage_hint": "tuning on"},
    {"command": "/export", "description": "All that is kept about you", "usage_hint": ""},
    {"command": "/forget", "description": "Erase all that is kept about you", "usage_hint": ""},
    {"command": "/help", "description": "What Countersign can do", "usage_hint": ""},
)
SHORTCUTS = (
    {"name": "Ask Countersign", "callback_id": "ask"},
    {"name": "Escalate this message", "callback_id": "escalate"},
)

# ── Teams ──
TENANT = "7e6a4175-0000-4000-8000-c0047e512160"
TEAMS_APP = "c0047e51-0000-4000-8000-b07b07b07b07"
TEAMS_BOT = f"28:{TEAMS_APP}"
TEAM_THREAD = "19:workbench-team-0000000000000000@thread.tacv2"


@dataclass(frozen=True, slots=True)
class Chat:
    """A Teams conversation. A channel's id is here without `;messageid=`."""

    id: str
    name: str
    kind: Literal["personal", "groupChat", "channel"]
    person: Person | None = None

    @property
    def members(self) -> tuple[Person, ...]:
        return (self.person,) if self.person is not None else tuple(PERSONS.values())


CHATS = {
    chat.id: chat
    for chat in (
        Chat("19:0a0a0a0a0a0a4d0fb0c5orders000001@thread.tacv2", "Orders", "channel"),
        Chat("19:0b0b0b0b0b0b4d0fb0c5approvals01@thread.tacv2", "Approvals", "channel"),
        Chat("19:0c0c0c0c0c0c4d0fb0c5lunchclub01@thread.v2", "Lunch club", "groupChat"),
        *(Chat(person.chat, BOT_NAME, "personal", person) for person in PERSONS.values()),
    )
}
APPROVALS_CHAT = "19:0b0b0b0b0b0b4d0fb0c5approvals01@thread.tacv2"

# ── Entra, as Microsoft Graph tells of it ──
TREASURY = "0f0f0f0f-1111-4222-8333-444444444444"
ENTRA_GROUPS = {TREASURY: (GRACE, OMAR)}
MANAGERS = {"ada": GRACE, "omar": GRACE}

SUGGESTION = "order four large margheritas and two colas"
APPROVER_EMAIL = PERSONS["grace"].email
