"""Files that people send in the workbench, handed out as Slack and Teams do: by the same kinds of address,
to whoever brings the same right, with the same odd answers to whoever does not.

They are kept in memory: a restart forgets them, as Teams' own addresses end after minutes.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from urllib.parse import quote

from aiohttp import web

from bot.workbench.cast import Json
from bot.workbench.faults import Fault, Faults
from bot.workbench.keys import Keys
from bot.workbench.security import TooLarge, read_body
from bot.workbench.slack_world import SlackError
from bot.workbench.teams_tokens import Tokens

LARGEST = 25 * 1024 * 1024
MOST_KEPT = 60
MOST_BYTES = 200 * 1024 * 1024
DOWNLOAD = "application/vnd.microsoft.teams.file.download.info"
# What Slack shows, with 200, to whoever may not see a file.
SIGN_IN = (
    "<!DOCTYPE html><html><head><title>Slack</title></head><body><h1>Sign in to your workspace</h1>"
    '<form action="/signin"><input name="email"></form></body></html>'
)


@dataclass(frozen=True, slots=True)
class Kept:
    """`transcript` is what the platform will have heard in it, the second time it is asked."""

    id: str
    name: str
    media: str
    data: bytes
    transcript: str = ""
    key: str = field(default_factory=lambda: secrets.token_urlsafe(18))


class Files:
    def __init__(self, base: str, keys: Keys, tokens: Tokens, faults: Faults) -> None:
        self._base, self._keys, self._tokens, self._faults = base, keys, tokens, faults
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._asked: set[str] = set()

    def keep(self, name: str, media: str, data: bytes, transcript: str = "") -> Kept:
        kept = Kept(f"F{secrets.token_hex(5).upper()}", name[:255] or "file", media[:100], data, transcript)
        self._kept[kept.id] = kept
        while len(self._kept) > MOST_KEPT or sum(len(each.data) for each in self._kept.values()) > MOST_BYTES:
            self._kept.popitem(last=False)
        return kept

    def of(self, ids: object) -> list[Kept]:
        """Raises KeyError for one that is not there."""
        return [self._kept[str(id)] for id in ids] if isinstance(ids, list) else []

    # ── as Slack tells of them ──
    def in_slack(self, kept: Kept, *, heard: bool = False) -> Json:
        url = f"{self._base}/standin/slack/files/{kept.id}/{quote(kept.name, safe='')}"
        told: Json = {
            "id": kept.id,
            "name": kept.name,
            "title": kept.name,
            "mimetype": kept.media,
            "size": len(kept.data),
            "mode": "hosted",
            "is_external": False,
            "file_access": "visible",
            "url_private": url,
            "url_private_download": f"{url}?download=1",
        }
        if kept.media.startswith(("audio/", "video/")) and kept.transcript:
            told["subtype"] = "slack_audio" if kept.media.startswith("audio/") else "slack_video"
            told["transcription"] = {"status": "processing"}
            if heard:
                beginning = kept.transcript[:60]
                more = len(kept.transcript) > 60
                told["transcription"] = {
                    "status": "complete",
                    "locale": "en-US",
                    "preview": {"content": beginning, "has_more": more},
                }
                told["vtt"] = f"{self._base}/standin/slack/files/{kept.id}/file.vtt"
        return told

    def info(self, args: Json) -> Json:
        """files.info. What is said in a clip is there the second time somebody asks."""
        kept = self._kept.get(str(args.get("file") or ""))
        if kept is None:
            raise SlackError("file_not_found")
        again = kept.id in self._asked
        self._asked.add(kept.id)
        return {"file": self.in_slack(kept, heard=again)}

    async def slack(self, request: web.Request) -> web.StreamResponse:
        fault = self._faults.take("slack", "files.download")
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        right = scheme == "Bearer" and hmac.compare_digest(
            token.encode(errors="replace"), self._keys.slack_bot_token.encode()
        )
        if not right:
            return web.Response(text=SIGN_IN, content_type="text/html")
        kept = self._kept.get(request.match_info["id"])
        if kept is None:
            return web.Response(status=404)
        if request.match_info["name"] == "file.vtt" and kept.transcript:
            return web.Response(text=vtt(kept.transcript), content_type="text/vtt")
        return await self._handed(request, kept, fault)

    # ── as Teams tells of them ──
    def in_teams(self, kept: Kept, chat: str) -> Json:
        """A picture in the text, a file in a chat with the bot, a mere address everywhere else."""
        if kept.media.startswith("image/"):
            url = f"{self._tokens.service_url.rstrip('/')}/v3/attachments/{kept.id}/views/original"
            return {"contentType": "image/*", "contentUrl": url, "name": kept.name}
        shared = f"https://contoso.sharepoint.com/sites/team/Shared%20Documents/{quote(kept.name, safe='')}"
        if chat != "personal":
            return {"contentType": "reference", "contentUrl": shared, "name": kept.name}
        address = f"{self._base}/standin/teams/files/open/{kept.id}/{kept.key}/{quote(kept.name, safe='')}"
        return {
            "contentType": DOWNLOAD,
            "contentUrl": shared,
            "name": kept.name,
            "content": {
                "downloadUrl": address,
                "uniqueId": kept.id,
                "fileType": kept.name.rpartition(".")[2].lower(),
            },
        }

    async def teams_open(self, request: web.Request) -> web.StreamResponse:
        """Its address is its key. A token of ours has no business here, so whoever sends one is refused."""
        kept = self._kept.get(request.match_info["id"])
        if "Authorization" in request.headers:
            return web.Response(status=400, text="an address with its own key was sent a token")
        if kept is None or not hmac.compare_digest(kept.key, request.match_info["key"]):
            return web.Response(status=403)
        return await self._handed(request, kept, self._faults.take("teams", "files.download"))

    async def teams_inline(self, request: web.Request) -> web.StreamResponse:
        if not self._tokens.is_bot(request.headers.get("Authorization", "")):
            return web.json_response({"message": "Authorization has been denied"}, status=401)
        kept = self._kept.get(request.match_info["id"])
        if kept is None:
            return web.Response(status=404)
        return await self._handed(request, kept, self._faults.take("teams", "files.download"))

    # ── handing out ──
    async def upload(self, request: web.Request) -> web.StreamResponse:
        """What the page, or the driver of tests, is about to send along with words."""
        try:
            data = await read_body(request, LARGEST)
        except TooLarge:
            return web.json_response({"error": "that file is too large for the workbench"}, status=413)
        name, transcript = request.query.get("name", "file"), request.query.get("transcript", "")
        kept = self.keep(name, request.content_type, data, transcript)
        return web.json_response({"id": kept.id, "name": kept.name, "size": len(data)})

    async def _handed(self, request: web.Request, kept: Kept, fault: Fault | None) -> web.StreamResponse:
        if fault is not None:
            refusal = await fault.before(request)
            if refusal is not None:
                return refusal
            match fault.kind:
                case "expired":
                    return web.Response(status=404)
                case "redirect":
                    return web.Response(status=302, headers={"Location": fault.error})
                case "lying" | "drip" | "endless":
                    return await self._odd(request, kept, fault)
        return web.Response(body=kept.data, content_type=kept.media or "application/octet-stream")

    async def _odd(self, request: web.Request, kept: Kept, fault: Fault) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": kept.media})
        if fault.kind == "lying":
            answer.content_length = len(kept.data) + 5_000
        await answer.prepare(request)
        try:
            match fault.kind:
                case "lying":
                    await answer.write(kept.data)
                    if request.transport is not None:
                        request.transport.abort()
                case "drip":
                    end = asyncio.get_running_loop().time() + fault.seconds
                    while asyncio.get_running_loop().time() < end:
                        await answer.write(b"x")
                        await asyncio.sleep(0.05)
                case _:
                    for _ in range(LARGEST // 65_536 + 1):
                        await answer.write(b"x" * 65_536)
        except (ConnectionError, OSError):
            return answer
        return answer


def vtt(words: str) -> str:
    """A transcript as Slack's: a few words at a time."""
    said = words.split()
    cues = [" ".join(said[at : at + 8]) for at in range(0, len(said), 8)]
    parts = [f"{at}\n00:00:{at:02d}.000 --> 00:00:{at + 1:02d}.000\n- {cue}" for at, cue in enumerate(cues)]
    return "WEBVTT\n\n" + "\n\n".join(parts) + "\n"
