"""Small real things for the Teams tests: an issuer with keys of its own, activities, settings."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import jwt
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from bot.settings import Settings

APP = "11111111-2222-3333-4444-555555555555"
TENANT = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"
ADA = "00000000-1111-2222-3333-444444444444"
ISSUER = "https://api.botframework.com"
SERVICE = "https://smba.trafficmanager.net/amer/"
CHANNEL = "19:orders@thread.tacv2"


@cache
def private_key(name: str) -> rsa.RSAPrivateKey:
    """The same key for the same name, since making one is slow; "small" is a weak one."""
    return rsa.generate_private_key(65537, 1024 if name == "small" else 2048)


def jwk(name: str, *, endorsements: Any = ("msteams",)) -> dict[str, Any]:
    public: dict[str, Any] = json.loads(RSAAlgorithm.to_jwk(private_key(name).public_key()))
    return public | {"kid": name, "use": "sig", "endorsements": list(endorsements)}


class Issuer:
    """Serves an OpenID document and its keys, counts who asks, and signs what it is told to."""

    def __init__(self) -> None:
        self.keys = [jwk("k1")]
        self.fetches = 0
        self.status = 200
        self.url = ""

    async def openid(self, request: web.Request) -> web.Response:
        self.fetches += 1
        keys_url = self.url.replace("/openid", "/keys")
        return web.json_response({"issuer": ISSUER, "jwks_uri": keys_url}, status=self.status)

    async def jwks(self, _request: web.Request) -> web.Response:
        return web.json_response({"keys": self.keys})


@asynccontextmanager
async def an_issuer() -> AsyncIterator[Issuer]:
    issuer = Issuer()
    app = web.Application()
    app.router.add_get("/openid", issuer.openid)
    app.router.add_get("/keys", issuer.jwks)
    async with TestServer(app) as server:
        issuer.url = str(server.make_url("/openid"))
        yield issuer


def token(key: str = "k1", *, kid: str | None = None, **claims: Any) -> str:
    """A good token, but for what is said otherwise; a claim of None is left out."""
    now = int(time.time())
    good = {"iss": ISSUER, "aud": APP, "serviceurl": SERVICE, "nbf": now - 5, "exp": now + 600}
    kept = {name: value for name, value in (good | claims).items() if value is not None}
    return jwt.encode(kept, private_key(key), "RS256", headers={"kid": kid or key})


def headers(bearer: str | None) -> dict[str, str]:
    found = {"Content-Type": "application/json; charset=utf-8"}
    return found | ({"Authorization": f"Bearer {bearer}"} if bearer is not None else {})


def settings(**values: Any) -> Settings:
    given: dict[str, Any] = {"_env_file": None, "microsoft_app_id": APP, "microsoft_app_tenant_id": TENANT}
    return Settings(**(given | values))


def message(text: Any = "order two colas", **other: Any) -> dict[str, Any]:
    """A message in the personal chat."""
    return activity("message", **({"text": text, "textFormat": "plain"} | other))


def activity(kind: str, **other: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "type": kind,
        "id": "1767000000001",
        "timestamp": "2026-01-02T18:03:37.1995342Z",
        "channelId": "msteams",
        "serviceUrl": SERVICE,
        "from": {"id": "29:ada", "name": "Ada Reyes", "aadObjectId": ADA},
        "conversation": {"id": "a:ada", "conversationType": "personal", "tenantId": TENANT},
        "recipient": {"id": f"28:{APP}", "name": "Countersign"},
        "channelData": {"tenant": {"id": TENANT}},
    }
    return base | other


def in_channel(root: str | None = "1767000000000") -> dict[str, Any]:
    thread = f";messageid={root}" if root else ""
    return {"id": CHANNEL + thread, "conversationType": "channel", "isGroup": True, "tenantId": TENANT}


def mention(
    text: str = "<at>Countersign</at>", who: str = f"28:{APP}", name: str = "Countersign"
) -> dict[str, Any]:
    return {"type": "mention", "text": text, "mentioned": {"id": who, "name": name}}


def body(payload: Mapping[str, Any]) -> bytes:
    return json.dumps(payload).encode()


class Clock:
    """A clock one can turn."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now
