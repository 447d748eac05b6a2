"""The pages of a GitHub repository: what stands at its root, and in its folder docs."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import AsyncIterator, Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from integrations.errors import IntegrationError
from integrations.github.client import GithubService, connect
from integrations.github.errors import reading
from integrations.github.models import a_repository
from integrations.http import budget
from workers.knowledge.item import Item, NotFetched, Skipped

MOST_FILES = 5_000
LONGEST = 60.0
LARGEST = 10 * 1024 * 1024
_ROOT = frozenset({"md", "markdown", "txt", "rst"})
_DOCS = _ROOT | {"html", "htm", "pdf", "docx", "mdx"}
_SHA = re.compile(r"[0-9a-f]{40,64}\Z")


class Github:
    """Its wiki is a repository of its own, which the API does not read: a checkout of it is a folder."""

    def __init__(
        self, settings: Mapping[str, str], repository: str = "", service: GithubService | None = None
    ) -> None:
        self._service = service or connect(settings)
        self._repository = a_repository(repository or self._service.default)
        self.name = f"github:{self._repository.lower()}"
        self.total: int | None = None

    async def items(self) -> AsyncIterator[Item | Skipped]:
        try:
            facts, files = await asyncio.to_thread(self._files)
        except IntegrationError as error:
            raise NotFetched(str(error).rstrip(".")) from None
        self.total = len(files)
        branch, web = str(facts.get("default_branch") or "main"), str(facts.get("html_url") or "")
        web = web if web.startswith(("https://", "http://")) else ""
        for file in files:
            yield self._item(file, f"{web}/blob/{quote(branch)}" if web else "")

    def _files(self) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        what = f"read the files of {self._repository}"
        with budget(LONGEST):
            facts = self._service.facts(self._repository)
            branch = quote(str(facts.get("default_branch") or "main"), safe="")
            path = f"/repos/{self._repository}/git/trees/{branch}"
            with reading(what):
                access = self._service.access
                _, tree = access.ask(access.ready(), "GET", path, {"recursive": "1"})
                found = [dict(each) for each in tree["tree"] if each["type"] == "blob"]
                cut = tree.get("truncated") is True
        wanted = [each for each in found if is_a_page(str(each.get("path", "")))]
        if cut or len(wanted) > MOST_FILES:
            raise NotFetched(f"{self._repository} has more files than can be listed at once")
        return facts, sorted(wanted, key=lambda each: str(each["path"]))

    def _item(self, file: dict[str, Any], web: str) -> Item | Skipped:
        path, sha = str(file["path"]), str(file.get("sha", ""))
        if not _SHA.match(sha) or int(file.get("size") or 0) > LARGEST:
            return Skipped(path, "it is too large")

        async def load() -> bytes:
            try:
                return await asyncio.to_thread(self._bytes, path, sha)
            except IntegrationError as error:
                raise NotFetched(str(error).rstrip(".")) from None

        return Item(path, path, load, f"{web}/{quote(path)}" if web else "", stamp=sha)

    def _bytes(self, path: str, sha: str) -> bytes:
        with budget(LONGEST), reading(f"read {path[:200]}"):
            access = self._service.access
            _, blob = access.ask(access.ready(), "GET", f"/repos/{self._repository}/git/blobs/{sha}")
            if blob["encoding"] != "base64":
                raise ValueError("another encoding")
            return base64.b64decode(blob["content"])


def is_a_page(path: str) -> bool:
    parts = PurePosixPath(path).parts
    ending = PurePosixPath(path).suffix.lower().removeprefix(".")
    if len(parts) == 1:
        return ending in _ROOT or path.upper() == "README"
    return parts[0].lower() in ("docs", "doc", "documentation", "wiki") and ending in _DOCS
