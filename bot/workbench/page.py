"""The page: its built files under a strict policy, or a plain note where it was not built."""

from __future__ import annotations

import mimetypes
from pathlib import Path

from aiohttp import web

from bot.workbench.security import HEADERS

DIST = Path(__file__).parent / "page" / "dist"
NAME = r"[A-Za-z0-9_-][A-Za-z0-9._-]*"
MISSING = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Countersign workbench</title></head>
<body><h1>Countersign is running</h1>
<p>The workbench page has not been built. Run <code>make setup</code>, then reload.</p>
</body></html>
"""


async def index(request: web.Request) -> web.StreamResponse:
    page = DIST / "index.html"
    if not page.is_file():
        return web.Response(text=MISSING, content_type="text/html", headers=HEADERS)
    return _file(page, cache="no-cache")


async def file(request: web.Request) -> web.StreamResponse:
    """One folder deep, by names without a slash: nothing outside `dist` can be named."""
    folder = request.match_info.get("folder", "")
    path = DIST / folder / request.match_info["name"]
    if not path.is_file() or not path.resolve().is_relative_to(DIST.resolve()):
        return web.json_response({"error": "not found"}, status=404, headers=HEADERS)
    return _file(path, cache="public, max-age=31536000, immutable" if folder else "no-cache")


def _file(path: Path, cache: str) -> web.StreamResponse:
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if path.suffix in (".js", ".mjs"):
        kind = "text/javascript"
    headers = HEADERS | {"Cache-Control": cache, "Content-Type": kind}
    return web.FileResponse(path, headers=headers)
