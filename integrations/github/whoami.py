"""Who we are at GitHub, and what we may not do there, for `countersign doctor`."""

from __future__ import annotations

from integrations.base import Identity
from integrations.errors import Refused
from integrations.github.client import GithubService
from integrations.http import budget

LONGEST = 35.0


def whoami(service: GithubService) -> Identity:
    """`id` is our login in small letters, which is what `Happened.actor` holds for what we did."""
    with budget(LONGEST):
        login = service.login()
        missing = [*_scopes(service), *_granted(service), *_repository(service)]
    return Identity(id=login.lower(), name=login, missing=tuple(missing))


def _scopes(service: GithubService) -> list[str]:
    if service.access.fixed is None:
        return []
    found = service.scopes()
    if found is None or {"repo", "public_repo"} & {each.strip() for each in found.split(",")}:
        return []
    return ["the token lacks the scope “repo”, so it cannot write issues"]


def _granted(service: GithubService) -> list[str]:
    granted = service.access.permissions()
    if service.access.fixed is not None or granted.get("issues") == "write":
        return []
    return ["the App was not granted “Issues: read and write”"]


def _repository(service: GithubService) -> list[str]:
    name = service.default
    if not name:
        return ["GITHUB_REPOSITORY is not set, so each call has to name one"]
    try:
        facts = service.facts(name)
    except Refused:
        return [f"{name} is not there, or not shown to us"]
    missing = []
    if facts.get("has_issues") is False:
        missing.append(f"issues are switched off in {name}")
    if facts.get("archived"):
        missing.append(f"{name} is archived, so nothing in it can be changed")
    may = facts.get("permissions")
    if (
        service.access.fixed is not None
        and isinstance(may, dict)
        and not (may.get("push") or may.get("triage"))
    ):
        missing.append(f"we may not label or assign in {name}: GitHub drops both without a word")
    return missing
