"""One request to the sandbox's API, and what every endpoint needs of it; what it tells by webhook."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import Any

from integrations.jira.sandbox import things
from integrations.jira.sandbox.faults import Refusal, missing
from integrations.jira.sandbox.store import Data, Store
from integrations.jira.sandbox.things import ME


@dataclass(slots=True)
class Call:
    """`by` is who does it: us, or with `act` somebody else. `lag`: how far the search is behind."""

    store: Store
    now: float
    home: str
    version: int = 3
    by: str = ME
    lag: float = 0.0
    query: dict[str, str] = field(default_factory=dict)
    body: Data = field(default_factory=dict)
    denied: frozenset[str] = frozenset()
    off_screen: frozenset[str] = frozenset()

    def may(self, right: str) -> None:
        if self.by == ME and right in self.denied:
            raise Refusal("You do not have permission to do this.", status=403)

    def issue(self, key: str) -> Data:
        self.may_see()
        found = self.store.issue(key)
        if found is None:
            raise missing()
        return found

    def may_see(self) -> None:
        """Jira does not say that there is something which one may not see."""
        if self.by == ME and "BROWSE_PROJECTS" in self.denied:
            raise missing()

    def keep(self, issue: Data) -> Data:
        issue["updated"] = self.now
        return self.store.put(issue, self.now + (self.lag if self.version == 3 else 0.0))

    def number(self, name: str, default: int, most: int) -> int:
        value = self.body.get(name, self.query.get(name, default))
        if isinstance(value, str) and value.isdecimal():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise Refusal(f"The value of {name} is invalid.")
        return min(value, most)

    # ── webhooks ─────────────────────────────────────────────────────────────────────────

    def tell(self, event: str, issue: Data, **more: Any) -> None:
        """Queue an event in the same transaction. Webhooks have the second version's form of texts."""
        shown = things.issue(self.store, issue, 2, self.home)
        for name in ("assignee", "creator", "reporter"):
            shown["fields"][name] = self._who(issue[name])
        told = {"timestamp": int(self.now * 1000), "webhookEvent": event, "user": self._who(self.by)}
        body = json.dumps(told | {"issue": shown} | more)
        self.store.queue(str(uuid.uuid4()), event, body, self.now)

    def tell_change(self, issue: Data, *items: tuple[str, str, str]) -> None:
        changes = [
            {"field": name, "fieldtype": "jira", "from": None, "fromString": a, "to": None, "toString": b}
            for name, a, b in items
        ]
        if changes:
            log = {"id": str(self.store.next("change", 20001)), "items": changes}
            kind = "issue_generic" if changes[0]["field"] == "status" else "issue_updated"
            self.tell("jira:issue_updated", issue, issue_event_type_name=kind, changelog=log)

    def tell_comment(self, issue: Data, comment: Data) -> None:
        shown = things.comment(self.store, comment, 2, self.home)
        shown["author"] = shown["updateAuthor"] = self._who(comment["author"])
        self.tell("comment_created", issue, comment=shown)

    def _who(self, id: str | None) -> Data | None:
        """As this Jira knows people; without a version of the request's, as Cloud does."""
        return things.person(self.store.person(id), self.version)
