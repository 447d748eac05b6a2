"""What the stand-ins remember: documents, a numbered stream of events, and the log of the wire.

SQLite in WAL mode: a `kill -9` at any moment loses at most the change that was under way.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.workbench.cast import Json

EVENTS_KEPT = 5_000
WIRE_KEPT = 500

SCHEMA = """
CREATE TABLE IF NOT EXISTS doc (
    kind TEXT NOT NULL, key TEXT NOT NULL, grp TEXT NOT NULL, n INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (kind, key)
);
CREATE INDEX IF NOT EXISTS doc_order ON doc (kind, n);
CREATE INDEX IF NOT EXISTS doc_group ON doc (kind, grp, n);
CREATE TABLE IF NOT EXISTS event (seq INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS wire (id INTEGER PRIMARY KEY AUTOINCREMENT, shown TEXT NOT NULL, again TEXT);
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""


class Store:
    """One per process. Not for threads: every method is short and is called from the event loop."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.clock = clock
        self.listeners: set[Callable[[], None]] = set()
        self._deep = 0
        self._emitted = False
        self._db = sqlite3.connect(path, isolation_level=None, timeout=5)
        path.chmod(0o600)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def change(self) -> Iterator[None]:
        """One transaction; within it no `await`. A change inside a change joins it."""
        if self._deep:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        self._deep += 1
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            self._emitted = False
            raise
        else:
            self._db.execute("COMMIT")
        finally:
            self._deep -= 1
        if self._emitted:
            self._emitted = False
            for tell in tuple(self.listeners):
                tell()

    # ── documents ──
    def put(self, kind: str, key: str, body: Json, group: str = "") -> None:
        """New at the end, or replaced where it stands."""
        with self.change():
            self._db.execute(
                "INSERT INTO doc (kind, key, grp, n, body)"
                " VALUES (?, ?, ?, (SELECT coalesce(max(n), 0) + 1 FROM doc WHERE kind = ?), ?)"
                " ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body, grp = excluded.grp",
                (kind, key, group, kind, json.dumps(body)),
            )

    def get(self, kind: str, key: str) -> Json | None:
        row = self._db.execute("SELECT body FROM doc WHERE kind = ? AND key = ?", (kind, key)).fetchone()
        return json.loads(row[0]) if row else None

    def newest(self, kind: str, limit: int = 500, group: str | None = None) -> list[Json]:
        """The last `limit` of a kind, oldest first."""
        where, values = ("kind = ?", [kind]) if group is None else ("kind = ? AND grp = ?", [kind, group])
        rows = self._db.execute(
            f"SELECT body FROM doc WHERE {where} ORDER BY n DESC LIMIT ?",  # noqa: S608 - two constants
            (*values, limit),
        ).fetchall()
        return [json.loads(body) for (body,) in reversed(rows)]

    def drop(self, kind: str, key: str) -> bool:
        with self.change():
            cursor = self._db.execute("DELETE FROM doc WHERE kind = ? AND key = ?", (kind, key))
        return cursor.rowcount > 0

    def keep_newest(self, kind: str, count: int) -> None:
        with self.change():
            self._db.execute(
                "DELETE FROM doc WHERE kind = ? AND n <= (SELECT max(n) FROM doc WHERE kind = ?) - ?",
                (kind, kind, count),
            )

    # ── numbers that only grow, over resets and restarts alike ──
    def tick(self, name: str, at_least: int) -> int:
        """`at_least`, or one more than last time where that is more."""
        with self.change():
            row = self._db.execute(
                "INSERT INTO counter (name, value) VALUES (?, ?)"
                " ON CONFLICT (name) DO UPDATE SET value = max(value + 1, excluded.value) RETURNING value",
                (name, at_least),
            ).fetchone()
        return int(row[0])

    # ── events ──
    def emit(self, event: Json) -> None:
        with self.change():
            self._db.execute("INSERT INTO event (body) VALUES (?)", (json.dumps(event),))
            self._emitted = True
            seq = self.seq()
            if seq % 100 == 0:
                self._db.execute("DELETE FROM event WHERE seq <= ?", (seq - EVENTS_KEPT,))

    def seq(self) -> int:
        row = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'event'").fetchone()
        return int(row[0]) if row else 0

    def events_after(self, seq: int, limit: int = 200) -> list[Json] | None:
        """The next events, or None where the reader has to start over: some are gone, or it is ahead."""
        newest = self.seq()
        rows = self._db.execute(
            "SELECT seq, body FROM event WHERE seq > ? ORDER BY seq LIMIT ?", (seq, limit)
        ).fetchall()
        if seq > newest or (seq < newest and (not rows or rows[0][0] != seq + 1)):
            return None
        return [{"seq": number, **json.loads(body)} for number, body in rows]

    # ── the wire ──
    def log_wire(self, shown: Json, again: Json | None) -> int:
        with self.change():
            cursor = self._db.execute(
                "INSERT INTO wire (shown, again) VALUES (?, ?)",
                (json.dumps(shown), json.dumps(again) if again else None),
            )
            number = int(cursor.lastrowid or 0)
            self._db.execute("DELETE FROM wire WHERE id <= ?", (number - WIRE_KEPT,))
            self.emit({"type": "wire", "wire": {"id": number, **shown}})
        return number

    def wire(self, limit: int) -> list[Json]:
        rows = self._db.execute("SELECT id, shown FROM wire ORDER BY id DESC LIMIT ?", (limit,)).fetchall()
        return [{"id": number, **json.loads(shown)} for number, shown in reversed(rows)]

    def wire_again(self, number: int) -> Json | None:
        """What it takes to send a delivery again."""
        row = self._db.execute("SELECT again FROM wire WHERE id = ?", (number,)).fetchone()
        return json.loads(row[0]) if row and row[0] else None

    def newest_again(self, limit: int = 50) -> list[Json]:
        """The deliveries that can be sent again, newest first."""
        rows = self._db.execute(
            "SELECT again FROM wire WHERE again IS NOT NULL ORDER BY id DESC LIMIT ?", (limit,)
        ).fetchall()
        return [json.loads(again) for (again,) in rows]

    def forget_everything(self) -> None:
        """Counters stay: no id of before is ever given out again."""
        with self.change():
            self._db.execute("DELETE FROM doc")
            self._db.execute("DELETE FROM wire")
            self.emit({"type": "reset"})
