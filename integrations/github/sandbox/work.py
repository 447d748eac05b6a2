"""What can be done to issues, by us over the API or by others: the change, who is told, the webhook."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass
from typing import Any

from integrations.github.sandbox import things
from integrations.github.sandbox.faults import Refusal, not_found
from integrations.github.sandbox.store import Data, Store

LONGEST_BODY = 65_536
MOST_ASSIGNEES = 10
US, OUR_APP = "countersign-bot", "countersign[bot]"

_CODE = re.compile(r"(?<!\\)(?:```.*?```|`[^`\n]*`|<!--.*?-->|<https?://[^>\s]*>)", re.DOTALL)
_MENTION = re.compile(r"(?<![\w/@`.-])@([A-Za-z0-9][A-Za-z0-9-]{0,38})", re.ASCII)
_REFERENCE = re.compile(r"(?i)(?<![\w&])(?:#|GH-)(\d{1,9})\b", re.ASCII)


@dataclass(slots=True)
class Work:
    """Whoever acts, at which time. `home` is the address that this sandbox is reached at."""

    store: Store
    now: float
    home: str
    who: str

    # ── looking ──────────────────────────────────────────────────────────────────────────

    def person(self, login: str) -> Data:
        found = self.store.get("user", login)
        if found is None:
            found = {"login": login, "id": self.store.next_id()}
            self.store.put("user", login, found)
        return found

    def people(self) -> dict[str, Data]:
        return {each["login"].lower(): each for each in self.store.all("user")}

    def repository(self, name: str) -> Data:
        found = self.store.get("repo", name)
        if found is None or found.get("hidden"):
            raise not_found()
        return found

    def issue(self, repo: str, number: int) -> Data:
        found = self.store.get("issue", f"{self.repository(repo)['full_name']}#{number}")
        if found is None:
            raise not_found()
        if found.get("deleted"):
            raise Refusal(410, "This issue was deleted")
        return found

    def shown(self, issue: Data, people: dict[str, Data] | None = None) -> Data:
        labels = [self.label(issue["repo"], name) for name in issue["labels"]]
        return things.issue(issue, self.home, people or self.people(), labels)

    def label(self, repo: str, name: str) -> Data:
        found = self.store.get("label", f"{repo}:{name}")
        if found is None:
            found = {"id": self.store.next_id(), "repo": repo, "name": name, "color": "ededed"}
            self.store.put("label", f"{repo}:{name}", found, parent=repo)
        return found

    # ── doing ────────────────────────────────────────────────────────────────────────────

    def open(self, repo: Data, title: str, body: str | None, labels: list[str], assignees: list[str]) -> Data:
        self.person(self.who)
        number = self.store.count("issue", repo["full_name"]) + 1
        issue: Data = {
            "id": self.store.next_id(),
            "repo": repo["full_name"],
            "number": number,
            "title": title,
            "body": body,
            "user": self.who,
            "labels": [],
            "assignees": [],
            "state": "open",
            "state_reason": None,
            "locked": False,
            "pull": False,
            "merged_at": None,
            "comments": 0,
            "created_at": self.now,
            "updated_at": self.now,
            "closed_at": None,
        }
        self.keep(issue)
        self.read(issue, body or "")
        self.emit(issue, "opened")
        self.add_labels(issue, labels)
        self.add_assignees(issue, assignees)
        return issue

    def comment(self, issue: Data, body: str) -> Data:
        author = self.person(self.who)
        made: Data = {
            "id": self.store.next_id(),
            "repo": issue["repo"],
            "number": issue["number"],
            "user": self.who,
            "body": body,
            "created_at": self.now,
            "updated_at": self.now,
        }
        self.store.put(
            "comment",
            str(made["id"]),
            made,
            parent=f"{issue['repo']}#{issue['number']}",
            updated=self.now,
        )
        issue["comments"] += 1
        self.keep(issue)
        self.read(issue, body)
        shown = things.comment(made, self.home, author, issue)
        self.emit(issue, "created", event="issue_comment", comment=shown)
        return shown

    def add_labels(self, issue: Data, names: list[str]) -> None:
        have = {each.lower() for each in issue["labels"]}
        for name in names:
            if name.lower() not in have:
                known = self.label(issue["repo"], name)
                issue["labels"].append(known["name"])
                have.add(name.lower())
                self.keep(issue)
                self.emit(issue, "labeled", label=things.label(known, self.home))

    def remove_label(self, issue: Data, name: str) -> None:
        left = [each for each in issue["labels"] if each.lower() != name.lower()]
        if len(left) == len(issue["labels"]):
            raise Refusal(404, "Label does not exist")
        issue["labels"] = left
        self.keep(issue)
        known = things.label(self.label(issue["repo"], name), self.home)
        self.emit(issue, "unlabeled", label=known)

    def add_assignees(self, issue: Data, logins: list[str]) -> None:
        """Whoever is not known here is left out without a word."""
        have = {each.lower() for each in issue["assignees"]}
        for login in logins:
            known = self.store.get("user", login)
            if known is None or login.lower() in have or len(have) == MOST_ASSIGNEES:
                continue
            issue["assignees"].append(known["login"])
            have.add(login.lower())
            self.keep(issue)
            self.emit(issue, "assigned", assignee=things.user(known, self.home))

    def remove_assignees(self, issue: Data, logins: list[str]) -> None:
        gone = {each.lower() for each in logins}
        for login in [each for each in issue["assignees"] if each.lower() in gone]:
            issue["assignees"].remove(login)
            self.keep(issue)
            self.emit(issue, "unassigned", assignee=things.user(self.person(login), self.home))

    def set_state(self, issue: Data, state: str, reason: str | None, *, merged: bool = False) -> None:
        if issue["state"] == state:
            return
        closed = state == "closed"
        issue["state"] = state
        issue["state_reason"] = None if issue["pull"] else (reason or ("completed" if closed else "reopened"))
        issue["closed_at"] = self.now if closed else None
        issue["merged_at"] = self.now if merged and issue["pull"] else None
        self.keep(issue)
        self.emit(issue, "closed" if closed else "reopened")

    def delete(self, issue: Data) -> None:
        self.emit(issue, "deleted")
        issue["deleted"] = True
        self.keep(issue)

    # ── what follows ─────────────────────────────────────────────────────────────────────

    def keep(self, issue: Data) -> None:
        issue["updated_at"] = self.now
        key = f"{issue['repo']}#{issue['number']}"
        self.store.put("issue", key, issue, parent=issue["repo"], updated=int(self.now))

    def read(self, issue: Data, body: str) -> None:
        """Whom a text mentions is notified; what it refers to shows that. As it is rendered:
        a backslash hides a letter from Markdown, not from this."""
        seen = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", _CODE.sub(" ", body))
        where = f"{issue['repo']}#{issue['number']}"
        for login in dict.fromkeys(found[1] for found in _MENTION.finditer(seen)):
            if self.store.get("user", login) is not None:
                self._told("notified", {"who": login.lower(), "where": where, "by": self.who})
        for number in dict.fromkeys(int(found[1]) for found in _REFERENCE.finditer(seen)):
            if self.store.get("issue", f"{issue['repo']}#{number}") is not None:
                self._told("referenced", {"what": f"{issue['repo']}#{number}", "where": where})

    def _told(self, kind: str, thing: Data) -> None:
        self.store.put(kind, str(uuid.uuid4()), thing, parent=thing["where"])

    def emit(self, issue: Data, action: str, event: str = "issues", **more: Any) -> None:
        """Queued in the transaction of what it tells."""
        shown = self.shown(issue)
        repo = self.repository(issue["repo"])
        payload: Data = {"action": action}
        if issue["pull"] and event == "issues":
            event = "pull_request"
            payload |= {"number": issue["number"], "pull_request": things.pull_request(issue, shown)}
        else:
            payload["issue"] = shown
        owner = self.person(repo["full_name"].partition("/")[0])
        payload |= more
        payload["repository"] = things.repository(repo, self.home, owner)
        payload["sender"] = things.user(self.person(self.who), self.home)
        self.store.queue(str(uuid.uuid4()), event, json.dumps(payload), self.now)
