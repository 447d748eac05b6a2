"""GET /web: a small page to try the web with, under `up` only. It is a client like anybody's.

Whoever opens it becomes one of the workbench's people without a password, so it is mounted by the
workbench, behind the workbench's guard, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import orjson
from aiohttp import web

FOLDER = Path(__file__).resolve().parent / "platforms" / "web" / "page"
FILES: Mapping[str, str] = {
    "index.html": "text/html",
    "page.css": "text/css",
    "page.js": "text/javascript",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:;"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
MOST = 1_000  # bytes of a request

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Guarded = Callable[..., Handler]
Mint = Callable[[str, str], Awaitable[str]]  # of an address and a name


def add_page(app: web.Application, guarded: Guarded, people: Mapping[str, str], mint: Mint) -> None:
    """`people` are those whom one can be, by their address; `mint` makes a token for one of them."""

    async def page(request: web.Request) -> web.StreamResponse:
        name = request.match_info.get("name", "index.html")
        headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"}
        body = (FOLDER / name).read_bytes()
        return web.Response(body=body, content_type=FILES[name], charset="utf-8", headers=headers)

    async def every(_request: web.Request) -> web.StreamResponse:
        return web.json_response([{"name": name, "email": email} for email, name in people.items()])

    async def token(request: web.Request) -> web.StreamResponse:
        if request.content_type != "application/json" or (request.content_length or MOST) >= MOST:
            return web.json_response({"error": "send a little JSON"}, status=400)
        try:
            email = orjson.loads(await request.read())["email"]
        except (ValueError, KeyError, TypeError):
            return web.json_response({"error": "send an email"}, status=400)
        if not isinstance(email, str) or email not in people:
            return web.json_response({"error": "nobody here has that address"}, status=404)
        return web.json_response({"token": await mint(email, people[email])})

    names = "|".join(each.replace(".", r"\.") for each in FILES if each != "index.html")
    app.router.add_get("/web", guarded(page))
    app.router.add_get("/web/people", guarded(every))
    app.router.add_post("/web/token", guarded(token, origin_required=True))
    app.router.add_get(f"/web/{{name:{names}}}", guarded(page))
