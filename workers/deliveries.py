"""Webhooks, read once they are safe in the inbox.

What a service tells completes what we began, or is news: then each thread that the thing came up
in is told once, unless it was us who did it.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, fields, replace
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import structlog

from bot.metrics import metrics
from bot.reply import Button, Buttons, Paragraph, Reply, Tone
from bot.text import one_line, plain
from integrations import money
from integrations.base import Happened
from integrations.stripe import webhook
from workers import disputed
from workers.approvers import grants_ended
from workers.commit import Commit
from workers.hooked import heard
from workers.seen import Seen, Tools, finish, write_all
from workers.store import audit, doubts, effects, runs, services
from workers.store.conversations import Claimed
from workers.store.door import Connection
from workers.store.outbox import Message

log = structlog.get_logger()

HAPPENED = "happened"
MADE = frozenset({"created", "commented", "reviewed", "refunded"})
LONGEST_SENTENCE = 500
LONGEST_TEXT = 1500
LONGEST_URL = 1500


async def received(c: Connection, tenant: UUID, source: str, event: Any, commit: Commit) -> None:
    """One webhook call, verified at the door. Who is to be told goes into `commit`."""
    service = heard().get(source)
    if service is None or not isinstance(event, dict):
        metrics().ignored(source, "unknown service")
        return
    if source == "stripe":
        await _stripe(c, tenant, event, commit)
    elif (happened := service.read(event)) is not None:
        await _news(c, tenant, source, happened, commit)
    else:
        metrics().ignored(source, "nothing to tell")


async def _stripe(c: Connection, tenant: UUID, event: dict[str, Any], commit: Commit) -> None:
    notice = webhook.notice(event)
    if notice is None:
        # No payment that somebody waits for: an invoice, or a refund that the bank sent back.
        if (happened := webhook.read(event)) is not None:
            if not happened.effect_key:
                happened = replace(happened, effect_key=await disputed.marked(c, tenant, "stripe", happened))
            await _news(c, tenant, "stripe", happened, commit)
        return
    result: dict[str, Any] | None = None
    problem = ""
    match notice.outcome:
        case webhook.Outcome.PAID:
            result = {
                "status": "paid",
                "amount": notice.amount,
                "currency": notice.currency,
                "payment_intent": notice.payment_intent,
                "receipt_url": notice.receipt_url,
                "label": "your payment link",
            }
        case webhook.Outcome.FAILED:
            problem = f"The payment of {money.show(notice.amount, notice.currency)} did not go through."
        case webhook.Outcome.EXPIRED:
            problem = "The payment link expired before it was used."
        case webhook.Outcome.REFUNDED:
            if (happened := webhook.read(event)) is not None:
                # A link is known by its session; what was paid with it, by our mark.
                await _news(c, tenant, "stripe", happened, commit, mark=notice.effect_key)
            return
    told = await effects.complete(c, tenant, notice.external_id, notice.effect_key, result, problem)
    if not told:
        # Nobody waits for it; but somebody may have been asked whether it was carried out.
        id = notice.external_id
        told = await doubts.told(c, tenant, "stripe", id, notice.effect_key, result, problem)
    await audit.record(
        c, tenant, "webhook", service="stripe", event=notice.event, kind=notice.kind, told=told
    )


# ── news ─────────────────────────────────────────────────────────────────────────────────


async def _news(
    c: Connection, tenant: UUID, source: str, happened: Happened, commit: Commit, mark: str = ""
) -> None:
    """Who is to be told, as an event of each run's own conversation.

    `mark`: the key of the effect that made the thing, where the service carries it.
    """
    mark = mark or happened.effect_key
    await grants_ended.happened(c, tenant, commit, source, happened.kind, happened.external_id, mark)
    if await by_us(c, tenant, source, happened):
        metrics().ignored(source, "our own doing")
        return
    result = {"kind": happened.kind, "sentence": happened.sentence, "url": happened.url}
    waited = happened.kind not in disputed.ABOUT and await effects.complete(
        c, tenant, happened.external_id, "", result, "", service=source
    )
    threads = [] if waited else await effects.threads_of(c, tenant, source, happened.external_id, mark)
    if not waited and not threads:
        metrics().ignored(source, "not about anything of ours")
        return
    for conversation, run in threads:
        event = {"_": HAPPENED, "service": source, "run": run, **asdict(happened)}
        commit.events.append((conversation, f"{HAPPENED}:{run}:{_digest(source, happened.key)}", event))
    commit.note("webhook", service=source, kind=happened.kind, event=_digest(source, happened.key),
                told=len(threads), waited=waited)  # fmt: skip


async def by_us(c: Connection, tenant: UUID, source: str, happened: Happened) -> bool:
    """Whoever asked us for it was told when it was done.

    A mark says who made what it stands on. On a comment that is who commented; on a ticket that
    somebody closes, it is who opened it, which says nothing about who closed it.
    """
    if happened.actor and happened.actor == await services.account(c, tenant, source):
        return True
    return (
        happened.kind in MADE
        and bool(happened.effect_key)
        and await effects.is_ours(c, tenant, source, happened.effect_key)
    )


async def tell(tools: Tools, claimed: Claimed, seen: Seen, raw: dict[str, Any]) -> Commit:
    """In the run's own conversation: the thread is told.

    A step that waits for what happens to its thing takes it up here: `stored` is the run, and
    `happened_of(raw)` what it would hear.
    """
    commit = Commit()
    stored = seen.stored
    if stored is None or stored.run.id != raw["run"]:
        async with tools.db.tenant(claimed.tenant) as c:
            stored = await runs.by_id(c, claimed.tenant, raw["run"])
    if stored is not None:
        happened = happened_of(raw)
        id = f"{stored.run.id}:{HAPPENED}:{_digest(raw['service'], happened.key)}"
        commit.messages.append(Message(id, "post", stored.place, reply(happened)))
        if happened.kind in disputed.KINDS:
            async with tools.db.turn(claimed.tenant, claimed.key, claimed.fence, tools.lease) as c:
                policy = seen.world.known.policy
                await disputed.counted(
                    c, claimed.tenant, commit, raw["service"], happened, policy, tools.rules
                )
                await write_all(tools, c, claimed, seen, commit)
            return commit
    return await finish(tools, claimed, seen, commit)


def happened_of(raw: dict[str, Any]) -> Happened:
    return Happened(**{each.name: raw[each.name] for each in fields(Happened)})


def reply(happened: Happened) -> Reply:
    """Words of others are data: each platform's renderer makes them inert."""
    sentence = one_line(happened.sentence, LONGEST_SENTENCE)
    parts: list[Paragraph | Buttons] = [Paragraph(sentence)]
    if text := plain(happened.text).strip()[: LONGEST_TEXT + 1]:
        shown = text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
        parts.append(Paragraph(shown, Tone.SUBTLE))
    if _can_be_opened(happened.url):
        parts.append(Buttons((Button("Open", "open", url=happened.url),)))
    return Reply(sentence, tuple(parts) if len(parts) > 1 else ())


def _can_be_opened(url: str) -> bool:
    try:
        split = urlsplit(url)
    except ValueError:
        return False
    plain_address = url.isascii() and url.isprintable() and " " not in url and "@" not in split.netloc
    return (
        split.scheme in ("https", "http")
        and bool(split.hostname)
        and plain_address
        and len(url) < LONGEST_URL
    )


def _digest(source: str, key: str) -> str:
    return hashlib.sha256(f"{source}|{key}".encode()).hexdigest()[:20]
