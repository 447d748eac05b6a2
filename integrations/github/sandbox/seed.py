"""What the sandbox begins with: the issues of a pizzeria's software team, and a repository apart."""

from __future__ import annotations

from integrations.github.sandbox.store import Data, Store
from integrations.github.sandbox.work import OUR_APP, US

SHOP, PAYROLL = "pizzeria/shop", "pizzeria/payroll"
DAY = 86_400.0
PEOPLE = ("pizzeria", "ada", "grace", "omar", "lin", US, OUR_APP)
LABELS = (
    ("bug", "d73a4a", "Something is not working"),
    ("checkout", "1652c4", "Cart, payment, receipt"),
    ("kitchen", "bf8700", "The kitchen's screens and printers"),
    ("menu", "2da44e", "What can be ordered"),
    ("urgent", "b60205", "Somebody cannot order right now"),
    ("question", "d876e3", "More has to be known"),
)

# number, title, body, who, labels, assignees, days ago, days until closed (None: open), pull, comments
Row = tuple[int, str, str, str, tuple[str, ...], tuple[str, ...], float, float | None, bool, tuple[str, ...]]
_ISSUES: tuple[Row, ...] = (
    (1, "Receipts show the price before the discount",
     "A coupon is charged correctly, but the mailed receipt has the old total.",
     "grace", ("bug", "checkout"), ("ada",), 41, 3, False,
     ("ada: The receipt reads the cart, not the payment. Easy.", "grace: Confirmed fixed.")),
    (2, "Kitchen printer repeats the last order after a power cut",
     "On Friday it printed order 1187 eleven times when the power came back.",
     "omar", ("bug", "kitchen"), ("lin",), 38, None, False,
     ("lin: It keeps its own queue. We have to number the tickets.",)),
    (3, "Number kitchen tickets, and drop what was printed",
     "For #2: the printer is told a number, and skips one it knows.",
     "lin", ("kitchen",), ("lin",), 30, 9, True, ("omar: Tried it in the kitchen, works.",)),
    (4, "Offer gluten-free crust", "Asked for about twice a day. Two euros more, large only at first.",
     "omar", ("menu",), (), 27, None, False, ()),
    (5, "Phone numbers with a plus sign are refused at checkout",
     "The form wants ten digits. Tourists give up here.",
     "grace", ("bug", "checkout", "urgent"), ("ada",), 21, 2, False, ("ada: Live since this morning.",)),
    (6, "Accept phone numbers in any international form",
     "For #5. Reads them with a proper library, stores E.164.",
     "ada", ("checkout",), ("ada",), 20, 1, True, ()),
    (7, "Delivery times are wrong when the clocks change",
     "All deliveries of the last Sunday of October were shown an hour early.",
     "lin", ("bug",), (), 18, None, False, ("grace: I will ask the couriers what they saw.",)),
    (8, "Show what is sold out before somebody orders it",
     "The kitchen marks a dish as gone; the menu should grey it out within a minute.",
     "omar", ("menu", "kitchen"), ("grace",), 14, None, False,
     ("grace: Designed, see the drawing in the channel.",)),
    (9, "Card payments time out on Friday evenings",
     "Between 19:00 and 20:30 about one payment in forty takes longer than 30 seconds.",
     "ada", ("bug", "checkout", "urgent"), ("ada", "lin"), 9, None, False,
     ("lin: The pool of connections is too small.", "ada: Doubled it; I watch next Friday.")),
    (10, "Double the pool of connections to the payment service",
     "For #9, with a metric for how long one waits.",
     "lin", ("checkout",), ("lin",), 6, None, True, ()),
    (11, "How do we refund half of a group order?",
     "A party of twelve wants two pizzas back, paid with three cards.",
     "grace", ("question", "checkout"), (), 4, None, False, ("omar: By hand for now.",)),
    (12, "Tiramisu disappears from the cart on small screens",
     "Scroll down, add it, scroll up: it is gone until one reloads.",
     "omar", ("bug", "menu"), (), 2, None, False, ()),
)  # fmt: skip


def seed(store: Store, now: float) -> None:
    """Fill an empty store. The numbers are always the same."""
    for number, login in enumerate(PEOPLE, 1):
        store.put("user", login, {"login": login, "id": 1000 + number})
    for number, (name, words, private) in enumerate(
        ((SHOP, "The shop on the web and in the kitchen", False), (PAYROLL, "Salaries", True)), 1
    ):
        repo: Data = {"id": 500 + number, "full_name": name, "description": words, "private": private}
        store.put("repo", name, repo | {"has_issues": True, "archived": False, "push": True})
    for number, (name, color, words) in enumerate(LABELS, 1):
        stored = {"id": 600 + number, "repo": SHOP, "name": name, "color": color, "description": words}
        store.put("label", f"{SHOP}:{name}", stored, parent=SHOP)
    for row in _ISSUES:
        _put(store, SHOP, row, now)
    _put(
        store,
        PAYROLL,
        (1, "Lin's raise", "From January: confidential.", "pizzeria", (), (), 5, None, False, ()),
        now,
    )


def _put(store: Store, repo: str, row: Row, now: float) -> None:
    number, title, body, who, labels, assignees, ago, lasted, pull, comments = row
    created = now - ago * DAY
    closed = created + lasted * DAY if lasted is not None else None
    said = [each.partition(": ") for each in comments]
    times = [created + (place + 1) * 3600 * 7 for place in range(len(said))]
    updated = max([created, *times, *([closed] if closed is not None else [])])
    issue: Data = {
        "id": store.next_id(),
        "repo": repo,
        "number": number,
        "title": title,
        "body": body,
        "user": who,
        "labels": list(labels),
        "assignees": list(assignees),
        "state": "open" if closed is None else "closed",
        "state_reason": "completed" if closed is not None and not pull else None,
        "locked": False,
        "pull": pull,
        "merged_at": closed if pull else None,
        "comments": len(said),
        "created_at": created,
        "updated_at": updated,
        "closed_at": closed,
    }
    store.put("issue", f"{repo}#{number}", issue, parent=repo, updated=int(updated))
    for (author, _, text), at in zip(said, times, strict=True):
        id = store.next_id()
        made: Data = {"id": id, "repo": repo, "number": number, "user": author, "body": text}
        made |= {"created_at": at, "updated_at": at}
        store.put("comment", str(id), made, parent=f"{repo}#{number}", updated=int(at))
