"""What is looked at more closely than others: Stripe, and the model."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import orjson

from bot.connections import where
from bot.net import read_limited
from bot.settings import Settings, is_sandbox
from integrations.errors import IntegrationError
from workers.doctor.finding import Finding, bad, good, note

WITHIN = 5.0
MOST_BYTES = 1 << 20

KINDS = {
    "sk_test_": "a secret key in test mode",
    "rk_test_": "a restricted key in test mode",
    "sk_live_": "a secret key, LIVE: money moves",
    "rk_live_": "a restricted key, LIVE: money moves",
}
RESOURCES = ("prices", "customers", "payment_intents", "checkout.sessions", "refunds")


async def stripe(settings: Settings) -> list[Finding]:
    if not settings.secret("stripe_api_key"):
        fix = "set STRIPE_API_KEY; `countersign up` uses its sandbox meanwhile"
        return [note("Stripe", "is not connected: nothing can be charged", fix)]
    return [
        kind(settings),
        *await asyncio.to_thread(_read, settings),
        _webhook(settings),
    ]


def kind(settings: Settings) -> Finding:
    key = settings.secret("stripe_api_key")
    if is_sandbox(settings.stripe_api_base):
        return good("Stripe", "is the sandbox on this machine")
    for prefix, told in KINDS.items():
        if key.startswith(prefix):
            finding = note if "LIVE" in told else good
            return finding("Stripe", f"STRIPE_API_KEY is {told}")
    if key.startswith("pk_"):
        return bad("Stripe", "STRIPE_API_KEY is a publishable key", "set the secret or a restricted one")
    return note("Stripe", "STRIPE_API_KEY has a form that is not known here")


def _read(settings: Settings) -> list[Finding]:
    """One thing of each kind that the bot reads; a restricted key may lack one of them."""
    from integrations.stripe.client import connect
    from integrations.stripe.errors import reading

    service = connect(settings.plain())
    missing = []
    for resource in RESOURCES:
        things: Any = service.client.v1
        for part in resource.split("."):
            things = getattr(things, part)
        try:
            with reading():
                things.list({"limit": 1})
        except IntegrationError as error:
            if error.retryable:
                return [bad("Stripe", str(error.problem), "look at the network, and at status.stripe.com")]
            missing.append(f"{resource} ({error.problem})")
    if missing:
        return [
            bad("Stripe", f"does not let the key read {each}", "give the key that right") for each in missing
        ]
    return [good("Stripe", f"the key may read {', '.join(RESOURCES)}")]


def _webhook(settings: Settings) -> Finding:
    secret = settings.secret("stripe_webhook_secret")
    to = f"{settings.own_url}/webhooks/stripe"
    if not secret:
        return bad(
            "Stripe", "STRIPE_WEBHOOK_SECRET is not set: who pays by a link is never heard of",
            f"add an endpoint {to} at Stripe and set its signing secret",
        )  # fmt: skip
    if not secret.startswith("whsec_") and not is_sandbox(settings.stripe_api_base):
        return bad("Stripe", "STRIPE_WEBHOOK_SECRET is not a signing secret", "it begins with whsec_")
    return good("Stripe", f"webhooks are checked at {to}")


async def model(settings: Settings) -> list[Finding]:
    from integrations.models import reader

    reading = reader(settings.plain())
    await reading.close()
    match settings.model:
        case "offline":
            return [good("Model", "offline: rules, no key needed")]
        case "openai":
            return [await _served(settings, "openai"), *_price(settings)]
        case "hybrid":
            near = "vllm" if settings.vllm_model else "edge"
            both = await asyncio.gather(_served(settings, near), _served(settings, "openai"))
            return [*both, *_price(settings), _names_found()]
        case other:
            return [await _served(settings, other)]


def _price(settings: Settings) -> list[Finding]:
    """Raises `NotConfigured` for prices that are none."""
    from integrations.models.prices import parsed

    if settings.openai_model in parsed(settings.model_prices):
        return []
    told = (
        f"the price of {settings.openai_model} is unknown: its cost is not counted, and dollars limit nothing"
    )
    return [note("Model", told, "set MODEL_PRICES, or a budget in tokens")]


def _names_found() -> Finding:
    from integrations.models.redaction import get_ready

    if get_ready().by_shape:
        told = "what is sensitive is found by its shape; people's names are not looked for"
        return note("Model", told, "install a spaCy model, such as en_core_web_sm, where they matter")
    return good("Model", "what is sensitive is found by its shape, and people's names by a spaCy model")


async def _served(settings: Settings, kind: str) -> Finding:
    url = {"openai": settings.openai_base_url, "vllm": settings.vllm_url, "edge": settings.edge_url}[kind]
    name = {"openai": settings.openai_model, "vllm": settings.vllm_model, "edge": settings.edge_model}[kind]
    headers = {"Authorization": f"Bearer {settings.secret('openai_api_key')}"} if kind == "openai" else {}
    limit = aiohttp.ClientTimeout(total=WITHIN)
    try:
        async with (
            aiohttp.ClientSession(timeout=limit, headers=headers) as session,
            session.get(f"{url.rstrip('/')}/models", allow_redirects=False) as answer,
        ):
            status, body = answer.status, await read_limited(answer, MOST_BYTES)
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
        told = f"{kind} at {where(url)} cannot be reached ({type(error).__name__})"
        return bad("Model", told, "start it, or set MODEL=offline")
    if status in (401, 403):
        return bad("Model", f"{kind} at {where(url)} refused the key", "check OPENAI_API_KEY")
    if status != 200:
        return bad("Model", f"{kind} at {where(url)} answered {status}", "is it an OpenAI-shaped server?")
    if name not in (served := _names(body)):
        there = ", ".join(each[:60] for each in sorted(served)[:8]) or "none"
        return bad("Model", f"{kind} at {where(url)} does not serve {name}", f"it serves: {there}")
    return good("Model", f"{kind} at {where(url)} serves {name}")


def _names(body: bytes) -> set[str]:
    try:
        match orjson.loads(body):
            case {"data": list(models)}:
                return {
                    each["id"]
                    for each in models
                    if isinstance(each, dict) and isinstance(each.get("id"), str)
                }
            case _:
                return set()
    except ValueError:
        return set()
