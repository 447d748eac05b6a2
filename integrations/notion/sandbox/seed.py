"""What the sandbox begins with: the notes of a pizzeria's software team."""

from __future__ import annotations

from typing import Any

from integrations.notion.sandbox import things
from integrations.notion.sandbox.store import Store
from integrations.notion.sandbox.things import Data, seeded
from integrations.notion.sandbox.values import properties

DATABASE = seeded("database")
SOURCE = seeded("source")
PEOPLE = {"Ada Reyes": "ada", "Grace Kim": "grace", "Omar Haddad": "omar", "Lena Vogel": "lena"}

DAY = 86_400

# title, status, area, tags, owner, days since it was edited, what stands in it
PAGES: tuple[tuple[str, str, str, tuple[str, ...], str, float, tuple[str, ...]], ...] = (
    ("Oven telemetry: what the numbers mean", "Done", "Ovens", ("howto",), "Grace Kim", 21,
     ("# Readings", "Every oven reports its temperature twice a minute.", "- 410 to 440 °C is a good pizza.",
      "- Under 380 °C the dough stays pale; page the kitchen.")),
    ("Incident 2026-11-14: double charges on Friday night", "In review", "Payments", ("incident",),
     "Ada Reyes", 2,
     ("# What happened", "A retry after a lost answer charged nine guests twice.", "# What we change",
      "- Every charge carries its key.", "- A second try looks before it charges.")),
    ("Delivery zones and what they cost", "Done", "Delivery", ("howto", "prices"), "Omar Haddad", 40,
     ("Zone 1 is free above 25 dollars.", "Zone 2 costs 3.50.", "Zone 3 is not served after ten.")),
    ("Roadmap for the winter", "In review", "App", ("plan",), "Lena Vogel", 5,
     ("# December", "- Gift cards", "- Order again with one press", "# January", "- Loyalty stamps")),
    ("Runbook: the till does not answer", "Done", "Payments", ("runbook",), "Grace Kim", 12,
     ("1. Look at the light on the back.", "2. Restart it from the office, not from the kitchen.",
      "3. Take cash until it answers.")),
    ("Allergens: where the list comes from", "Draft", "App", ("howto",), "Omar Haddad", 8,
     ("The list is made from the recipes every night.", "> Never edit it by hand.")),
    ("Retro of sprint 46", "Done", "App", ("retro",), "Lena Vogel", 9,
     ("- Good: the new map of couriers.", "- Bad: three hot fixes on a Friday.",
      "- Try: no releases after noon.")),
    ("Retro of sprint 47", "Draft", "App", ("retro",), "Lena Vogel", 1,
     ("- Good: nobody was paged at night.", "- Bad: the menu went live with last year's prices.")),
    ("Courier app: release notes 3.4", "Done", "Delivery", ("release",), "Ada Reyes", 15,
     ("- Shows the stairs in an entrance.", "- Uses half the battery.")),
    ("Hiring: backend engineer", "In review", "App", ("people",), "Lena Vogel", 30,
     ("We look for somebody who likes boring databases.",)),
    ("Prices from January", "Draft", "Payments", ("prices", "plan"), "Ada Reyes", 3,
     ("A Margherita becomes 12.50.", "Lunch stays as it is.")),
    ("Runbook: an oven is offline", "Done", "Ovens", ("runbook",), "Grace Kim", 60,
     ("1. Ask the kitchen to read the display.", "2. Switch the gateway off and on.",
      "3. Call the maker; the contract is in the safe.")),
)  # fmt: skip

COMMENTS = (
    ("Incident 2026-11-14: double charges on Friday night", "grace", "Are all nine refunded?"),
    ("Prices from January", "omar", "The printed menus need two weeks."),
)


def seed(store: Store, now: float) -> None:
    """Fill an empty store. The ids are always the same."""
    store.put(things.bot())
    for name, who in PEOPLE.items():
        store.put(things.person(seeded(who), name, f"{who}@example.com"))
    ada = seeded("ada")
    old = now - 200 * DAY
    title = "Team notes"
    store.put(
        things.database(DATABASE, old, ada, title, [{"id": SOURCE, "name": title}]) | {"_edited": now - DAY}
    )
    schema = _schema()
    store.put(things.data_source(SOURCE, old, ada, title, DATABASE, schema))
    for each in PAGES:
        _page(store, now, schema, *each)
    for name, who, text in COMMENTS:
        page = seeded(name)
        store.put(things.comment(seeded(f"{name} {who}"), now - DAY, seeded(who), page, text), page)


def _page(
    store: Store,
    now: float,
    schema: Data,
    name: str,
    status: str,
    area: str,
    tags: tuple[str, ...],
    owner: str,
    days: float,
    lines: tuple[str, ...],
) -> None:
    who, edited = seeded(PEOPLE[owner]), now - days * DAY
    given: Data = {
        "Name": {"title": [{"type": "text", "text": {"content": name}}]},
        "Status": {"status": {"name": status}},
        "Area": {"select": {"name": area}},
        "Tags": {"multi_select": [{"name": tag} for tag in tags]},
        "Owner": {"people": [{"id": who}]},
    }
    parent = {"type": "data_source_id", "data_source_id": SOURCE, "database_id": DATABASE}
    page = things.page(seeded(name), edited - 3 * DAY, who, parent, properties(given, schema))
    store.put(things.touched(page, edited, who), SOURCE)
    for number, line in enumerate(lines):
        kind, text = _kind(line)
        inner: Data = {"rich_text": things.rich(text), "color": "default"}
        of = {"type": "page_id", "page_id": page["id"]}
        store.put(things.block(seeded(f"{name} {number}"), edited, who, of, kind, inner), page["id"])


def _kind(line: str) -> tuple[str, str]:
    kinds = {
        "# ": "heading_1",
        "- ": "bulleted_list_item",
        "> ": "quote",
        "1. ": "numbered_list_item",
        "2. ": "numbered_list_item",
        "3. ": "numbered_list_item",
    }
    for begin, kind in kinds.items():
        if line.startswith(begin):
            return kind, line[len(begin) :]
    return "paragraph", line


def _schema() -> Data:
    kinds: dict[str, tuple[str, Any]] = {
        "Name": ("title", {}),
        "Effect key": ("rich_text", {}),
        "Status": ("status", {"options": _options("Draft", "In review", "Done"), "groups": []}),
        "Area": ("select", {"options": _options("Ovens", "Delivery", "Payments", "App")}),
        "Tags": ("multi_select", {"options": _options("howto", "incident", "plan", "retro", "runbook")}),
        "Owner": ("people", {}),
        "Due": ("date", {}),
        "Estimate": ("number", {"format": "number"}),
        "Urgent": ("checkbox", {}),
        "Link": ("url", {}),
    }
    return {
        name: {
            "id": "title" if kind == "title" else seeded(name)[:4],
            "name": name,
            "type": kind,
            kind: inner,
        }
        for name, (kind, inner) in kinds.items()
    }


def _options(*names: str) -> list[Data]:
    return [{"id": seeded(f"option {name}"), "name": name, "color": "default"} for name in names]
