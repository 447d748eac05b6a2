"""What exists here, as a page: the tickets, and one ticket with its comments. No script, all escaped."""

from __future__ import annotations

from html import escape
from typing import Any

from aiohttp import web

from integrations.jira.marks import looks_like_a_mark
from integrations.jira.sandbox.state import SANDBOX, Sandbox, home_of
from integrations.jira.sandbox.store import Data
from integrations.jira.sandbox.things import LINKS, PROJECTS, STATUSES, stamp
from integrations.jira.words import plain

_STYLE = """
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { margin: 0; background: light-dark(#f6f8fb, #14171c); color: light-dark(#1a2330, #e6eaf0); }
main { width: min(62rem, 100% - 2.5rem); margin: 2rem auto; }
h1 { font-size: 1.3rem; margin: 0 0 .25rem; } h2 { font-size: 1rem; margin: 2rem 0 .5rem; }
.card { padding: .25rem 1.25rem; border-radius: 12px; background: light-dark(#fff, #1d2229);
  box-shadow: 0 4px 20px #0001; overflow-x: auto; }
table { width: 100%; border-collapse: collapse; }
th { text-align: left; font-weight: 600; font-size: .85rem; color: light-dark(#5a6675, #9aa7b8); }
td, th { padding: .45rem .6rem .45rem 0; border-top: 1px solid #8883; vertical-align: top; }
tr:first-child > * { border-top: 0; } td.key { white-space: nowrap; }
.status { padding: .05rem .5rem; border-radius: 99px; white-space: nowrap; font-size: .85rem;
  background: #8882; }
.done { background: #2a9d5533; } .indeterminate { background: #2a6fd633; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; } .by { color: light-dark(#5a6675, #9aa7b8); }
time { white-space: nowrap; }
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


async def everything(request: web.Request) -> web.Response:
    sandbox = request.app[SANDBOX]
    home = home_of(request, "/")
    issues = sandbox.store.issues()
    parts = []
    for key, name in PROJECTS.items():
        rows = [_row(sandbox, home, each) for each in issues if each["project"] == key]
        head = _cells("th", ["Ticket", "Title", "Kind", "Status", "Priority", "Assigned to", "Changed"])
        parts.append(f'<h2>{escape(name)}</h2><div class="card"><table>{head}{"".join(rows)}</table></div>')
    return _page("Tickets", "".join(parts))


async def one(request: web.Request) -> web.Response:
    sandbox, key = request.app[SANDBOX], request.match_info["key"]
    found = sandbox.store.issue(key) if len(key) <= 60 else None
    if found is None:
        raise web.HTTPNotFound(text="No such ticket.")
    home = home_of(request, f"/browse/{key}")
    facts = [
        ("Kind", escape(found["type"])),
        ("Status", _status(found["status"])),
        ("Priority", escape(found["priority"])),
        ("Assigned to", _name(sandbox, found["assignee"]) or "nobody"),
        ("Opened by", _name(sandbox, found["creator"])),
        (
            "Labels",
            escape(", ".join(each for each in found["labels"] if not looks_like_a_mark(each)) or "none"),
        ),
        *((_link_name(link, found["key"]), _link(home, link, found["key"])) for link in found["links"]),
    ]
    said = "".join(
        f'<tr><td class="by">{_name(sandbox, each["author"])}<br>{_when(each["created"])}</td>'
        f'<td class="text">{escape(plain(each["body"]))}</td></tr>'
        for each in sandbox.store.comments(found)
    )
    rows = "".join(f"<tr><th>{escape(label)}</th><td>{value}</td></tr>" for label, value in facts)
    text = escape(plain(found["description"])) or "No description."
    inside = (
        f'<p><a href="{escape(home)}/">All tickets</a></p><div class="card"><table>{rows}</table></div>'
        f'<h2>Description</h2><div class="card"><p class="text">{text}</p></div>'
        f'<h2>Comments</h2><div class="card"><table>{said or "<tr><td>None yet.</td></tr>"}</table></div>'
    )
    return _page(f"{found['key']} · {found['summary']}", inside)


def _row(sandbox: Sandbox, home: str, found: Data) -> str:
    key = escape(found["key"])
    link = f'<td class="key"><a href="{escape(home)}/browse/{key}">{key}</a></td>'
    cells = [
        escape(found["summary"]),
        escape(found["type"]),
        _status(found["status"]),
        escape(found["priority"]),
        _name(sandbox, found["assignee"]) or "–",
        _when(found["updated"]),
    ]
    return f"<tr>{link}{''.join(f'<td>{each}</td>' for each in cells)}</tr>"


def _cells(tag: str, texts: list[str]) -> str:
    return "<tr>" + "".join(f"<{tag}>{escape(each)}</{tag}>" for each in texts) + "</tr>"


def _status(name: str) -> str:
    return f'<span class="status {STATUSES[name]}">{escape(name)}</span>'


def _name(sandbox: Sandbox, id: str | None) -> str:
    return escape(str((sandbox.store.person(id) or {}).get("name") or ""))


def _when(at: float) -> str:
    return f"<time>{escape(stamp(at)[:16].replace('T', ' '))}</time>"


def _link_name(link: Data, key: str) -> str:
    inward, outward = LINKS[link["type"]]
    return (outward if link["inward"] == key else inward).capitalize()


def _link(home: str, link: Data, key: str) -> str:
    other = escape(link["outward"] if link["inward"] == key else link["inward"])
    return f'<a href="{escape(home)}/browse/{other}">{other}</a>'


def _page(title: str, inside: Any) -> web.Response:
    html = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{_STYLE}</style>'
        f"<main><h1>{escape(title)}</h1>"
        '<p class="note">Sandbox of Jira: nothing here leaves this machine.</p>'
        f"{inside}</main></html>"
    )
    return web.Response(text=html, content_type="text/html", headers=_HEADERS)
