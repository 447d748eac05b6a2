"""One request to GitHub, and as whom: the only place that holds an object of PyGithub's.

Its lazy objects are not used: they turn a page of HTML into an issue without a number, and ask
once more for each field that a list left out. Its requester is, on a line of our own.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from integrations.errors import NotConfigured, Refused
from integrations.github.errors import SERVICE, reading
from integrations.http import AnswerRefused

API_VERSION = "2022-11-28"
ACCEPT = "application/vnd.github+json"
TIMEOUTS = (3.05, 20.0)
RENEW = 60.0

Data = dict[str, Any]


class Line(threading.local):
    """PyGithub's connection, with each thread's request kept apart.

    Its own keeps the request on itself between `request` and `getresponse`, so that two threads
    send one of the two requests twice. It also takes HTML, nothing and 202 for answers.
    """

    def __init__(self, host: str, origin: str, session: Any) -> None:
        self.host, self.origin, self.session = host, origin, session
        self.asked: tuple[str, str, Any, Any] = ("GET", "/", None, None)

    def request(self, verb: str, url: str, input: Any, headers: Any, stream: bool = False) -> None:
        self.asked = verb, url, input, headers

    def getresponse(self) -> Any:
        from github.Requester import RequestsResponse

        verb, url, body, headers = self.asked
        answer = self.session.request(
            verb, self.origin + url, data=body, headers=headers, timeout=TIMEOUTS, allow_redirects=False
        )
        answer.encoding = "utf-8"
        if answer.status_code < 400 and not _is_json(answer):
            raise AnswerRefused("not JSON", request=answer.request)
        return RequestsResponse(answer)

    def close(self) -> None:
        self.session.close()


def _is_json(answer: Any) -> bool:
    kind = str(answer.headers.get("Content-Type", "")).partition(";")[0].strip().lower()
    return answer.status_code in (200, 201) and kind == "application/json" and bool(answer.content)


def requester(auth: Any, base: str, line: Line) -> Any:
    """PyGithub's, with its retries, its pauses and its redirects off."""
    from github import Github

    client = Github(
        auth=auth,
        base_url=base,
        retry=None,
        timeout=20,
        per_page=100,
        lazy=True,
        seconds_between_requests=None,
        seconds_between_writes=None,
        api_version=API_VERSION,
        user_agent="Countersign",
    )
    # It writes every body that goes out or comes in to the log, at DEBUG.
    logging.getLogger("github").setLevel(logging.WARNING)
    found: Any = client.requester
    if not hasattr(found, "_Requester__connection"):
        raise RuntimeError("PyGithub keeps its connection elsewhere now")
    found._Requester__connection = line
    return found


@dataclass(slots=True)
class _Token:
    """An installation's token, which lives for an hour."""

    requester: Any
    ends: float
    permissions: Mapping[str, str]


@dataclass(slots=True)
class Access:
    """Who we are at GitHub. Safe to share between threads.

    `fixed` speaks with a token of our own, or is None; then `app` speaks as the App, which hands
    out a token for `installation`.
    """

    base: str
    line: Line
    fixed: Any = None
    app: Any = None
    installation: int = 0
    _token: _Token | None = None
    _login: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ready(self) -> Any:
        """The requester to use now. What fails here was never sent as what one wanted to do."""
        if self.fixed is not None:
            return self.fixed
        with self._lock:
            if self._token is None or self._token.ends - RENEW < time.time():
                self._token = self._new_token()
            return self._token.requester

    def ask(self, ready: Any, verb: str, path: str, parameters: Data | None = None, body: Any = None) -> Any:
        """Headers (names in small letters) and plain data. Raises PyGithub's and requests' exceptions."""
        return ready.requestJsonAndCheck(
            verb, path, parameters=parameters or {}, headers={"Accept": ACCEPT}, input=body
        )

    def login(self) -> str:
        """Our own name there: of a user, or of the App's robot. Asked once."""
        if not self._login:
            if self.fixed is not None:
                with reading("ask who we are"):
                    self._login = _text(self.ask(self.fixed, "GET", "/user")[1], "login")
            else:
                with reading("ask who we are"):
                    self._login = f"{_text(self.ask(self.app, 'GET', '/app')[1], 'slug')}[bot]"
        return self._login

    def permissions(self) -> Mapping[str, str]:
        """What an App's installation was granted; empty for a token, which does not say."""
        self.ready()
        return self._token.permissions if self._token is not None else {}

    def _new_token(self) -> _Token:
        from github import Auth

        path = f"/app/installations/{self.installation}/access_tokens"
        try:
            with reading("act for its installation"):
                _, data = self.ask(self.app, "POST", path, body={})
                token, ends = _text(data, "token"), datetime.fromisoformat(_text(data, "expires_at"))
                granted = {str(name): str(level) for name, level in data.get("permissions", {}).items()}
                speaks = requester(Auth.Token(token), self.base, self.line)
        except Refused:
            raise NotConfigured(
                SERVICE, "does not know our App there: check GITHUB_APP_INSTALLATION and GITHUB_APP_ID"
            ) from None
        return _Token(speaks, ends.timestamp(), granted)


def _text(data: Any, name: str) -> str:
    value = data[name]
    if not isinstance(value, str) or not value:
        raise ValueError(name)
    return value
