"""What is looked up: the account, customers by search, products by their ids, subscriptions."""

from __future__ import annotations

import re
from typing import Any

from integrations.stripe.sandbox import things
from integrations.stripe.sandbox.call import Call
from integrations.stripe.sandbox.faults import Refusal
from integrations.stripe.sandbox.things import Data

ENDED = ("canceled", "incomplete_expired")
STATUSES = ("active", "all", "canceled", "ended", "incomplete", "incomplete_expired", "past_due", "paused",
            "trialing", "unpaid")  # fmt: skip
LONGEST_QUERY = 1000

_TEXT = r"'((?:[^'\\]|\\.)*)'"
_CLAUSE = re.compile(rf"\s*(name|email|metadata\['(\w{{1,40}})'\])([:~]){_TEXT}\s*", re.ASCII)


def account(call: Call) -> Data:
    call.allow()
    return {
        "id": "acct_sandboxpizzeria",
        "object": "account",
        "business_profile": {"name": "Pizzeria Countersign"},
        "charges_enabled": True,
        "country": "US",
        "created": call.at,
        "default_currency": "usd",
        "email": "owner@example.com",
        "payouts_enabled": True,
        "settings": {"dashboard": {"display_name": "Pizzeria (sandbox)", "timezone": "Etc/UTC"}},
        "type": "standard",
    }


def search_customers(call: Call) -> Data:
    """What was made within the last moments is not found, as in every index that runs behind."""
    call.allow("query", "limit", "page")
    clauses = _parsed(call.need("query"))
    limit = things.whole(call.params, "limit") if "limit" in call.params else 10
    if not 1 <= limit <= 100:
        raise Refusal("This value must be between 1 and 100.", param="limit")
    begin = _number_of(call.text("page"))
    newest = call.now - call.lag
    found = call.store.newest(
        "customer",
        keep=lambda each: each["created"] <= newest and all(_fits(each, *clause) for clause in clauses),
        most=begin + limit + 1,
    )[begin:]
    more = len(found) > limit
    return {
        "object": "search_result",
        "url": call.path,
        "has_more": more,
        "next_page": f"page_{begin + limit}" if more else None,
        "data": found[:limit],
    }


def list_products(call: Call) -> Data:
    ids = call.params.pop("ids", None)
    if ids is not None and not (isinstance(ids, list) and all(isinstance(each, str) for each in ids)):
        raise Refusal("Invalid array", param="ids")
    return call.list_of("product", "active", keep=lambda each: ids is None or each["id"] in ids)


def list_subscriptions(call: Call) -> Data:
    """Without a status those that ended are left out."""
    status = call.params.pop("status", "")
    if status and status not in STATUSES:
        raise Refusal("Invalid status", param="status")

    def fits(each: Data) -> bool:
        if status == "all":
            return True
        if status in ("", "ended"):
            return bool((each["status"] in ENDED) == (status == "ended"))
        return bool(each["status"] == status)

    return call.list_of("subscription", "customer", "collection_method", keep=fits)


def list_sessions(call: Call) -> Data:
    details = call.params.pop("customer_details", None)
    email = details.get("email") if isinstance(details, dict) and set(details) == {"email"} else None
    if details is not None and not isinstance(email, str):
        raise Refusal("Invalid hash", param="customer_details")
    return call.list_of(
        "checkout.session",
        "customer",
        "payment_intent",
        "status",
        keep=lambda each: email is None or (each.get("customer_details") or {}).get("email") == email,
    )


def _parsed(query: str) -> list[tuple[str, str, str, str]]:
    """Field, key of the metadata, operator, text: joined by AND."""
    if len(query) > LONGEST_QUERY:
        raise Refusal("The query is too long.", param="query")
    clauses, rest = [], query
    while True:
        found = _CLAUSE.match(rest)
        if found is None:
            raise Refusal("We were unable to parse your search query.", param="query")
        field, key, operator, text = found.groups()
        wanted = re.sub(r"\\(.)", r"\1", text)
        if operator == "~" and len(wanted) < 3:
            raise Refusal("A part of a word has three letters at least.", param="query")
        clauses.append((field, key or "", operator, wanted.casefold()))
        rest = rest[found.end() :]
        if not rest:
            return clauses
        if not rest.startswith("AND "):
            raise Refusal("We were unable to parse your search query.", param="query")
        rest = rest[4:]


def _fits(customer: Data, field: str, key: str, operator: str, wanted: str) -> bool:
    value: Any = customer["metadata"].get(key) if key else customer[field]
    have = str(value or "").casefold()
    return wanted in have if operator == "~" else wanted == have


def _number_of(page: str) -> int:
    if not page:
        return 0
    if not re.fullmatch(r"page_\d{1,6}", page, re.ASCII):
        raise Refusal("Invalid page", param="page")
    return int(page[5:])
