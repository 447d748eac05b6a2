"""What exists in the sandbox, to look at: the list of pages, and each by itself. No script, all escaped."""

from __future__ import annotations

from html import escape

from aiohttp import web

from integrations.notion.sandbox import people, things
from integrations.notion.sandbox.state import SANDBOX, Sandbox
from integrations.notion.sandbox.things import Data

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.55 system-ui, sans-serif; }
body { margin: 0; background: light-dark(#fbfbfa, #191919); color: light-dark(#2b2a27, #e6e5e3); }
main { max-width: 54rem; margin: 0 auto; padding: 2.5rem 1.25rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; margin: 1.6rem 0 .4rem; } h3 { font-size: 1.05rem; margin: 1.2rem 0 .3rem; }
p, li, pre, blockquote { overflow-wrap: anywhere; }
p.note { color: light-dark(#6b6963, #a09e99); margin: 0 0 1.5rem; }
.scroll { overflow-x: auto; } table { width: 100%; border-collapse: collapse; }
th, td { text-align: left; padding: .5rem .75rem .5rem 0; vertical-align: top; }
th, td { border-bottom: 1px solid #8883; }
th { font-size: .8rem; font-weight: 600; color: light-dark(#6b6963, #a09e99); }
a { color: light-dark(#0b5cad, #7ab7f5); }
a:focus-visible { outline: 3px solid #7aa7ff; outline-offset: 2px; }
.tag { border-radius: 4px; padding: .1rem .45rem; background: #8882; font-size: .85rem; white-space: nowrap; }
pre { padding: .8rem; border-radius: 6px; background: #8882; overflow-x: auto; white-space: pre-wrap; }
blockquote { margin: .6rem 0; padding-left: .9rem; border-left: 3px solid #8886; }
.gray { color: light-dark(#6b6963, #a09e99); font-size: .85rem; }
"""
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; base-uri 'none';"
        " form-action 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
_TAGS = {"heading_1": "h2", "heading_2": "h3", "heading_3": "h3", "quote": "blockquote", "code": "pre"}


async def index(request: web.Request) -> web.Response:
    sandbox = request.app[SANDBOX]
    names = _names(sandbox)
    pages = sorted(sandbox.store.all("page"), key=lambda page: -page["_edited"])
    rows = "".join(_row(sandbox, page, names) for page in pages if not page.get("_unshared"))
    head = "".join(f"<th scope=col>{name}</th>" for name in ("Page", "Status", "Area", "Edited", "Comments"))
    title = things.title_of(sandbox.store.all("database")[0])
    return _page(
        title,
        f'<h1>{escape(title)}</h1><p class="note">A stand-in for Notion: {len(pages)} pages.'
        f' Nothing here leaves this machine.</p><div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>",
    )


async def show(request: web.Request) -> web.Response:
    sandbox = request.app[SANDBOX]
    wanted = request.match_info["page"].replace("-", "")
    page = next((each for each in sandbox.store.all("page") if each["id"].replace("-", "") == wanted), None)
    if page is None:
        raise web.HTTPNotFound(text="No such page.")
    names = _names(sandbox)
    blocks = [block for block in sandbox.store.under("block", page["id"]) if not block["in_trash"]]
    comments = sandbox.store.under("comment", page["id"])
    said = "".join(_comment(each, names) for each in comments)
    title = things.title_of(page) or "Untitled"
    note = ("In the trash. " if page["in_trash"] else "") + _edited(page, names)
    return _page(
        title,
        f'<p class="note"><a href="../">All pages</a></p><h1>{escape(title)}</h1>'
        f'<p class="note">{escape(note)}</p>{_blocks(blocks)}' + (f"<h2>Comments</h2>{said}" if said else ""),
    )


def _row(sandbox: Sandbox, page: Data, names: dict[str, str]) -> str:
    title = things.title_of(page) or "Untitled"
    status = "in the trash" if page["in_trash"] else people.status_of(page)
    area = (page["properties"].get("Area") or {}).get("select")
    said = len(sandbox.store.under("comment", page["id"]))
    link = f'<a href="p/{page["id"].replace("-", "")}">{escape(title)}</a>'
    tags = (f'<span class="tag">{escape(each)}</span>' if each else "" for each in (status, _name(area)))
    cells = (link, *tags, escape(_edited(page, names)), str(said or ""))
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _name(chosen: object) -> str:
    return str(chosen.get("name", "")) if isinstance(chosen, dict) else ""


def _edited(page: Data, names: dict[str, str]) -> str:
    who = names.get(page["last_edited_by"]["id"], "somebody")
    return f"{page['last_edited_time'][:16].replace('T', ' ')} by {who}"


def _comment(comment: Data, names: dict[str, str]) -> str:
    words = "".join(run["plain_text"] for run in comment["rich_text"])
    who = names.get(comment["created_by"]["id"], "somebody")
    return f'<p><strong>{escape(who)}</strong> <span class="gray">{escape(comment["created_time"][:16])}</span><br>{escape(words)}</p>'  # noqa: E501


def _blocks(blocks: list[Data]) -> str:
    """In order; the items of a list are counted from where it begins."""
    shown, number = [], 0
    for block in blocks:
        number = number + 1 if block["type"] == "numbered_list_item" else 0
        shown.append(_block(block, number))
    return "".join(shown)


def _block(block: Data, number: int) -> str:
    kind = block["type"]
    if kind == "divider":
        return "<hr>"
    inner = block[kind]
    words = "".join(_run(run) for run in inner.get("rich_text", []))
    if kind == "to_do":
        words = ("☑ " if inner.get("checked") else "☐ ") + words
    if kind == "bulleted_list_item":
        words = f"• {words}"
    elif number:
        words = f"{number}. {words}"
    tag = _TAGS.get(kind, "p")
    return f"<{tag}>{words}</{tag}>"


def _run(run: Data) -> str:
    """Text, and what is bold or a link in it. Only http and https lead anywhere."""
    words = escape(run["plain_text"]).replace("\n", "<br>")
    style = run["annotations"]
    for name, tag in (("code", "code"), ("bold", "strong"), ("italic", "em"), ("strikethrough", "s")):
        if style.get(name):
            words = f"<{tag}>{words}</{tag}>"
    if style.get("color") == "gray":
        words = f'<span class="gray">{words}</span>'
    url = run.get("href") or ""
    if url.startswith(("https://", "http://")):
        words = f'<a href="{escape(url)}" rel="noreferrer noopener">{words}</a>'
    return words


def _names(sandbox: Sandbox) -> dict[str, str]:
    return {user["id"]: str(user["name"]) for user in sandbox.store.all("user")}


def _page(title: str, inside: str) -> web.Response:
    html = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{_STYLE}</style>'
        f"<main>{inside}</main></html>"
    )
    return web.Response(text=html, content_type="text/html", headers=_HEADERS)
