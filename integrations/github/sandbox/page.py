"""What exists here, for people to look at: a list, and a page for each issue. No script, all escaped."""

from __future__ import annotations

from html import escape
from typing import Any

from aiohttp import web

from integrations.github.sandbox import things
from integrations.github.sandbox.state import SANDBOX
from integrations.github.sandbox.store import Data, Store

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; background: light-dark(#f6f8fb, #14171c); color: light-dark(#1a2330, #e6eaf0); }
main { max-width: 54rem; margin: 0 auto; padding: 2rem 1.5rem 4rem; }
h1 { font-size: 1.3rem; } h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
a { color: light-dark(#1652c4, #8ab4ff); } a:focus-visible { outline: 3px solid #7aa7ff; }
ul { list-style: none; padding: 0; margin: 0; } p.note { font-size: .85rem; opacity: .75; }
li, article { background: light-dark(#fff, #1d2229); border: 1px solid #8883; border-radius: 9px;
  padding: .7rem 1rem; margin: .5rem 0; overflow-wrap: anywhere; }
small { color: light-dark(#5a6675, #9aa7b8); }
pre { margin: .4rem 0 0; font: inherit; white-space: pre-wrap; }
b.tag { font-weight: 500; font-size: .8rem; border: 1px solid #8886; border-radius: 99px; padding: 0 .5rem; }
"""
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


async def overview(request: web.Request) -> web.Response:
    store = request.app[SANDBOX].store
    prefix = request.path.rstrip("/")
    parts = []
    for repo in store.all("repo"):
        found = [each for each in store.all("issue", repo["full_name"]) if not each.get("deleted")]
        found.sort(key=lambda each: each["updated_at"], reverse=True)
        lines = "".join(f"<li>{_line(each, prefix)}</li>" for each in found[:200])
        about = f"<small>{escape(repo['description'])}, {len(found)} issues and pull requests</small>"
        parts.append(f"<h2>{escape(repo['full_name'])}</h2>{about}<ul>{lines}</ul>")
    return _page("GitHub (sandbox)", "".join(parts))


async def issue(request: web.Request) -> web.Response:
    store, parts = request.app[SANDBOX].store, request.match_info
    repo = f"{parts['owner']}/{parts['name']}"
    found = store.get("issue", f"{repo}#{parts['number']}")
    if found is None or found.get("deleted"):
        raise web.HTTPNotFound(text="No such issue.")
    prefix = request.path.partition(f"/{repo}/")[0]
    said = [_said(found["user"], found["created_at"], found["body"] or "")]
    said += [
        _said(each["user"], each["created_at"], each["body"], f"issuecomment-{each['id']}")
        for each in store.all("comment", f"{found['repo']}#{found['number']}")
    ]
    told = _told(store, f"{found['repo']}#{found['number']}")
    inside = f'<p><a href="{escape(prefix)}/">All issues</a></p><p>{_facts(found)}</p>{"".join(said)}{told}'
    return _page(f"{found['title']} #{found['number']}", inside)


def _line(found: Data, prefix: str) -> str:
    kind = "pull" if found["pull"] else "issues"
    link = f"{prefix}/{found['repo']}/{kind}/{found['number']}"
    title = f'<a href="{escape(link)}">{escape(found["title"])}</a>'
    return f"{title} <small>#{found['number']}</small><br>{_facts(found)}"


def _facts(found: Data) -> str:
    state = "merged" if found["merged_at"] else found["state"]
    kind = "pull request" if found["pull"] else "issue"
    tags = "".join(f' <b class="tag">{escape(each)}</b>' for each in found["labels"])
    people = f", for {escape(', '.join(found['assignees']))}" if found["assignees"] else ""
    changed = things.stamp(found["updated_at"])
    return f"<small>{kind}, {state}, by {escape(found['user'])}{people}, changed {changed}</small>{tags}"


def _said(who: str, at: float, text: str, anchor: str = "") -> str:
    place = f' id="{escape(anchor)}"' if anchor else ""
    said = f"<b>{escape(who)}</b> <small>{things.stamp(at)}</small>"
    return f"<article{place}>{said}<pre>{escape(text)}</pre></article>"


def _told(store: Store, where: str) -> str:
    names = [each["who"] for each in store.all("notified", where)]
    if not names:
        return ""
    return f"<p><small>Mentioned, and so notified: {escape(', '.join(dict.fromkeys(names)))}</small></p>"


def _page(title: str, inside: Any) -> web.Response:
    html = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{_STYLE}</style>'
        f"<main><h1>{escape(title)}</h1>{inside}"
        '<p class="note">Sandbox: nothing here is on GitHub.</p></main></html>'
    )
    return web.Response(text=html, content_type="text/html", headers=_HEADERS)
