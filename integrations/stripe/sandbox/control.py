"""/_sandbox: faults, prices, records and counts, for the workbench and for tests. This machine only."""

from __future__ import annotations

from aiohttp import web

from integrations import money
from integrations.sandboxes.controlling import Route, basics, body_of, done
from integrations.stripe.sandbox import disputes, invoices, payments, things
from integrations.stripe.sandbox.call import Call
from integrations.stripe.sandbox.seed import seed
from integrations.stripe.sandbox.state import SANDBOX, Sandbox
from integrations.stripe.sandbox.things import Data

MOST_RECORDS = 60
_SHOWN = (
    "payment_intent",
    "checkout.session",
    "refund",
    "dispute",
    "invoice",
    "subscription",
    "customer",
    "product",
    "price",
)


async def list_webhooks(request: web.Request) -> web.Response:
    rows = request.app[SANDBOX].store.deliveries()
    return web.json_response([{"event": event, "state": state, "attempts": n} for event, state, n in rows])


async def price(request: web.Request) -> web.Response:
    """{"price": id, "unit_amount": new}, or {"price": id, "active": false}.

    Stripe's prices never change: a new one is made and the old one put away, so that is what
    happens here. With "in_place" the old one's amount is changed instead.
    """
    sandbox, wanted = request.app[SANDBOX], await body_of(request)
    with sandbox.store.transaction():
        changed = _change_price(sandbox, wanted)
    return web.json_response(things.public(changed))


def _change_price(sandbox: Sandbox, wanted: Data) -> Data:
    old = sandbox.store.get("price", str(wanted.get("price", "")))
    if wanted.get("active") is False:
        return sandbox.store.put(old | {"active": False})
    amount = wanted.get("unit_amount")
    if not isinstance(amount, int) or not 0 < amount <= money.LARGEST:
        raise ValueError("unit_amount is a whole number of cents")
    if wanted.get("in_place"):
        return sandbox.store.put(old | {"unit_amount": amount, "unit_amount_decimal": str(amount)})
    now = int(sandbox.clock())
    new = things.price(
        things.new_id("price"), now, old["product"], amount, old["currency"], nickname=old["nickname"]
    )
    sandbox.store.put(old | {"active": False})
    product = sandbox.store.get("product", old["product"])
    if product["default_price"] == old["id"]:
        sandbox.store.put(product | {"default_price": new["id"]})
    return sandbox.store.put(new)


async def card(request: web.Request) -> web.Response:
    """{"email", "token"}: give that person one of Stripe's test cards as the card to use."""
    sandbox, wanted = request.app[SANDBOX], await body_of(request)
    token, email = str(wanted.get("token", "")), str(wanted.get("email", ""))
    if token not in things.CARDS:
        raise ValueError(f"token is one of {', '.join(things.CARDS)}")
    with sandbox.store.transaction():
        found = sandbox.store.newest("customer", keep=lambda each: bool(each["email"] == email), most=1)
        if not found:
            raise ValueError("nobody has this address")
        made = sandbox.store.put(
            things.card(things.new_id("pm"), int(sandbox.clock()), token, found[0]["id"])
        )
        found[0]["invoice_settings"]["default_payment_method"] = made["id"]
        sandbox.store.put(found[0])
    return web.json_response(things.public(made))


async def lag(request: web.Request) -> web.Response:
    """{"search": seconds by which a search runs behind}."""
    seconds = (await body_of(request)).get("search")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= 86_400:
        raise ValueError("search is a number of seconds")
    request.app[SANDBOX].search_lag = float(seconds)
    return done()


