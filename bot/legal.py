"""GET /privacy and GET /terms: what the Teams manifest names, said of this deployment's own settings."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Awaitable, Callable
from html import escape
from urllib.parse import urlsplit

from aiohttp import web

from bot.settings import LOOPBACK, Settings

Page = tuple[str, tuple[tuple[str, str], ...]]  # title, and heading with paragraph

STYLE = (
    "body{max-width:42rem;margin:3rem auto;padding:0 1rem;font:1rem/1.6 system-ui,sans-serif}"
    ":root{color-scheme:light dark}h1,h2{line-height:1.25}"
)
REDELIVERED_WITHIN = 2  # days: so long a platform may send again, and a copy has to be known as one
# The one style is named by its hash; nothing else may be loaded, run or framed.
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_HASH}'; frame-ancestors 'none'",
    "Cache-Control": "public, max-age=3600",
}


def add_pages(app: web.Application, settings: Settings) -> None:
    """Both pages, for anybody to read: they are made once and hold nothing but words."""
    app.router.add_get("/privacy", _serve(privacy(settings)))
    app.router.add_get("/terms", _serve(terms(settings)))


def privacy(settings: Settings) -> Page:
    return (
        "Privacy",
        (
            (
                "Who runs this",
                "Countersign is run here by the organisation whose workspace it was added to, on that "
                "organisation's own machines. It sends nothing to those who made the software, and counts "
                "nobody. Questions, and requests to see or erase what is kept about you, go to whoever "
                "administers your workspace.",
            ),
            (
                "What it keeps",
                "What is addressed to it: your messages to it and in the threads that it takes part in, the "
                "buttons that you press, your name, verified e-mail address and time zone as your workspace "
                "gives them, the orders that came of it, who approved them, and what it answered. Messages "
                "in channels that do not concern it are not acted upon. Card numbers never reach it: paying "
                "happens at Stripe.",
            ),
            ("For how long", _kept(settings)),
            ("How to be forgotten", _forgotten(settings)),
            ("Who else sees it", f"{_services(settings)} {_model(settings)}"),
            (
                "How it is guarded",
                "Every row belongs to one organisation, and the database refuses it to any other. Tokens "
                "are encrypted. Messages and secrets are written to no log.",
            ),
        ),
    )


def terms(settings: Settings) -> Page:
    money = (
        "Charges are made through Stripe to the payment method on file, or by a link that you open "
        "yourself. Before anything is charged you confirm it, and where your organisation's rules say so a "
        "second person approves it. Refunds are a matter between you and whoever sells."
        if settings.money_tools
        else "Nothing that moves money is switched on here."
    )
    return (
        "Terms of use",
        (
            (
                "What this is",
                "Countersign carries out what you ask for in Slack or Microsoft Teams, once it has been "
                "confirmed and, where a rule says so, approved. It is for the members of the organisation "
                "that runs it, and for nobody else.",
            ),
            ("Money", money),
            (
                "What you can rely on",
                "What an approver saw is what is carried out, once, or not at all. It reads sentences with "
                "rules or with a language model, both of which misunderstand: read the card before you "
                "confirm it.",
            ),
            (
                "What you may not do",
                "Use it to approve your own requests by another account, to get round your organisation's "
                "rules, or to write what your workspace's own terms forbid.",
            ),
            (
                "No warranty",
                "The software is provided as it is, under the MIT licence. What your organisation owes "
                "you is a matter of your agreement with it.",
            ),
        ),
    )


def _kept(settings: Settings) -> str:
    days = settings.retention_days
    words = "a minute or so" if days == 0 else _days(days)
    rest = _days(max(days, REDELIVERED_WITHIN))
    return (
        f"What you wrote, and what it answered, is kept for {words} after it was dealt with; what came of it "
        f"for {rest} after it ended. Who asked for what, who approved it and what was charged stays on "
        "record, without the words. When the bot is removed from a workspace, its access to it is deleted "
        "at once."
    )


def _forgotten(settings: Settings) -> str:
    days = settings.forget_keeps_charges_days
    paid = (
        f" A payment that went through stays for {_days(days)}, so that it can be given back."
        if days and settings.money_tools
        else ""
    )
    return (
        "Say /export to get all that is kept about you, and /forget to have it erased: within seconds, with "
        "a receipt that names what had to stay and until when. Open requests are cancelled first; money that "
        f"is on its way stays until it has arrived.{paid} Who decided what stays on record, with a number in "
        "place of you, and so does what others wrote in their own words."
    )


def _days(days: int) -> str:
    return "1 day" if days == 1 else f"{days} days"


def _services(settings: Settings) -> str:
    stripe = (
        "Stripe sees what is paid, and by which e-mail address."
        if settings.money_tools and settings.stripe_api_key
        else "No payment service is connected."
    )
    others = _others(settings)
    told = (
        f"{', '.join(others)} {'sees' if len(others) == 1 else 'see'} what is asked there for you: the words "
        "of a ticket or page, what was said before it, and the names of those whom it concerns."
    )
    return f"Slack and Microsoft carry what is said in them. {stripe} {told if others else ''}".rstrip()


def _others(settings: Settings) -> list[str]:
    """Services beside Stripe that these settings connect; what a tenant connects itself, it knows."""
    connected = {
        "Jira": settings.jira_url,
        "GitHub": settings.github_token or settings.github_app_id,
        "Notion": settings.notion_token,
    }
    documents = [each.partition("=")[0].strip() for each in settings.openapi.split(",")]
    return [name for name, there in connected.items() if there] + [name for name in documents if name]


def _model(settings: Settings) -> str:
    if settings.model == "offline":
        return _reader(settings)
    return (
        f"{_reader(settings)} With them go the last lines of the conversation and up to three things that are"
        " remembered of the person. So do the tickets and pages that it is asked to sum up."
    )


def _reader(settings: Settings) -> str:
    match settings.model:
        case "offline":
            return "No language model is used: sentences are read by rules, on the machine it runs on."
        case "vllm":
            return f"Sentences are read by a language model {_at(settings.vllm_url)}."
        case "edge":
            return f"Sentences are read by a language model {_at(settings.edge_url)}."
        case "hybrid":
            near = _at(settings.vllm_url if settings.vllm_model else settings.edge_url)
            return (
                f"Sentences are read by a language model {_at(settings.openai_base_url)}."
                " What is sensitive by its shape (cards, accounts, addresses, numbers, keys), and what is"
                f" said in places that are set to be private, goes to one {near} instead, and to no other."
            )
        case _:
            return f"Sentences are read by a language model {_at(settings.openai_base_url)}."


def _at(url: str) -> str:
    host = urlsplit(url).hostname
    return "on the machine it runs on" if host in LOOPBACK or host is None else f"at {host}"


def _serve(page: Page) -> Callable[[web.Request], Awaitable[web.Response]]:
    text = _html(page)

    async def handle(_request: web.Request) -> web.Response:
        return web.Response(text=text, content_type="text/html", headers=HEADERS)

    return handle


def _html(page: Page) -> str:
    title, parts = page
    body = "".join(f"<h2>{escape(heading)}</h2><p>{escape(words)}</p>" for heading, words in parts)
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)} · Countersign</title><style>{STYLE}</style>"
        f"<h1>{escape(title)}</h1>{body}</html>"
    )
