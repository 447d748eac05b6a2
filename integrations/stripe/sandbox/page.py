"""What a payment link opens: the order, and one button that pays it. And the receipt."""

from __future__ import annotations

from html import escape
from typing import Any

from aiohttp import web

from integrations import money
from integrations.stripe.sandbox import checkout, invoices, things
from integrations.stripe.sandbox.call import Call
from integrations.stripe.sandbox.faults import Refusal
from integrations.stripe.sandbox.state import SANDBOX, home_of

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center;
  background: light-dark(#f6f8fb, #14171c); color: light-dark(#1a2330, #e6eaf0); }
main { width: min(26rem, 100% - 3rem); padding: 2rem; border-radius: 14px;
  background: light-dark(#fff, #1d2229); box-shadow: 0 8px 30px #0002; }
h1 { font-size: 1.1rem; margin: 0 0 .25rem; } .sum { font-size: 2rem; font-weight: 650; margin: 0 0 1rem; }
table { width: 100%; border-collapse: collapse; margin-bottom: 1.5rem; }
td { padding: .35rem 0; border-top: 1px solid #8883; }
td:last-child { text-align: right; white-space: nowrap; }
button { width: 100%; padding: .8rem; font: inherit; font-weight: 600; border: 0; border-radius: 9px;
  background: #1652c4; color: #fff; cursor: pointer; }
button:focus-visible { outline: 3px solid #7aa7ff; outline-offset: 2px; }
p.note { font-size: .85rem; color: light-dark(#5a6675, #9aa7b8); margin: 1rem 0 0; }
"""
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


async def show(request: web.Request) -> web.Response:
    """Looking never pays: previews and robots look too."""
    session = _session(request)
    total = money.show(session["amount_total"], session["currency"])
    match session["status"]:
        case "open":
            return _page(f"Pay {total}", total, _lines(session) + _button(total))
        case "complete":
            return _page(
                "Paid", total, "<p>Thank you. This payment is complete; you may close this page.</p>"
            )
        case _:
            return _page("Link ended", total, "<p>This payment link has ended. Nothing was charged.</p>")


async def pay(request: web.Request) -> web.Response:
    sandbox = request.app[SANDBOX]
    session = _session(request)
    home = home_of(request, f"/pay/{session['id']}")
    with sandbox.store.transaction():
        checkout.pay(Call(sandbox.store, request.path, {}, sandbox.clock(), home), session["id"])
    sandbox.wake.set()
    # See other: a page that is loaded again must not post again.
    return web.Response(status=303, headers={"Location": f"{home}/pay/{session['id']}"} | _HEADERS)


async def receipt(request: web.Request) -> web.Response:
    try:
        charge = request.app[SANDBOX].store.get("charge", request.match_info["charge"])
    except Refusal:
        raise web.HTTPNotFound(text="No such receipt.") from None
    card = charge["payment_method_details"]["card"]
    paid = money.show(charge["amount"], charge["currency"])
    back = money.show(charge["amount_refunded"], charge["currency"])
    rows = [
        ("Paid", paid),
        ("Card", f"{card['brand'].capitalize()} •••• {card['last4']}"),
        ("For", charge["description"] or "an order"),
        ("Payment", charge["payment_intent"]),
    ]
    if charge["amount_refunded"]:
        rows.append(("Given back", back))
    return _page("Receipt", paid, _table(rows))


async def show_invoice(request: web.Request) -> web.Response:
    """Looking never pays here either."""
    invoice = _invoice(request)
    total = money.show(invoice["total"], invoice["currency"])
    rows = [(line["description"], money.show(line["amount"], invoice["currency"]))
            for line in invoice["lines"]["data"]]  # fmt: skip
    inside = _table(rows)
    match invoice["status"]:
        case "open":
            return _page(f"Invoice {invoice['number']}", total, inside + _button(total))
        case "paid":
            return _page(f"Invoice {invoice['number']}, paid", total, inside + "<p>Thank you.</p>")
        case _:
            return _page("Invoice taken back", total, "<p>Nothing is to be paid any more.</p>")


async def pay_invoice(request: web.Request) -> web.Response:
    sandbox, invoice = request.app[SANDBOX], _invoice(request)
    home = home_of(request, f"/invoice/{invoice['id']}")
    with sandbox.store.transaction():
        invoices.pay(Call(sandbox.store, request.path, {}, sandbox.clock(), home), invoice["id"])
    sandbox.wake.set()
    return web.Response(status=303, headers={"Location": f"{home}/invoice/{invoice['id']}"} | _HEADERS)


def _invoice(request: web.Request) -> things.Data:
    """A draft has no page yet."""
    try:
        found = request.app[SANDBOX].store.get("invoice", request.match_info["invoice"])
    except Refusal:
        raise web.HTTPNotFound(text="No such invoice.") from None
    if found["status"] == "draft":
        raise web.HTTPNotFound(text="No such invoice.")
    return found


def _session(request: web.Request) -> things.Data:
    try:
        return request.app[SANDBOX].store.get("checkout.session", request.match_info["session"])
    except Refusal:
        raise web.HTTPNotFound(text="No such payment link.") from None


def _lines(session: things.Data) -> str:
    return _table(
        (f"{line['quantity']} × {line['description']}", money.show(line["amount_total"], line["currency"]))
        for line in session["_lines"]
    )


def _table(rows: Any) -> str:
    cells = "".join(f"<tr><td>{escape(str(a))}</td><td>{escape(str(b))}</td></tr>" for a, b in rows)
    return f"<table>{cells}</table>"


def _button(total: str) -> str:
    return f'<form method="post"><button type="submit">Pay {escape(total)}</button></form>'


def _page(title: str, total: str, inside: str) -> web.Response:
    html = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{_STYLE}</style>'
        f'<main><h1>{escape(title)}</h1><p class="sum">{escape(total)}</p>{inside}'
        '<p class="note">Sandbox: no money moves here.</p></main></html>'
    )
    return web.Response(text=html, content_type="text/html", headers=_HEADERS)
