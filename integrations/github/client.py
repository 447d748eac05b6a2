"""GitHub as we use it: few calls, plain data in and out, our own errors.

Each call is one request (`access.py` sends it). Lists follow GitHub's own links, one page after
the other, as it asks for, so 500 issues are 5 requests.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, urlsplit

from integrations.errors import NotConfigured, OutcomeUnknown, Refused
from integrations.github import text
from integrations.github.access import Access, Data, Line, requester
from integrations.github.errors import SERVICE, reading, writing
from integrations.github.models import a_repository
from integrations.http import open_session

DEFAULT_BASE = "https://api.github.com"
PAGE = 100
# A hundred bodies of 65,536 characters fit.
LARGEST_ANSWER = 32 << 20
# A look-up that has read this many pages and found nothing has settled nothing.
MOST_PAGES = 20

_APP = ("GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY", "GITHUB_APP_INSTALLATION")
_DOTS = frozenset({".", ".."})
_LINK = re.compile(r'<([^<>]{1,2000})>; rel="(next|last)"')

Page = tuple[list[Data], int]


def connect(settings: Mapping[str, str]) -> GithubService:
    """`GITHUB_TOKEN`, or the three `GITHUB_APP_…`; `GITHUB_API_URL` where it is not github.com."""
    token = settings.get("GITHUB_TOKEN", "").strip()
    given = {name: settings.get(name, "").strip() for name in _APP}
    missing = [name for name, value in given.items() if not value]
    if not token and len(missing) == len(_APP):
        raise NotConfigured(SERVICE, f"is not connected: set GITHUB_TOKEN, or {', '.join(_APP)}")
    if not token and missing:
        raise NotConfigured(SERVICE, f"is not connected: set {' and '.join(missing)}")
    base = (settings.get("GITHUB_API_URL") or DEFAULT_BASE).rstrip("/")
    try:
        session = open_session(base, largest=LARGEST_ANSWER)
    except ValueError as error:
        raise NotConfigured(SERVICE, f"cannot be reached: GITHUB_API_URL: {error}") from None
    parts = urlsplit(base)
    line = Line(parts.hostname or "", f"{parts.scheme}://{parts.netloc}", session)
    default = settings.get("GITHUB_REPOSITORY", "").strip()
    try:
        default = a_repository(default) if default else ""
    except ValueError as error:
        raise NotConfigured(SERVICE, f"is not connected: GITHUB_REPOSITORY: {error}") from None
    return GithubService(_with_token(token, base, line) if token else _with_app(given, base, line), default)


def _with_token(token: str, base: str, line: Line) -> Access:
    from github import Auth

    if not re.fullmatch(r"[!-~]{1,500}", token, re.ASCII):
        raise NotConfigured(SERVICE, "is not connected: GITHUB_TOKEN holds what no token holds")
    return Access(base, line, fixed=requester(Auth.Token(token), base, line))


def _with_app(given: Mapping[str, str], base: str, line: Line) -> Access:
    from github import Auth

    number, key, installation = (given[name] for name in _APP)
    if not re.fullmatch(r"[0-9]{1,18}", installation, re.ASCII):
        raise NotConfigured(SERVICE, "is not connected: GITHUB_APP_INSTALLATION is a number")
    try:
        # In a .env file the line breaks of a key are often written as \n.
        auth = Auth.AppAuth(number, key.replace("\\n", "\n"))
        auth.create_jwt()
    except Exception:
        # Whatever the cryptography's reader raises, its words may hold parts of the key.
        raise NotConfigured(
            SERVICE, "is not connected: GITHUB_APP_PRIVATE_KEY is no private key (PEM)"
        ) from None
    return Access(base, line, app=requester(auth, base, line), installation=int(installation))


@dataclass(frozen=True, slots=True)
class GithubService:
    """One account. Safe to share between threads. `default`: the repository where none is named."""

    access: Access
    default: str = ""

    def repository(self, named: str) -> str:
        if not (named or self.default):
            raise NotConfigured(SERVICE, "was not told which repository: set GITHUB_REPOSITORY")
        return named or self.default

    def login(self) -> str:
        return self.access.login()

    # ── reading ──────────────────────────────────────────────────────────────────────────

    def issue(self, repository: str, number: int) -> Data:
        return self._one("GET", _path(repository, "issues", number), f"look at {repository}#{number}")

    def facts(self, repository: str) -> Data:
        """The repository itself, with what we may do in it."""
        what = f"look at {repository}"
        with reading(what):
            _, data = self.access.ask(self.access.ready(), "GET", _path(repository))
            if not isinstance(data, dict) or not isinstance(data.get("full_name"), str):
                raise ValueError("no repository")
            return dict(data)

    def scopes(self) -> str | None:
        """The scopes of a classic token; None for every other kind, which does not say."""
        with reading("ask who we are"):
            headers, _ = self.access.ask(self.access.ready(), "GET", "/user")
            found = headers.get("x-oauth-scopes")
            return str(found) if found is not None else None

    def find_issue(self, repository: str, key: str, since: datetime) -> Data | None:
        """Ours with this mark, from the list, which does not lag as the search does."""
        wanted = {
            "state": "all",
            "creator": self.login(),
            "since": in_utc(since),
            "sort": "created",
            "direction": "desc",
        }
        what = f"look at the issues of {repository}"
        return self._marked(_path(repository, "issues"), wanted, key, what)

    def find_comment(self, repository: str, number: int, key: str, since: datetime) -> Data | None:
        path, what = _path(repository, "issues", number, "comments"), f"look at {repository}#{number}"
        return self._marked(path, {"since": in_utc(since)}, key, what)

    def pages(self, path: str, parameters: Data, what: str) -> Iterator[Page]:
        """Each page with the number of the last one, as far as GitHub told it (0: it did not)."""
        asked = parameters | {"per_page": PAGE}
        last = 1
        while True:
            with reading(what):
                headers, data = self.access.ask(self.access.ready(), "GET", path, asked)
                found = data.get("items") if isinstance(data, dict) else data
                if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
                    raise ValueError("not a list")
                links = {rel: address for address, rel in _LINK.findall(headers.get("link", ""))}
                following = dict(parse_qsl(urlsplit(links.get("next", "")).query))
                if "last" in links:
                    page = dict(parse_qsl(urlsplit(links["last"]).query)).get("page", "")
                    last = int(page) if page.isascii() and page.isdigit() and len(page) < 7 else 0
                incomplete = isinstance(data, dict) and bool(data.get("incomplete_results"))
            yield found, -1 if incomplete else last
            if not following:
                return
            # Of the link we take where it goes on, never where it leads to.
            asked = asked | {n: v for n, v in following.items() if n in ("page", "after", "before")}

    # ── changing ─────────────────────────────────────────────────────────────────────────

    def create_issue(self, repository: str, body: Data) -> Data:
        path = _path(repository, "issues")
        return self._one("POST", path, f"open an issue in {repository}", body)

    def create_comment(self, repository: str, number: int, body: str) -> Data:
        path, what = _path(repository, "issues", number, "comments"), f"comment on {repository}#{number}"
        return self._one("POST", path, what, {"body": body}, proof="id")

    def change(self, repository: str, number: int, body: Data, what: str) -> Data:
        return self._one("PATCH", _path(repository, "issues", number), what, body)

    def add_labels(self, repository: str, number: int, labels: list[str]) -> list[str]:
        path = _path(repository, "issues", number, "labels")
        return self._labels("POST", path, f"label {repository}#{number}", {"labels": labels})

    def remove_label(self, repository: str, number: int, label: str) -> list[str] | None:
        """What is left; None when it was not there any more."""
        path = _path(repository, "issues", number, "labels", label)
        try:
            return self._labels("DELETE", path, f"take a label off {repository}#{number}")
        except Refused as refused:
            if refused.code != "missing":
                raise
            return None

    def assign(self, repository: str, number: int, add: list[str]) -> Data:
        path, what = _path(repository, "issues", number, "assignees"), f"assign {repository}#{number}"
        return self._one("POST", path, what, {"assignees": add})

    def unassign(self, repository: str, number: int, remove: list[str]) -> Data:
        path, what = _path(repository, "issues", number, "assignees"), f"assign {repository}#{number}"
        return self._one("DELETE", path, what, {"assignees": remove})

    # ── below: one request, one answer ───────────────────────────────────────────────────

    def _one(self, verb: str, path: str, what: str, body: Data | None = None, proof: str = "number") -> Data:
        with reading(what):
            ready = self.access.ready()
        with (reading if verb == "GET" else writing)(what):
            _, data = self.access.ask(ready, verb, path, body=body)
            if not isinstance(data, dict) or type(data.get(proof)) is not int:
                raise ValueError("no number")
            return dict(data)

    def _labels(self, verb: str, path: str, what: str, body: Data | None = None) -> list[str]:
        with reading(what):
            ready = self.access.ready()
        with writing(what):
            _, data = self.access.ask(ready, verb, path, body=body)
            if not isinstance(data, list):
                raise ValueError("not a list")
            return [str(each["name"]) for each in data]

    def _marked(self, path: str, wanted: Data, key: str, what: str) -> Data | None:
        """The thing of ours that bears the mark. Raises `OutcomeUnknown` where the list has no end."""
        for number, (found, _) in enumerate(self.pages(path, wanted, what), 1):
            for each in found:
                if text.bears(each.get("body"), key) and _author(each) == self.login().lower():
                    return each
            if number == MOST_PAGES:
                raise OutcomeUnknown(SERVICE, "lists more than I can look through", code="too_many")
        return None


Progress = Callable[[str], None]


def in_utc(when: datetime) -> str:
    """GitHub's form. The zone is minded here: PyGithub would send +05:00 as if it were UTC."""
    aware = when if when.tzinfo is not None else when.replace(tzinfo=UTC)
    return aware.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _path(repository: str, *rest: str | int) -> str:
    """Each part is quoted by itself, but dots cannot be: they would lead to another address."""
    if _DOTS.intersection(rest):
        raise Refused(
            SERVICE, "has no address for a name of dots alone. Nothing was changed.", code="invalid"
        )
    return "/".join(["/repos", a_repository(repository), *(quote(str(each), safe="") for each in rest)])


def _author(thing: Data) -> str:
    user = thing.get("user")
    return str(user.get("login", "")).lower() if isinstance(user, dict) else ""
