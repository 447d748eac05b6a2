"""The sandbox's memory: one SQLite file in WAL mode. A request is one transaction.

A ticket is kept twice: as it is, and as the search shows it, which follows after a while.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Data = dict[str, Any]

_SCHEMA = """
create table if not exists issues (
    id integer primary key,
    key text not null unique,
    json text not null,
    shown text,
    due real not null
);
create index if not exists issues_due on issues (due) where shown is null or shown <> json;
create table if not exists comments (
    id integer primary key,
    issue integer not null,
    json text not null
);
create index if not exists comments_of on comments (issue, id);
create table if not exists people (id text primary key, json text not null);
create table if not exists counters (name text primary key, value integer not null);
create table if not exists deliveries (
    seq integer primary key autoincrement,
    identifier text not null,
    event text not null,
    body text not null,
    attempts integer not null default 0,
    next_at real not null,
    state text not null default 'waiting'
);
create index if not exists deliveries_waiting on deliveries (state, next_at);
"""
_TABLES = ("issues", "comments", "people", "counters", "deliveries")


class Store:
    """Used from one thread: the event loop's. Statements take fractions of a millisecond."""

    def __init__(self, path: Path | str) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = normal")
        self._db.execute("pragma busy_timeout = 5000")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._db.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._db.execute("rollback")
            raise
        self._db.execute("commit")

    def next(self, name: str, first: int = 1) -> int:
        """The next number of a kind; numbers are never used again."""
        self._db.execute("insert or ignore into counters values (?, ?)", (name, first - 1))
        row = self._db.execute(
            "update counters set value = value + 1 where name = ? returning value", (name,)
        ).fetchone()
        return int(row[0])

    # ── tickets ──────────────────────────────────────────────────────────────────────────

    def put(self, issue: Data, due: float) -> Data:
        """Keep a new ticket, or the new state of one; the search shows it from `due` on."""
        self._db.execute(
            "insert into issues (id, key, json, due) values (?, ?, ?, ?)"
            " on conflict (id) do update set json = excluded.json, key = excluded.key, due = excluded.due",
            (int(issue["id"]), issue["key"], json.dumps(issue), due),
        )
        return issue

    def issue(self, key_or_id: str) -> Data | None:
        row = self._db.execute(
            "select json from issues where key = ? or id = ?",
            (key_or_id.upper(), int(key_or_id) if key_or_id.isdecimal() and len(key_or_id) < 19 else -1),
        ).fetchone()
        return dict(json.loads(row[0])) if row else None

    def issues(self) -> list[Data]:
        """All of them as they are, newest first."""
        return [json.loads(text) for (text,) in self._db.execute("select json from issues order by id desc")]

    def shown(self, now: float) -> list[Data]:
        """All of them as the search has them by now, newest first."""
        self._db.execute(
            "update issues set shown = json where (shown is null or shown <> json) and due <= ?", (now,)
        )
        rows = self._db.execute("select shown from issues where shown is not null order by id desc")
        return [json.loads(text) for (text,) in rows]

    def remove(self, issue: Data) -> None:
        self._db.execute("delete from comments where issue = ?", (int(issue["id"]),))
        self._db.execute("delete from issues where id = ?", (int(issue["id"]),))

    def say(self, issue: Data, comment: Data) -> Data:
        self._db.execute(
            "insert into comments values (?, ?, ?)",
            (int(comment["id"]), int(issue["id"]), json.dumps(comment)),
        )
        return comment

    def comments(self, issue: Data) -> list[Data]:
        """Oldest first."""
        rows = self._db.execute("select json from comments where issue = ? order by id", (int(issue["id"]),))
        return [json.loads(text) for (text,) in rows]

    # ── people ───────────────────────────────────────────────────────────────────────────

    def meet(self, person: Data) -> None:
        self._db.execute("insert or replace into people values (?, ?)", (person["id"], json.dumps(person)))

    def person(self, id: str | None) -> Data | None:
        row = self._db.execute("select json from people where id = ?", (id or "",)).fetchone()
        return dict(json.loads(row[0])) if row else None

    def people(self) -> list[Data]:
        return [json.loads(text) for (text,) in self._db.execute("select json from people order by id")]

    # ── deliveries ───────────────────────────────────────────────────────────────────────

    def queue(self, identifier: str, event: str, body: str, at: float) -> None:
        self._db.execute(
            "insert into deliveries (identifier, event, body, next_at) values (?, ?, ?, ?)",
            (identifier, event, body, at),
        )

    def due(self, now: float) -> tuple[int, str, str, int] | None:
        """The delivery that waits longest: its number, identifier, body, tries so far."""
        row = self._db.execute(
            "select seq, identifier, body, attempts from deliveries"
            " where state = 'waiting' and next_at <= ? order by seq limit 1",
            (now,),
        ).fetchone()
        return tuple(row) if row else None

    def tried(self, number: int, state: str, next_at: float = 0.0) -> None:
        self._db.execute(
            "update deliveries set state = ?, attempts = attempts + 1, next_at = ? where seq = ?",
            (state, next_at, number),
        )

    def deliveries(self) -> list[tuple[str, str, int]]:
        """Event, state and tries of every delivery, oldest first."""
        rows = self._db.execute("select event, state, attempts from deliveries order by seq")
        return [tuple(row) for row in rows]

    # ── all of it ────────────────────────────────────────────────────────────────────────

    def empty(self) -> bool:
        return self._db.execute("select 1 from people limit 1").fetchone() is None

    def clear(self) -> None:
        for table in _TABLES:
            self._db.execute(f"delete from {table}")  # noqa: S608  # our own five names
