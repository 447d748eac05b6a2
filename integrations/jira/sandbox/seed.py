"""What the sandbox begins with: the tickets of a pizza shop's software team, and who works on them."""

from __future__ import annotations

from typing import Any

from integrations.jira.sandbox.store import Store
from integrations.jira.sandbox.things import ME, new_issue

DAY = 86_400.0
ADA, GRACE, OMAR, LENA = "712020:ada", "712020:grace", "712020:omar", "712020:lena"

PEOPLE: tuple[dict[str, Any], ...] = (
    {"id": ME, "login": "countersign", "name": "Countersign", "email": "countersign@example.com"},
    {"id": ADA, "login": "ada", "name": "Ada Reyes", "email": "ada@example.com"},
    {"id": GRACE, "login": "grace", "name": "Grace Kim", "email": "grace@example.com"},
    {"id": OMAR, "login": "omar", "name": "Omar Haddad", "email": "omar@example.com", "hidden": True},
    {"id": LENA, "login": "lena", "name": "Lena Kimura", "email": "lena@example.com"},
    {"id": "712020:old", "login": "kim", "name": "Kim Olsen", "email": "kim@example.com", "active": False},
    {"id": "712020:bot", "login": "ci", "name": "Kitchen CI", "email": "ci@example.com", "kind": "app"},
)

# project, kind, title, text, status, priority, assignee, reporter, labels, made days ago, changed days ago
TICKETS: tuple[tuple[Any, ...], ...] = (
    ("SHOP", "Bug", "Coupon FIVE is taken twice when the page is reloaded",
     "Apply FIVE, reload, apply again: ten dollars off.\n\nSeen on Chrome and Safari.",
     "In Progress", "High", ADA, OMAR, ["checkout", "coupon"], 12, 1),
    ("SHOP", "Story", "Let guests split a bill between two cards",
     "Tables of six ask for it every evening.", "To Do", "Medium", None, GRACE, ["checkout"], 20, 6),
    ("SHOP", "Bug", "Diavola shows the picture of the Funghi",
     "The image names were swapped in the last import.", "Done", "Low", LENA, ADA, ["menu"], 15, 9),
    ("SHOP", "Task", "Move the menu's pictures to the new bucket",
     "Old links must go on working for a year.", "In Review", "Medium", LENA, GRACE, ["menu"], 9, 2),
    ("SHOP", "Incident", "Card payments time out on Friday evenings",
     "Between 19:00 and 20:00 one payment in thirty takes longer than 20 s.\n\nSupport gets the calls.",
     "In Progress", "Highest", GRACE, OMAR, ["payments", "friday"], 5, 0.2),
    ("SHOP", "Story", "Tell the customer when the oven is full",
     "A slower promise is better than a broken one.", "To Do", "Medium", None, ADA, ["kitchen"], 30, 14),
    ("SHOP", "Bug", "Tiramisu cannot be ordered alone",
     "The minimum of ten dollars counts pizzas only.", "To Do", "Low", None, OMAR, ["checkout"], 3, 3),
    ("SHOP", "Task", "Upgrade the receipt printer's driver", "", "Done", "Lowest", OMAR, OMAR, [], 40, 33),
    ("SHOP", "Bug", "Addresses with an apostrophe break the delivery label",
     "O'Brien Street prints as O&#39;Brien Street.", "Blocked", "High", ADA, LENA, ["delivery"], 8, 4),
    ("SHOP", "Story", "Weekly summary of what changed for the shops",
     "One page, every Monday.", "To Do", "Medium", GRACE, GRACE, ["reports"], 2, 2),
    ("OPS", "Incident", "The kitchen display in Lisbon reboots every hour",
     "Since the firmware of last Tuesday.", "In Progress", "High", OMAR, LENA, ["hardware"], 4, 1),
    ("OPS", "Task", "Renew the certificate of the order gateway",
     "Ends in three weeks.", "To Do", "High", None, OMAR, ["gateway"], 6, 6),
)  # fmt: skip

COMMENTS = (
    ("SHOP-1", OMAR, "A customer in Lyon did it three times."),
    ("SHOP-1", ADA, "Found it: the token is checked before the cart is locked."),
    ("SHOP-5", GRACE, "Our pool of connections is too small for the peak."),
    ("SHOP-9", ADA, "Waiting for the carrier's new label format."),
)


def seed(store: Store, now: float) -> None:
    """Fill an empty store. Keys and ids are always the same, and the search shows all of it at once."""
    for who in PEOPLE:
        store.meet(who)
    for project, kind, title, text, status, priority, assignee, reporter, labels, made, changed in TICKETS:
        made_at = now - made * DAY
        found = new_issue(store, project, made_at, reporter, summary=title, description=text or None)
        found |= {
            "type": kind,
            "status": status,
            "priority": priority,
            "assignee": assignee,
            "labels": labels,
            "updated": now - changed * DAY,
            "resolution": "Done" if status == "Done" else None,
        }
        store.put(found, 0.0)
    for number, (key, author, words) in enumerate(COMMENTS):
        issue = store.issue(key)
        assert issue is not None
        store.say(
            issue,
            {
                "id": str(store.next("comment", 10300)),
                "issue": issue["id"],
                "author": author,
                "body": words,
                "created": issue["updated"] - 3600.0 * (len(COMMENTS) - number),
                "properties": [],
            },
        )
