"""The sandbox's memory: one SQLite file in WAL mode. A request is one transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Data = dict[str, Any]

_SCHEMA = """
create table if not exists things (
    seq integer primary key autoincrement,
    kind text not null,
    key text not null,
    parent text not null default '',
    updated real not null default 0,
    json text not null,
    unique (kind, key)
);
create index if not exists things_by_parent on things (kind, parent, updated);
create table if not exists deliveries (
    seq integer primary key autoincrement,
    guid text not null,
    event text not null,
    body text not null,
    attempts integer not null default 0,
    next_at real not null,
    state text not null default 'waiting'
);
create index if not exists deliveries_waiting on deliveries (state, next_at);
"""


class Store:
    """Used from one thread: the event loop's. Keys are in small letters."""

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

    # ── things: users, repositories, labels, issues, comments, who was notified ─────────

    def put(self, kind: str, key: str, thing: Data, *, parent: str = "", updated: float = 0) -> Data:
        self._db.execute(
            "insert into things (kind, key, parent, updated, json) values (?, ?, ?, ?, ?)"
            " on conflict (kind, key) do update set json = excluded.json, updated = excluded.updated",
            (kind, key.lower(), parent.lower(), updated, json.dumps(thing)),
        )
        return thing

    def get(self, kind: str, key: str) -> Data | None:
        row = self._db.execute(
            "select json from things where kind = ? and key = ?", (kind, key.lower())
        ).fetchone()
        return dict(json.loads(row[0])) if row else None

    def all(self, kind: str, parent: str | None = None, since: float = 0) -> list[Data]:
        """Oldest first."""
        sql = "select json from things where kind = ? and updated >= ?"
        values: list[Any] = [kind, since]
        if parent is not None:
            sql, values = f"{sql} and parent = ?", [*values, parent.lower()]
        return [json.loads(text) for (text,) in self._db.execute(f"{sql} order by seq", values)]

    def count(self, kind: str, parent: str) -> int:
        found = self._db.execute(
            "select count(*) from things where kind = ? and parent = ?", (kind, parent.lower())
        ).fetchone()
        return int(found[0])

    def next_id(self) -> int:
        found = self._db.execute("select coalesce(max(seq), 0) from things").fetchone()
        return 3_000_000_000 + int(found[0]) + 1

    # ── deliveries ───────────────────────────────────────────────────────────────────────

    def queue(self, guid: str, event: str, body: str, at: float) -> None:
        self._db.execute(
            "insert into deliveries (guid, event, body, next_at) values (?, ?, ?, ?)", (guid, event, body, at)
        )

    def due(self, now: float) -> tuple[int, str, str, str, int] | None:
        """The delivery that waits longest: number, guid, event, body, tries so far."""
        row = self._db.execute(
            "select seq, guid, event, body, attempts from deliveries"
            " where state = 'waiting' and next_at <= ? order by seq limit 1",
            (now,),
        ).fetchone()
        return tuple(row) if row else None

    def sent(self, number: int, state: str) -> None:
        self._db.execute(
            "update deliveries set state = ?, attempts = attempts + 1 where seq = ?", (state, number)
        )

    def redeliver(self, guid: str, at: float) -> int:
        """The same body under the same guid, once more; of `guid` empty, all that failed."""
        where, values = ("guid = ?", (guid,)) if guid else ("state = 'failed'", ())
        done = self._db.execute(
            f"update deliveries set state = 'waiting', next_at = ? where {where}",  # noqa: S608  # two of ours
            (at, *values),
        )
        return done.rowcount

    def deliveries(self) -> list[tuple[str, str, str, int]]:
        """Guid, event, state and tries of every delivery, oldest first."""
        rows = self._db.execute("select guid, event, state, attempts from deliveries order by seq")
        return [tuple(row) for row in rows]

    # ── all of it ────────────────────────────────────────────────────────────────────────

    def empty(self) -> bool:
        return self._db.execute("select 1 from things limit 1").fetchone() is None

    def clear(self) -> None:
        for table in ("things", "deliveries"):
            self._db.execute(f"delete from {table}")  # noqa: S608  # our own two names
