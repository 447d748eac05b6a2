"""What there is, as a page: payments, refunds, invoices, subscriptions, customers, products."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from html import escape

from aiohttp import web

from integrations import money
from integrations.stripe.sandbox.state import SANDBOX, home_of
from integrations.stripe.sandbox.store import Store
from integrations.stripe.sandbox.things import Data

MOST = 50

_STYLE = """
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { margin: 0; background: light-dark(#f6f8fb, #14171c); color: light-dark(#1a2330, #e6eaf0); }
main { width: min(62rem, 100% - 2.5rem); margin: 2rem auto; }
h1 { font-size: 1.3rem; margin: 0 0 .25rem; } h2 { font-size: 1rem; margin: 2rem 0 .5rem; }
.card { padding: .25rem 1.25rem; border-radius: 12px; background: light-dark(#fff, #1d2229);
  box-shadow: 0 4px 20px #0001; overflow-x: auto; }
table { width: 100%; border-collapse: collapse; }
th { text-align: left; font-weight: 600; font-size: .85rem; color: light-dark(#5a6675, #9aa7b8); }
td, th { padding: .45rem 1rem .45rem 0; border-top: 1px solid #8883; vertical-align: top; }
tr:first-child > * { border-top: 0; }
.sum { white-space: nowrap; font-variant-numeric: tabular-nums; }
.status { padding: .05rem .5rem; border-radius: 99px; white-space: nowrap; font-size: .85rem;
  background: #8882; }
.good { background: #2a9d5533; } .bad { background: #d63b2a33; }
a { color: light-dark(#1652c4, #8ab4ff); }
p.note { font-size: .85rem; color: light-dark(#5a6675, #9aa7b8); }
"""
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; "
        "frame-ancestors 'self'; base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
_GOOD = frozenset({"succeeded", "paid", "active", "complete"})
_BAD = frozenset({"failed", "requires_payment_method", "void", "uncollectible", "canceled", "expired"})

Cell = Callable[[Store, Data], str]


async def show(request: web.Request) -> web.Response:
    store, home = request.app[SANDBOX].store, home_of(request, "/")
    parts = [_part(store, home, *part) for part in _PARTS]
    html = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Stripe (sandbox)</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{_STYLE}</style>'
        '<main><h1>Payments</h1><p class="note">Sandbox of Stripe: no money moves here.</p>'
        f"{''.join(parts)}</main></html>"
    )
    return web.Response(text=html, content_type="text/html", headers=_HEADERS)


def _part(
    store: Store, home: str, title: str, kind: str, heads: Iterable[str], cells: tuple[Cell, ...]
) -> str:
    found = store.newest(kind, most=MOST)
    if not found:
        return f'<h2>{title}</h2><div class="card"><p class="note">None yet.</p></div>'
    rows = "".join(
        f"<tr>{''.join(f'<td>{cell(store, each)}</td>' for cell in cells)}{_link(home, each)}</tr>"
        for each in found
    )
    head = "".join(f"<th>{name}</th>" for name in (*heads, ""))
    return f'<h2>{title}</h2><div class="card"><table><tr>{head}</tr>{rows}</table></div>'


def _link(home: str, thing: Data) -> str:
    """What a customer would be sent: the receipt, the link, the invoice."""
    match thing:
        case {"object": "payment_intent", "status": "succeeded", "latest_charge": str(charge)}:
            way, name = f"receipt/{charge}", "Receipt"
        case {"object": "checkout.session", "status": "open", "id": str(id)}:
            way, name = f"pay/{id}", "Pay"
        case {"object": "invoice", "id": str(id), "status": "open" | "paid" | "void"}:
            way, name = f"invoice/{id}", "Invoice"
        case _:
            return "<td></td>"
    return f'<td><a href="{escape(home)}/{escape(way)}">{name}</a></td>'


def _sum(field: str) -> Cell:
    return lambda _, each: f'<span class="sum">{escape(money.show(each[field], each["currency"]))}</span>'


def _field(name: str) -> Cell:
    return lambda _, each: escape(str(each.get(name) or "–"))


def _status(_: Store, each: Data) -> str:
    status = str(each["status"])
    tone = "good" if status in _GOOD else "bad" if status in _BAD else ""
    return f'<span class="status {tone}">{escape(status.replace("_", " "))}</span>'


def _who(store: Store, each: Data) -> str:
    known = store.find(each["customer"]) if each.get("customer") else None
    guest = each.get("customer_email") or "–"
    return escape(str((known or {}).get("name") or guest))


def _what(store: Store, each: Data) -> str:
    """What is subscribed to."""
    lines = [
        f"{item['quantity']} × {(store.find(item['price']['product']) or {}).get('name', '')}"
        for item in each["items"]["data"]
    ]
    return escape(", ".join(lines))


def _left(store: Store, each: Data) -> str:
    charge = store.find(each["latest_charge"]) if each.get("latest_charge") else None
    back = (charge or {}).get("amount_refunded") or 0
    return f'<span class="sum">{escape(money.show(back, each["currency"]))}</span>' if back else "–"


def _when(_: Store, each: Data) -> str:
    return datetime.fromtimestamp(each["created"], UTC).strftime("%Y-%m-%d %H:%M")


_PARTS: tuple[tuple[str, str, tuple[str, ...], tuple[Cell, ...]], ...] = (
    (
        "Payments",
        "payment_intent",
        ("When", "Amount", "Status", "Given back", "Customer", "For"),
        (_when, _sum("amount"), _status, _left, _who, _field("description")),
    ),
    (
        "Payment links",
        "checkout.session",
        ("When", "Amount", "Status", "Customer"),
        (_when, _sum("amount_total"), _status, _who),
    ),
    (
        "Invoices",
        "invoice",
        ("When", "Amount", "Status", "Number", "Customer"),
        (_when, _sum("total"), _status, _field("number"), _who),
    ),
    (
        "Subscriptions",
        "subscription",
        ("Since", "What", "Status", "Customer"),
        (_when, _what, _status, _who),
    ),
    ("Customers", "customer", ("Name", "Address"), (_field("name"), _field("email"))),
    ("Products", "product", ("Name", "Id"), (_field("name"), _field("id"))),
)
