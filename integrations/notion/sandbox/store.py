"""The sandbox's memory: one SQLite file in WAL mode. A request is one transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from integrations.notion.sandbox.faults import missing

Data = dict[str, Any]

_SCHEMA = """
create table if not exists objects (
    seq integer primary key autoincrement,
    id text not null unique,
    kind text not null,
    parent text not null default '',
    json text not null
);
create index if not exists objects_by_parent on objects (kind, parent, seq);
create table if not exists deliveries (
    seq integer primary key autoincrement,
    event text not null,
    entity text not null,
    type text not null,
    body text not null,
    attempts integer not null default 0,
    next_at real not null,
    state text not null default 'waiting'
);
create index if not exists deliveries_waiting on deliveries (state, next_at);
"""


class Store:
    """Used from one thread: the event loop's. Statements take fractions of a millisecond.

    An object's keys that begin with `_` are ours and never shown: `_made` and `_edited` are exact
    times, where Notion tells minutes.
    """

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

    # ── objects ──────────────────────────────────────────────────────────────────────────

    def put(self, thing: Data, parent: str = "") -> Data:
        """Keep a new object under its parent, or the new state of one."""
        self._db.execute(
            "insert into objects (id, kind, parent, json) values (?, ?, ?, ?)"
            " on conflict (id) do update set json = excluded.json",
            (thing["id"], thing["object"], parent, json.dumps(thing)),
        )
        return thing

    def find(self, kind: str, id: str) -> Data | None:
        row = self._db.execute("select json from objects where id = ? and kind = ?", (id, kind)).fetchone()
        return dict(json.loads(row[0])) if row else None

    def get(self, kind: str, id: str) -> Data:
        found = self.find(kind, id)
        if found is None or found.get("_unshared"):
            raise missing(kind, id)
        return found

    def under(self, kind: str, parent: str) -> list[Data]:
        """In the order in which they were made."""
        rows = self._db.execute(
            "select json from objects where kind = ? and parent = ? order by seq", (kind, parent)
        )
        return [json.loads(text) for (text,) in rows]

    def all(self, kind: str) -> list[Data]:
        rows = self._db.execute("select json from objects where kind = ? order by seq", (kind,))
        return [json.loads(text) for (text,) in rows]

    def remove(self, id: str) -> None:
        self._db.execute("delete from objects where id = ?", (id,))

    def has_under(self, kind: str, parent: str) -> bool:
        row = self._db.execute(
            "select 1 from objects where kind = ? and parent = ? limit 1", (kind, parent)
        ).fetchone()
        return row is not None

    # ── deliveries ───────────────────────────────────────────────────────────────────────

    def queue(self, event: Data, at: float) -> None:
        self._db.execute(
            "insert into deliveries (event, entity, type, body, next_at) values (?, ?, ?, ?, ?)",
            (event["id"], event["entity"]["id"], event["type"], json.dumps(event), at),
        )

    def gathering(self, entity: str, type: str, now: float) -> tuple[int, Data] | None:
        """The event of this kind that has not been sent yet, to be added to."""
        row = self._db.execute(
            "select seq, body from deliveries where entity = ? and type = ?"
            " and state = 'waiting' and attempts = 0 and next_at > ? limit 1",
            (entity, type, now),
        ).fetchone()
        return (int(row[0]), json.loads(row[1])) if row else None

    def gather(self, number: int, event: Data) -> None:
        self._db.execute("update deliveries set body = ? where seq = ?", (json.dumps(event), number))

    def due(self, now: float) -> tuple[int, str, int] | None:
        """The delivery that waits longest: its number, the body, tries so far."""
        row = self._db.execute(
            "select seq, body, attempts from deliveries"
            " where state = 'waiting' and next_at <= ? order by next_at, seq limit 1",
            (now,),
        ).fetchone()
        return tuple(row) if row else None

    def delivered(self, number: int) -> None:
        self._db.execute(
            "update deliveries set state = 'done', attempts = attempts + 1 where seq = ?", (number,)
        )

    def undelivered(self, number: int, next_at: float, give_up: bool) -> None:
        self._db.execute(
            "update deliveries set state = ?, attempts = attempts + 1, next_at = ? where seq = ?",
            ("given up" if give_up else "waiting", next_at, number),
        )

    def deliveries(self) -> list[tuple[str, str, int]]:
        """Type, state and tries of every delivery, oldest first."""
        rows = self._db.execute("select type, state, attempts from deliveries order by seq")
        return [tuple(row) for row in rows]

    # ── all of it ────────────────────────────────────────────────────────────────────────

    def empty(self) -> bool:
        return self._db.execute("select 1 from objects limit 1").fetchone() is None

    def clear(self) -> None:
        for table in ("objects", "deliveries"):
            self._db.execute(f"delete from {table}")  # noqa: S608  # our own two names
