"""`countersign models …`: what each prints, and its exit status. They work on the database alone."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from uuid import UUID

from bot.errors import ConfigurationError
from bot.settings import Settings
from bot.text import one_line
from integrations.models.prices import parsed
from workers import installs, ops
from workers.model_budget import dollars, tokens
from workers.model_meter import default_budget
from workers.store import audit, model_use
from workers.store.door import Database
from workers.store.model_use import Budget, Used

MONTH = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])")
MOST_DOLLARS, MOST_TOKENS = 10_000_000, 10**15
LONGEST_ASK = 120


def wanted(
    month: float | None, person: float | None, most: int | None, each: int | None, ask: str
) -> Budget | None:
    """None where nothing is to be set. Raises `ConfigurationError`."""
    if (month, person, most, each) == (None, None, None, None) and not ask:
        return None
    for name, value, limit in (
        ("--month", month, MOST_DOLLARS), ("--person", person, MOST_DOLLARS),
        ("--tokens", most, MOST_TOKENS), ("--person-tokens", each, MOST_TOKENS),
    ):  # fmt: skip
        if value is not None and not 0 <= value <= limit:
            raise ConfigurationError(f"{name} must be between 0 and {limit}.")
    return Budget(_millionths(month), _millionths(person), most, each, one_line(ask, LONGEST_ASK).strip())


def _millionths(amount: float | None) -> int | None:
    return None if amount is None else round(amount * 1_000_000)


def use(settings: Settings, month: str = "", tenant: str = "") -> int:
    month = month or f"{datetime.now(UTC):%Y-%m}"
    if not MONTH.fullmatch(month):
        raise ConfigurationError(f"--month must be like 2026-11, not {month[:20]!r}.")
    return ops.with_database(settings, lambda db: told(db, settings, month, tenant))


async def told(db: Database, settings: Settings, month: str, tenant: str = "") -> int:
    id, name = await _one(db, tenant)
    async with db.tenant(id) as c:
        used = await model_use.of_month(c, id, month)
        people = await model_use.names(c, id, {each.person for each in used})
        limit = await model_use.budget(c, id) or default_budget(settings)
    if not used:
        return _say(f"{name}: no model was asked in {month}.")
    _say(f"{name}, {month}")
    for each in used:
        _say(f"  {one_line(people.get(each.person, 'nobody in particular'), 60)}, {each.model}: {line(each)}")
    whole = sum(each.cost for each in used)
    _say(f"  together {dollars(whole)}, {tokens(sum(each.tokens for each in used))}")
    unpriced = sorted({each.model for each in used if each.unpriced})
    if unpriced:
        _say(f"  The price of {', '.join(unpriced)} is unknown and not in these sums: set MODEL_PRICES.")
    for words in limits(limit):
        _say(f"  {words}")
    return 0


def line(used: Used) -> str:
    cost = "price unknown" if used.unpriced == used.tokens and used.tokens else dollars(used.cost)
    parts = [
        f"{used.calls:,} calls", f"{used.prompt:,} tokens asked", f"{used.completion:,} answered", cost,
    ]  # fmt: skip
    if used.cached:
        parts.insert(2, f"{used.cached:,} of them cached")
    if used.failed:
        parts.append(f"{used.failed:,} without an answer")
    if used.estimated:
        parts.append(f"{used.estimated:,} tokens estimated")
    return ", ".join(parts)


def limits(limit: Budget) -> list[str]:
    found = [
        f"budget {whose}: {shown(amount)} a month"
        for whose, amount, shown in (
            ("for all", limit.cost, dollars), ("for all", limit.tokens, tokens),
            ("for each person", limit.person_cost, dollars), ("for each person", limit.person_tokens, tokens),
        )
        if amount is not None
    ]  # fmt: skip
    return found or ["no budget: nothing is limited"]


def budget(settings: Settings, wanted: Budget | None, drop: bool, tenant: str = "") -> int:
    if wanted is not None and drop:
        raise ConfigurationError("Either --drop or a new budget, not both.")
    return ops.with_database(settings, lambda db: keep(db, settings, wanted, drop, tenant))


async def keep(db: Database, settings: Settings, wanted: Budget | None, drop: bool, tenant: str = "") -> int:
    """Running processes see it within half a minute."""
    id, name = await _one(db, tenant)
    async with db.tenant(id) as c:
        if wanted is not None or drop:
            await model_use.set_budget(c, id, wanted)
            limit = wanted or Budget()
            await audit.record(
                c, id, "models.budget", by=audit.OPERATOR, dropped=drop or None, cost=limit.cost,
                person_cost=limit.person_cost, tokens=limit.tokens, person_tokens=limit.person_tokens,
            )  # fmt: skip
        own = await model_use.budget(c, id)
    found = own or default_budget(settings)
    _say(f"{name}{'' if own else ' (from the settings)'}")
    for words in limits(found):
        _say(f"  {words}")
    if found.ask:
        _say(f"  {found.ask} can raise it")
    ours = settings.model in ("offline", "vllm", "edge")
    priced = ours or settings.openai_model in parsed(settings.model_prices)
    if not priced and (found.cost is not None or found.person_cost is not None):
        _say(
            f"  The price of {settings.openai_model} is unknown, so dollars limit nothing: set MODEL_PRICES."
        )
        return 1
    return 0


async def _one(db: Database, tenant: str) -> tuple[UUID, str]:
    if tenant:
        [first, *_] = await ops.chosen(db, tenant)
        return first
    own = await installs.own_tenant(db)
    return own, next(name for id, name in await ops.chosen(db, str(own)) if id == own)


def _say(text: str, status: int = 0) -> int:
    sys.stdout.write(text + "\n")
    return status
