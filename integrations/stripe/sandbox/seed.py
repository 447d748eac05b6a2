"""What the sandbox begins with: a pizzeria, three people, one saved card."""

from __future__ import annotations

from integrations.stripe.sandbox import things
from integrations.stripe.sandbox.store import Store

SIZES = ("small", "medium", "large")

# name, other names, prices in cents: one, or one for each size (medium is meant when none is named)
MENU: tuple[tuple[str, str, tuple[int, ...]], ...] = (
    (
        "Margherita",
        "margheritas, margarita, margaritas, margherita pizza, margherita pizzas",
        (900, 1200, 1500),
    ),
    ("Funghi", "funghis, mushroom pizza, mushroom pizzas, pizza funghi", (1000, 1300, 1600)),
    ("Diavola", "diavolas, pepperoni, pepperoni pizza, pepperoni pizzas, salami pizza", (1050, 1350, 1650)),
    (
        "Quattro Formaggi",
        "quattro formaggis, four cheese, four cheese pizza, four cheese pizzas, quattro",
        (1100, 1400, 1700),
    ),
    ("Cola", "colas, coke, cokes, coca cola, coca-cola", (300,)),
    ("Water", "waters, still water, mineral water, bottle of water, bottles of water", (200,)),
    ("Tiramisu", "tiramisus, tiramisù, dessert", (600,)),
    ("Salad", "salads, green salad, mixed salad", (700,)),
)

# What one can subscribe to: product, cents, each what; who has, how many, and whether they still do.
WEEK = 7 * 86_400
BOXES = (("Weekly Pizza Box", 2400, "week"), ("Lunch Club", 9900, "month"))
SUBSCRIBED = (("grace", "Weekly Pizza Box", 2, "active"), ("omar", "Lunch Club", 1, "canceled"))

PEOPLE = (("ada", "Ada Reyes"), ("grace", "Grace Kim"), ("omar", "Omar Haddad"))


def seed(store: Store, now: int) -> None:
    """Fill an empty store. The ids are always the same."""
    for name, aliases, amounts in MENU:
        slug = name.lower().replace(" ", "_")
        sizes = SIZES if len(amounts) > 1 else ("",)
        ids = [f"price_{slug}_{size}" if size else f"price_{slug}" for size in sizes]
        default = ids[len(ids) // 2]
        store.put(
            things.product(f"prod_{slug}", now, name, metadata={"aliases": aliases}, default_price=default)
        )
        for id, size, amount in zip(ids, sizes, amounts, strict=True):
            store.put(things.price(id, now, f"prod_{slug}", amount, "usd", nickname=size or None))
    for who, name in PEOPLE:
        store.put(things.customer(f"cus_{who}", now, f"{who}@example.com", name))
    store.put(things.card("pm_ada_visa", now, "pm_card_visa", "cus_ada"))
    prices = {}
    for name, amount, unit in BOXES:
        slug = name.lower().replace(" ", "_")
        again = {"interval": unit, "interval_count": 1, "usage_type": "licensed"}
        price = things.price(
            f"price_{slug}", now, f"prod_{slug}", amount, "usd", recurring=again, type="recurring"
        )
        prices[name] = store.put(price)
        store.put(things.product(f"prod_{slug}", now, name, type="service", default_price=price["id"]))
    for who, name, quantity, status in SUBSCRIBED:
        period = WEEK if prices[name]["recurring"]["interval"] == "week" else 30 * 86_400
        store.put(
            things.subscription(f"sub_{who}", now, f"cus_{who}", prices[name], quantity, status, period)
        )
