"""The Slack Web API of the stand-in: bearer check, JSON and form bodies, envelopes, real error names."""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

from aiohttp import web

from bot.workbench import cast, slack_chat, slack_conversations, slack_streams, slack_views, wire
from bot.workbench.cast import Json
from bot.workbench.faults import Faults
from bot.workbench.keys import Keys
from bot.workbench.security import TooLarge, read_body
from bot.workbench.slack_world import SlackError, SlackWorld

Method = Callable[[SlackWorld, Json], Json]

STRUCTURED = ("blocks", "view", "metadata", "attachments", "chunks")


def _auth_test(world: SlackWorld, args: Json) -> Json:
    return {
        "url": f"{world.base}/",
        "team": "Workbench",
        "user": cast.BOT_NAME.lower(),
        "team_id": cast.TEAM,
        "user_id": cast.BOT_USER,
        "bot_id": cast.BOT_ID,
        "is_enterprise_install": False,
    }


METHODS: Mapping[str, Method] = {
    "auth.test": _auth_test,
    **slack_chat.METHODS,
    **slack_streams.METHODS,
    **slack_views.METHODS,
    **slack_conversations.METHODS,
}


class SlackApi:
    def __init__(
        self, world: SlackWorld, keys: Keys, faults: Faults, files: Mapping[str, Method] | None = None
    ) -> None:
        self._world = world
        self._methods: Mapping[str, Method] = {**METHODS, **(files or {})}
        self._keys = keys
        self._faults = faults

    async def handle(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        began = time.perf_counter()
        try:
            raw = await read_body(request)
        except TooLarge:
            return web.json_response({"ok": False, "error": "request_too_large"}, status=413)
        fault = self._faults.take("slack", method)
        refusal = await fault.before(request) if fault else None
        answer: web.StreamResponse = refusal or web.json_response(self._answer(method, request, raw))
        if fault:
            answer = await fault.after(request, answer)
        self._log(method, request, raw, answer, began)
        return answer

    def _answer(self, method: str, request: web.Request, raw: bytes) -> Json:
        try:
            args = _arguments(request, raw)
            if method == "oauth.v2.access":
                return {"ok": True, **self._oauth(args, request)}
            self._authorize(request, args)
            if method not in self._methods:
                raise SlackError("unknown_method", req_method=method)
            with self._world.store.change():
                return {"ok": True, **self._methods[method](self._world, args)}
        except SlackError as error:
            return {"ok": False, "error": error.code, **error.more}

    def _authorize(self, request: web.Request, args: Json) -> None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        token = token if scheme == "Bearer" else str(args.get("token") or "")
        if not token:
            raise SlackError("not_authed")
        if not hmac.compare_digest(token.encode(), self._keys.slack_bot_token.encode()):
            raise SlackError("invalid_auth")

    def _oauth(self, args: Json, request: web.Request) -> Json:
        """The last step of an install: any code is good, the client's secret has to be ours."""
        secret = str(args.get("client_secret") or "")
        basic = request.headers.get("Authorization", "")
        if basic.startswith("Basic "):
            from base64 import b64decode

            secret = b64decode(basic[6:] + "==").decode(errors="replace").partition(":")[2]
        if not hmac.compare_digest(secret.encode(), self._keys.slack_client_secret.encode()):
            raise SlackError("bad_client_secret")
        if not args.get("code"):
            raise SlackError("invalid_code")
        return {
            "access_token": self._keys.slack_bot_token,
            "token_type": "bot",
            "scope": "app_mentions:read,chat:write,commands",
            "bot_user_id": cast.BOT_USER,
            "app_id": cast.SLACK_APP,
            "team": {"id": cast.TEAM, "name": "Workbench"},
            "enterprise": None,
            "is_enterprise_install": False,
            "authed_user": {"id": cast.GRACE.slack},
        }

    def _log(
        self, method: str, request: web.Request, raw: bytes, answer: web.StreamResponse, began: float
    ) -> None:
        body = answer.text or "" if isinstance(answer, web.Response) else ""
        wire.log(
            self._world.store,
            platform="slack",
            direction="from bot",
            title=method,
            status=answer.status,
            ms=(time.perf_counter() - began) * 1000,
            verified="" if '"error": "invalid_auth"' in body else "bearer ✓",
            headers=request.headers,
            body=raw.decode(errors="replace"),
            answer=body,
        )


def _arguments(request: web.Request, raw: bytes) -> Json:
    args: Json = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = json.loads(raw or b"{}")
        except ValueError:
            raise SlackError("invalid_json") from None
        if not isinstance(body, dict):
            raise SlackError("json_not_object")
        args |= body
    elif raw:
        args |= dict(parse_qsl(raw.decode(errors="replace"), keep_blank_values=True))
    return args | {name: _structure(name, args[name]) for name in STRUCTURED if args.get(name)}


def _structure(name: str, value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        code = {"blocks": "invalid_blocks_format", "metadata": "invalid_metadata_format"}
        raise SlackError(code.get(name, "invalid_arguments")) from None
