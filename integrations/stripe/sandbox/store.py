"""The sandbox's memory: one SQLite file in WAL mode. A request is one transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from integrations.stripe.sandbox.faults import Refusal, missing

Data = dict[str, Any]

_SCHEMA = """
create table if not exists objects (
    seq integer primary key autoincrement,
    id text not null unique,
    kind text not null,
    created integer not null,
    customer text not null default '',
    json text not null
);
create index if not exists objects_by_kind on objects (kind, seq);
create index if not exists objects_by_customer on objects (kind, customer, seq);
create index if not exists open_links on objects (json_extract(json, '$.expires_at'))
    where kind = 'checkout.session' and json_extract(json, '$.status') = 'open';
create table if not exists keys (
    key text primary key,
    fingerprint text not null,
    status integer not null,
    body text not null,
    request text not null,
    created real not null
);
create table if not exists deliveries (
    seq integer primary key autoincrement,
    event text not null,
    body text not null,
    attempts integer not null default 0,
    next_at real not null,
    state text not null default 'waiting'
);
create index if not exists deliveries_waiting on deliveries (state, next_at);
"""

KEYS_LIVE = 24 * 3600


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

    # ── objects ──────────────────────────────────────────────────────────────────────────

    def put(self, thing: Data) -> Data:
        """Keep a new object, or the new state of one."""
        customer = thing.get("customer")
        self._db.execute(
            "insert into objects (id, kind, created, customer, json) values (?, ?, ?, ?, ?)"
            " on conflict (id) do update set json = excluded.json, customer = excluded.customer",
            (
                thing["id"],
                thing["object"],
                thing["created"],
                customer if isinstance(customer, str) else "",
                json.dumps(thing),
            ),
        )
        return thing

    def remove(self, id: str) -> None:
        self._db.execute("delete from objects where id = ?", (id,))

    def get(self, kind: str, id: str) -> Data:
        row = self._db.execute("select json from objects where id = ? and kind = ?", (id, kind)).fetchone()
        if row is None:
            raise missing(kind, id)
        return dict(json.loads(row[0]))

    def find(self, id: str) -> Data | None:
        row = self._db.execute("select json from objects where id = ?", (id,)).fetchone()
        return dict(json.loads(row[0])) if row else None

    def newest(
        self,
        kind: str,
        *,
        keep: Callable[[Data], bool] = lambda _: True,
        customer: str = "",
        after: str = "",
        since: int = 0,
        most: int = 100,
    ) -> list[Data]:
        """Newest first, those that `keep` keeps; `after` is the id that the page before ended with."""
        before = 1 << 60
        if after:
            row = self._db.execute("select seq from objects where id = ?", (after,)).fetchone()
            if row is None:
                raise Refusal(
                    f"No such {kind}: '{after[:80]}'", code="resource_missing", param="starting_after"
                )
            before = row[0]
        sql = "select json from objects where kind = ? and seq < ? and created >= ?"
        values: list[Any] = [kind, before, since]
        if customer:
            sql, values = f"{sql} and customer = ?", [*values, customer]
        found: list[Data] = []
        for (text,) in self._db.execute(f"{sql} order by seq desc", values):
            thing = json.loads(text)
            if keep(thing):
                found.append(thing)
                if len(found) == most:
                    break
        return found

    def ended_links(self, now: float) -> list[Data]:
        """Checkout sessions that are open though their time is over."""
        rows = self._db.execute(
            "select json from objects where kind = 'checkout.session'"
            " and json_extract(json, '$.status') = 'open' and json_extract(json, '$.expires_at') <= ?",
            (now,),
        )
        return [json.loads(text) for (text,) in rows]

    # ── idempotency keys ─────────────────────────────────────────────────────────────────

    def saved(self, key: str, now: float) -> tuple[str, int, str, str] | None:
        """Fingerprint, status, body and request id of the first request under this key."""
        self._db.execute("delete from keys where created < ?", (now - KEYS_LIVE,))
        row = self._db.execute(
            "select fingerprint, status, body, request from keys where key = ?", (key,)
        ).fetchone()
        return tuple(row) if row else None

    def save(self, key: str, fingerprint: str, status: int, body: str, request: str, now: float) -> None:
        self._db.execute(
            "insert into keys values (?, ?, ?, ?, ?, ?)", (key, fingerprint, status, body, request, now)
        )

    # ── deliveries ───────────────────────────────────────────────────────────────────────

    def queue(self, event: str, body: str, at: float) -> None:
        self._db.execute("insert into deliveries (event, body, next_at) values (?, ?, ?)", (event, body, at))

    def due(self, now: float) -> tuple[int, str, str, int] | None:
        """The delivery that waits longest: its number, the event's id, the body, tries so far."""
        row = self._db.execute(
            "select seq, event, body, attempts from deliveries"
            " where state = 'waiting' and next_at <= ? order by seq limit 1",
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
        """Event, state and tries of every delivery, oldest first."""
        return [
            tuple(row)
            for row in self._db.execute("select event, state, attempts from deliveries order by seq")
        ]

    # ── all of it ────────────────────────────────────────────────────────────────────────

    def empty(self) -> bool:
        return self._db.execute("select 1 from objects limit 1").fetchone() is None

    def clear(self) -> None:
        for table in ("objects", "keys", "deliveries"):
            self._db.execute(f"delete from {table}")  # noqa: S608  # our own three names