async def act(request: web.Request) -> web.Response:
    """What somebody does in the dashboard, or a customer on a page: with no key of ours.

    {"act": "refund", "payment_intent", "amount"?} · {"act": "fail_refund", "refund"} ·
    {"act": "pay" | "void" | "write_off", "invoice"} · {"act": "dispute", "payment_intent", "reason"?} ·
    {"act": "win_dispute" | "lose_dispute", "payment_intent"}
    """
    sandbox, wanted = request.app[SANDBOX], await body_of(request)
    what = str(wanted.get("act", ""))
    params = {"payment_intent": str(wanted.get("payment_intent", ""))}
    if "amount" in wanted:
        params["amount"] = str(wanted["amount"])
    call = Call(sandbox.store, "", {}, sandbox.clock(), sandbox.home)
    with sandbox.store.transaction():
        match what:
            case "refund":
                call.params = params
                done = payments.refund(call)
            case "fail_refund":
                done = payments.fail_refund(call, str(wanted.get("refund", "")))
            case "pay" | "void" | "write_off":
                done = getattr(invoices, what)(call, str(wanted.get("invoice", "")))
            case "dispute":
                done = disputes.open_one(call, params["payment_intent"], str(wanted.get("reason", "general")))
            case "win_dispute" | "lose_dispute":
                done = disputes.close(call, params["payment_intent"], won=what == "win_dispute")
            case _:
                raise ValueError(
                    "act is refund, fail_refund, dispute, win_dispute, lose_dispute, pay, void or write_off"
                )
    sandbox.wake.set()
    return web.json_response(things.public(done))


async def records(request: web.Request) -> web.Response:
    """What the page shows; `?most=` for more of it."""
    most = request.query.get("most", "")
    return web.json_response(
        all_records(request.app[SANDBOX], int(most) if most.isdecimal() and len(most) < 7 else MOST_RECORDS)
    )


async def charges(request: web.Request) -> web.Response:
    """How often money moved, in all or for one effect: what the invariants count."""
    store, effect_key = request.app[SANDBOX].store, request.query.get("effect_key")
    found = store.newest(
        "payment_intent",
        keep=lambda each: effect_key is None or each["metadata"].get("effect_key") == effect_key,
        most=1_000_000,
    )
    paid = [each for each in found if each["status"] == "succeeded"]
    return web.json_response(
        {
            "count": len(paid),
            "attempted": len(found),
            "amount": sum(each["amount_received"] for each in paid),
            "payment_intents": [each["id"] for each in paid[:100]],
        }
    )


async def reset(request: web.Request) -> web.Response:
    sandbox = request.app[SANDBOX]
    with sandbox.store.transaction():
        sandbox.store.clear()
        seed(sandbox.store, int(sandbox.clock()))
    sandbox.faults.waiting.clear()
    sandbox.duplicates, sandbox.paused, sandbox.search_lag = 0, False, 1.0
    return done()


def all_records(sandbox: Sandbox, most: int = MOST_RECORDS) -> list[Data]:
    """SandboxRecord in the page's protocol, newest first: first what moved, then what there is."""
    found = [thing for kind in _SHOWN for thing in sandbox.store.newest(kind, most=most)]
    return [_record(thing) for thing in found[:most]]


_SUMS = ("amount", "amount_total", "total", "unit_amount")


def _record(thing: Data) -> Data:
    amount = next((thing[name] for name in _SUMS if isinstance(thing.get(name), int)), None)
    shown = f"{thing['id']} · {_plain(amount, thing['currency'])}" if amount is not None else ""
    status = thing.get("status") or ("active" if thing.get("active") else "")
    return {
        "service": "Stripe",
        "object": thing["object"],
        "id": thing["id"],
        "title": shown or f"{thing.get('name') or thing.get('email') or thing['id']}",
        "status": status,
        "json": things.public(thing),
    }


def _plain(amount: int, currency: str) -> str:
    digits = money.decimals(currency)
    whole, part = divmod(amount, 10**digits)
    return f"{whole}.{part:0{digits}d} {currency}" if digits else f"{whole} {currency}"


ROUTES: tuple[Route, ...] = (
    *basics(SANDBOX),
    ("GET", "webhooks", list_webhooks),
    ("POST", "price", price),
    ("POST", "card", card),
    ("POST", "lag", lag),
    ("POST", "act", act),
    ("GET", "records", records),
    ("GET", "charges", charges),
    ("POST", "reset", reset),
)
