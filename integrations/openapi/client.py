"""One service, called as its document says: at its one address, with our credentials, and nowhere else."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import orjson
import requests

from integrations.errors import NotConfigured, Refused
from integrations.http import CONNECT, TOTAL, is_public, open_session, origin_of
from integrations.openapi import serialise
from integrations.openapi.chosen import Chosen
from integrations.openapi.errors import Retry
from integrations.openapi.models import Answer
from integrations.openapi.oauth import Tokens
from integrations.openapi.operation import BODY, Operation

# Of an answer, what a run can keep and carry on with.
LARGEST_RESULT = 256 << 10

_PREFIX = re.compile(r"(/[A-Za-z0-9._~!$&'()*+,;=:@-]+)*\Z")
_HOST = re.compile(r"[A-Za-z0-9._:\[\]-]+\Z")
_JSON = re.compile(r"application/(?:[\w.+-]+\+)?json\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Server:
    """Where every call goes: `origin` without a slash at its end, and what paths begin with."""

    origin: str
    prefix: str

    @property
    def host(self) -> str:
        return self.origin.partition("://")[2]


def pinned(chosen: Chosen, declared: str) -> Server:
    """The one server: the setting's, else the document's first. Raises `NotConfigured`."""
    address = chosen.server or declared
    which = chosen.setting("SERVER")
    if not address or "{" in address or "://" not in address:
        raise NotConfigured(which, "is needed: the document does not say by itself where the service is")
    try:
        parts = urlsplit(address)
        origin, local = origin_of(address, inside=chosen.inside)
        odd = parts.query or parts.fragment or not _HOST.match(parts.netloc)
    except ValueError as error:
        raise NotConfigured(which, f"cannot be used: {error}") from None
    prefix = parts.path.rstrip("/")
    if odd or not _PREFIX.match(prefix) or {".", ".."} & set(prefix.split("/")):
        raise NotConfigured(which, "cannot be used: it is https://host/path, without anything odd in it")
    if not chosen.inside and (local or _is_private(parts.hostname or "")):
        told = "is inside, or on this machine, which is not called unless it is meant so"
        raise NotConfigured(chosen.setting("ALLOW_PRIVATE"), f"is not 1, and {parts.hostname} {told}")
    return Server(origin.rstrip("/"), prefix)


def _is_private(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return not is_public(host)


@dataclass(frozen=True, slots=True)
class Service:
    """Safe to share between threads, as its session is."""

    chosen: Chosen
    server: Server
    session: requests.Session
    tokens: Tokens | None = None

    def call(self, operation: Operation, values: Mapping[str, Any], key: str, retry: Retry) -> Answer:
        """One call (two, where a token had grown old). Raises `IntegrationError`."""
        token = self.tokens.token() if self.tokens else self.chosen.token
        response = self._send(operation, values, key, retry, token)
        if response.status_code == 401 and self.tokens is not None:
            # Refused before anything was done; so a write, too, may be sent again.
            token = self.tokens.token(instead_of=token)
            response = self._send(operation, values, key, retry, token)
        return _read(response, operation, retry, self._credentials)

    def close(self) -> None:
        self.session.close()

    def _send(
        self, operation: Operation, values: Mapping[str, Any], key: str, retry: Retry, token: str
    ) -> requests.Response:
        request = self.prepare(operation, values, key, token)
        try:
            return self.session.send(request, timeout=(CONNECT, TOTAL), allow_redirects=False)
        except requests.RequestException as error:
            # Neither the library's words, which hold the address, nor its error go any further.
            failure = retry.of_failure(error)
            if "AddressRefused" in str(error):
                setting = self.chosen.setting("ALLOW_PRIVATE")
                failure = NotConfigured(
                    self.chosen.name, f"leads to an address inside, which is not called: see {setting}"
                )
        raise failure

    def prepare(
        self, operation: Operation, values: Mapping[str, Any], key: str, token: str
    ) -> requests.PreparedRequest:
        """What is sent, whole. Raises `Refused` for arguments that cannot be written."""
        chosen = self.chosen
        path, query, headers = written(chosen.name, operation, values)
        body = None
        if BODY in values and operation.media:
            body = serialise.as_json(values[BODY]).encode("utf-8")
            headers["Content-Type"] = operation.media
        headers |= {"Accept": operation.accept, "User-Agent": "Countersign"}
        if chosen.idempotency_header and not operation.reads:
            headers[chosen.idempotency_header] = key
        if token and chosen.query:
            query.append(f"{quote(chosen.query, safe='')}={quote(token, safe='')}")
        elif token:
            prefix = "Bearer" if self.tokens else chosen.prefix
            headers["Authorization" if self.tokens else chosen.header] = f"{prefix} {token}".strip()
        url = f"{self.server.origin}{self.server.prefix}{path}" + (f"?{'&'.join(query)}" if query else "")
        request = requests.Request(operation.method.upper(), url, headers=headers, data=body)
        prepared = self.session.prepare_request(request)
        if prepared.url != url and (prepared.url or "").lower() != url.lower():
            raise Refused(chosen.name, "cannot be asked with these arguments.", code="invalid")
        return prepared

    @property
    def _credentials(self) -> str:
        return self.chosen.setting("CLIENT_ID" if self.tokens else "TOKEN")


def open_service(chosen: Chosen, server: Server, tokens: Tokens | None) -> Service:
    return Service(chosen, server, open_session(server.origin, inside=chosen.inside), tokens)


def written(
    service: str, operation: Operation, values: Mapping[str, Any]
) -> tuple[str, list[str], dict[str, str]]:
    """Path, parts of the query, and headers. Raises `Refused`."""
    parts, query, headers = dict[str, str](), list[str](), dict[str, str]()
    for parameter in operation.parameters:
        if parameter.argument not in values:
            continue
        value = values[parameter.argument]
        if parameter.where != "path" and value is None:
            continue
        try:
            value = serialise.as_json(value) if parameter.json else value
            match parameter.where:
                case "path":
                    parts[parameter.name] = serialise.path_part(
                        parameter.name, value, parameter.style, parameter.explode
                    )
                case "query":
                    query += serialise.query(parameter.name, value, parameter.style, parameter.explode)
                case _:
                    headers[parameter.name] = serialise.header(value, parameter.explode)
        except ValueError as error:
            raise Refused(service, f"cannot be asked: {parameter.argument} {error}", code="invalid") from None
    try:
        return serialise.path(operation.path, parts), query, headers
    except ValueError as error:
        raise Refused(service, f"cannot be asked: its address {error}", code="invalid") from None


def _read(response: requests.Response, operation: Operation, retry: Retry, credentials: str) -> Answer:
    status, content = response.status_code, response.content or b""
    if not 200 <= status < 300:
        raise retry.of_status(status, response.headers.get("Retry-After", ""), credentials)
    if operation.method == "head" or status in (204, 205):
        return Answer(status=status)
    if not content.strip():
        if operation.answers:
            raise retry.unclear("gave an empty answer")
        return Answer(status=status)
    if not _JSON.match(response.headers.get("Content-Type", "")):
        raise retry.unclear("answered with something else than JSON")
    try:
        body = orjson.loads(content)
    except ValueError:
        raise retry.unclear("gave an answer that we cannot read") from None
    if len(content) > LARGEST_RESULT:
        if operation.reads or retry.reads:
            told = f"answered with more than {LARGEST_RESULT >> 10} KiB: ask for less at once."
            raise Refused(retry.service, told, code="too_large")
        # It was done; only what it said about it is not kept.
        body = None
    return Answer(status=status, body=_storable(body) if b"\\u0000" in content else body)


def _storable(value: Any) -> Any:
    """The database keeps no NUL in a text."""
    match value:
        case str():
            return value.replace("\x00", "")
        case list():
            return [_storable(each) for each in value]
        case dict():
            return {_storable(key): _storable(each) for key, each in value.items()}
        case _:
            return value
