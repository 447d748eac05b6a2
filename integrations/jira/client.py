"""Jira as we use it: few calls, plain data in and out, our own errors.

The SDK signs in and keeps the session; the calls are ours, because its own re-send, look people
up by guess and drop fields. Its retries are off, and it goes out by our own door
(integrations/http.py). Nothing outside this file holds an object of the SDK.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from integrations.errors import NotConfigured
from integrations.http import open_session
from integrations.jira import pages
from integrations.jira.errors import SERVICE, Unreadable, reading, writing
from integrations.jira.models import Ticket
from integrations.jira.pages import TICKET_FIELDS, OnPage, ticket

TIMEOUTS = (3.05, 20.0)
LARGEST_ANSWER = 16 << 20
GATEWAY = "api.atlassian.com"

Data = dict[str, Any]


def connect(settings: Mapping[str, str]) -> JiraService:
    """`JIRA_URL` and `JIRA_API_TOKEN`; on Cloud `JIRA_EMAIL` with it. `JIRA_PROJECT` is where tickets go."""
    base = settings.get("JIRA_URL", "").strip().rstrip("/")
    token = settings.get("JIRA_API_TOKEN", "").strip()
    email = settings.get("JIRA_EMAIL", "").strip()
    version = settings.get("JIRA_API_VERSION") or "3"
    if version not in ("2", "3"):
        raise NotConfigured(SERVICE, "is not connected: JIRA_API_VERSION is 2 or 3")
    wanted = {"JIRA_URL": base, "JIRA_API_TOKEN": token} | ({"JIRA_EMAIL": email} if version == "3" else {})
    for name, value in wanted.items():
        if not value:
            raise NotConfigured(SERVICE, f"is not connected: set {name}")
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        raise NotConfigured(SERVICE, "is not connected: JIRA_API_TOKEN has letters that no token has")
    try:
        door = open_session(base, largest=LARGEST_ANSWER)
    except ValueError as error:
        raise NotConfigured(SERVICE, f"cannot be reached: JIRA_URL: {error}") from None
    return JiraService(
        _sdk(base, version, email, token, door), base, settings.get("JIRA_PROJECT", ""), int(version)
    )


def _sdk(base: str, version: str, email: str, token: str, door: Any) -> Any:
    from jira import JIRA

    # At DEBUG the SDK would write headers and bodies.
    logging.getLogger("jira").setLevel(logging.ERROR)
    signed: Data = {"basic_auth": (email.encode(), token.encode())} if email else {"token_auth": token}
    sdk = JIRA(
        options={"server": base, "rest_api_version": version},
        max_retries=0,
        timeout=TIMEOUTS,
        get_server_info=False,
        logging=False,
        **signed,
    )
    session: Any = sdk._session
    session.trust_env = False
    session.adapters = door.adapters
    session.cookies.set_policy(door.cookies._policy)
    session.headers["Accept-Encoding"] = "identity"
    return sdk


@dataclass(frozen=True, slots=True)
class JiraService:
    """One site, as one account. A client per thread: the SDK's session is not to be shared.

    `known` keeps what does not change while we run (who we are, where people open tickets).
    """

    client: Any = field(repr=False)
    base: str
    project: str
    version: int
    clock: Callable[[], float] = time.time
    pause: Callable[[float], None] = time.sleep
    known: Data = field(default_factory=dict, repr=False, compare=False)

    @property
    def person_field(self) -> str:
        """By what this Jira knows people."""
        return "accountId" if self.version == 3 else "name"

    def project_or_ours(self, project: str) -> str:
        found = (project or self.project).upper()
        if not found:
            raise NotConfigured(SERVICE, "does not know where tickets go: set JIRA_PROJECT")
        return found

    # ── reading ──────────────────────────────────────────────────────────────────────────

    def myself(self) -> Data:
        if "myself" not in self.known:
            with reading("see who I am there"):
                found = self._dict("GET", "myself")
                if not _text(found.get(self.person_field)):
                    raise Unreadable
                self.known["myself"] = found
        return dict(self.known["myself"])

    def my_rights(self, project: str, rights: Sequence[str]) -> dict[str, bool]:
        """Which of these permissions we have in that project."""
        asked = {"projectKey": project} | ({"permissions": ",".join(rights)} if self.version == 3 else {})
        with reading("see what I may do there"):
            found = self._dict("GET", "mypermissions", query=asked)["permissions"]
            return {right: bool((found.get(right) or {}).get("havePermission")) for right in rights}

    def issue(self, key: str, fields: Sequence[str], *, properties: str = "") -> Data:
        """One ticket, always up to date: this call does not go through the search index."""
        asked = {"fields": ",".join(fields)} | ({"properties": properties} if properties else {})
        with reading(f"look at {key.upper()}"):
            return _issue(self._dict("GET", f"issue/{_part(key)}", query=asked))

    def comments(self, key: str, *, start: int = 0) -> Data:
        """One page, newest first, each with its properties."""
        asked = {"orderBy": "-created", "expand": "properties", "startAt": str(start), "maxResults": "100"}
        with reading(f"look at the comments of {key.upper()}"):
            found = self._dict("GET", f"issue/{_part(key)}/comment", query=asked)
            if not isinstance(found.get("comments"), list):
                raise Unreadable
            return found

    def transitions(self, key: str) -> list[Data]:
        with reading(f"see where {key.upper()} can go"):
            found = self._dict("GET", f"issue/{_part(key)}/transitions")["transitions"]
            return [dict(each) for each in found]

    def assignable(self, project: str, query: str, most: int) -> list[Data]:
        """People whom tickets of this project can be given to and whom the words fit."""
        words = "query" if self.version == 3 else "username"
        asked = {"project": project, words: query, "maxResults": str(most)}
        with reading("look for this person"):
            found = self._ask("GET", "user/assignable/search", query=asked)
            if not isinstance(found, list):
                raise Unreadable
            return [dict(each) for each in found]

    def raw_page(
        self, jql: str, fields: Sequence[str], cursor: str, size: int, *, properties: str = ""
    ) -> pages.Page:
        """One page of a search, by whichever call this Jira has for it."""
        body = pages.request(self.version, jql, fields, cursor, size, properties)
        path = "search/jql" if self.version == 3 else "search"
        with reading("search there"):
            return pages.read(self.version, self._dict("POST", path, body=body), cursor)

    def search(self, jql: str, limit: int, on_page: OnPage | None = None) -> Iterator[Ticket]:
        """Up to `limit` tickets, a page at a time. `on_page` is told how many there are so far.

        On Cloud the index is seconds to minutes behind: what was just made may not be there.
        """
        url = self.site()
        for issue in pages.every(self.raw_page, jql, TICKET_FIELDS, limit, on_page):
            with reading("search there"):
                found = ticket(issue, url)
            yield found

    def site(self) -> str:
        """The address at which people open tickets; behind Atlassian's gateway it is another than ours."""
        if urlsplit(self.base).hostname != GATEWAY:
            return self.base
        if "site" not in self.known:
            with reading("learn its own address"):
                found = _text(self._dict("GET", "serverInfo").get("baseUrl")).rstrip("/")
                if not re.fullmatch(
                    r"https://[a-z0-9-]{1,80}\.(atlassian\.net|jira\.com|atlassian\.com)", found
                ):
                    raise Unreadable
                self.known["site"] = found
        return str(self.known["site"])

    def link_to(self, key: str) -> str:
        return f"{self.site()}/browse/{_part(key)}"

    # ── changing ─────────────────────────────────────────────────────────────────────────

    def create(self, fields: Data, properties: Sequence[Data]) -> Data:
        """Open a ticket: its `id` and `key`. Property and ticket come to be together, or not at all."""
        body: Data = {"fields": fields} | ({"properties": list(properties)} if self.version == 3 else {})
        with writing("open the ticket"):
            made = _issue(self._dict("POST", "issue", body=body))
            return {"id": made["id"], "key": made["key"]}

    def update(self, key: str, fields: Data, operations: Data) -> None:
        body = {name: part for name, part in (("fields", fields), ("update", operations)) if part}
        with writing(f"change {key.upper()}"):
            self._ask("PUT", f"issue/{_part(key)}", body=body)

    def add_comment(self, key: str, text: Any, properties: Sequence[Data]) -> Data:
        body = {"body": text, "properties": list(properties)}
        with writing(f"comment on {key.upper()}"):
            made = self._dict("POST", f"issue/{_part(key)}/comment", body=body)
            if not re.fullmatch(r"[0-9]{1,18}", _text(made.get("id"))):
                raise Unreadable
            return made

    def assign(self, key: str, person: str) -> None:
        with writing(f"assign {key.upper()}"):
            self._ask("PUT", f"issue/{_part(key)}/assignee", body={self.person_field: person or None})

    def move(self, key: str, transition: str, fields: Data) -> None:
        body: Data = {"transition": {"id": transition}} | ({"fields": fields} if fields else {})
        with writing(f"move {key.upper()}"):
            self._ask("POST", f"issue/{_part(key)}/transitions", body=body)

    def add_link(self, type: str, issue: str, other: str) -> None:
        """`issue` blocks (duplicates, …) `other`; Jira calls the one that does so the inward one."""
        ends = [{"id" if each.isdecimal() else "key": each} for each in (issue, other)]
        body = {"type": {"name": type}, "inwardIssue": ends[0], "outwardIssue": ends[1]}
        with writing(f"link {issue} with {other}"):
            self._ask("POST", "issueLink", body=body)

    # ── one call ─────────────────────────────────────────────────────────────────────────

    def _dict(self, method: str, path: str, *, query: Any = None, body: Any = None) -> Data:
        found = self._ask(method, path, query=query, body=body)
        if not isinstance(found, dict):
            raise Unreadable
        return found

    def _ask(self, method: str, path: str, *, query: Any = None, body: Any = None) -> Any:
        """None for an answer that is empty, as it is for most changes."""
        data = None if body is None else json.dumps(body).encode()
        url = self.client._get_url(path)
        response = self.client._session.request(method, url, params=query, data=data)
        if method in ("PUT", "POST") and not response.content and response.status_code in (201, 204):
            return None
        return response.json()


def _part(key: str) -> str:
    """A ticket's key or id as a part of a path."""
    return quote(key.upper(), safe="")


def _issue(found: Data) -> Data:
    if not re.fullmatch(r"[0-9]{1,18}", _text(found.get("id"))) or not _text(found.get("key")):
        raise Unreadable
    return found


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
