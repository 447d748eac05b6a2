"""One request to the sandbox's API: its parameters, checked as GitHub checks them, and its pages."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from integrations.github.sandbox.faults import Refusal, invalid, not_found
from integrations.github.sandbox.store import Data
from integrations.github.sandbox.work import Work


@dataclass(slots=True)
class Call(Work):
    """`links` become the header by which one finds the next page."""

    query: dict[str, str] = field(default_factory=dict)
    body: Any = None
    links: str = ""
    app: bool = False

    def fields(self, *names: str) -> Data:
        """The body, an object; what it does not know GitHub ignores."""
        if not isinstance(self.body, dict):
            raise Refusal(400, "Problems parsing JSON")
        return {name: self.body[name] for name in names if name in self.body}

    def names(self, of: str, values: Any, key: str, resource: str = "Issue") -> list[str]:
        """A list of names, or of objects with a name."""
        if not isinstance(values, list):
            raise invalid(resource, of)
        found = [each.get(key) if isinstance(each, dict) else each for each in values]
        names = [each for each in found if isinstance(each, str) and each]
        if len(names) != len(found):
            raise invalid(resource, of)
        return names

    def repo(self, name: str) -> Data:
        return self.repository(name)

    def writable(self, name: str) -> Data:
        found = self.repository(name)
        if found["archived"]:
            raise Refusal(403, "Repository was archived so is read-only.")
        if not found["has_issues"]:
            raise Refusal(410, "Issues has been disabled in this repository.")
        return found

    def whole(self, name: str, default: int, most: int) -> int:
        text = self.query.get(name, str(default))
        if not (text.isascii() and text.isdigit() and len(text) < 9):
            return default
        return min(max(int(text), 1), most)

    def page(self, found: list[Any], path: str, most: int | None = None) -> list[Any]:
        """One page of the whole list; the links name the repository by its number, as GitHub's do."""
        size, number = self.whole("per_page", 30, 100), self.whole("page", 1, 10**6)
        if most is not None and (number - 1) * size >= most:
            raise Refusal(422, f"Only the first {most} search results are available")
        last = max(1, -(-min(len(found), most or len(found)) // size))
        rels = {"prev": number - 1, "next": number + 1, "last": last, "first": 1}
        if number == 1:
            rels.pop("prev"), rels.pop("first")
        if number >= last:
            rels.pop("next"), rels.pop("last")
        self.links = ", ".join(
            f'<{self.home}{path}?{urlencode(self.query | {"page": str(page)})}>; rel="{rel}"'
            for rel, page in rels.items()
            if last > 1
        )
        return found[(number - 1) * size : number * size][: (most or len(found)) - (number - 1) * size]

    def moment(self, name: str) -> float:
        text = self.query.get(name, "")
        if not text:
            return 0
        try:
            when = datetime.fromisoformat(text)
        except ValueError:
            raise Refusal(422, "Invalid since") from None
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()

    def found(self, repo: str, number: str) -> Data:
        if len(number) > 9:
            raise not_found()
        return self.issue(repo, int(number))
