"""What is counted. Labels are few and fixed: never a person, a tenant or a text."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiohttp import web
    from prometheus_client import CollectorRegistry

MOST_REASONS = 100
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_TURN_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """The counters of one process. prometheus_client is imported when the first is made."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        from prometheus_client import CollectorRegistry, Counter, Histogram

        self.registry = registry or CollectorRegistry()
        into = self.registry
        self._events = Counter(
            "countersign_events", "Requests at the door", ["platform", "outcome"], registry=into
        )
        self._ignored = Counter(
            "countersign_ignored", "Events that were not for us", ["platform", "reason"], registry=into
        )
        self._ack = Histogram(
            "countersign_ack_seconds",
            "First byte of handling to answer, for stored events",
            ["platform"],
            buckets=_SECONDS,
            registry=into,
        )
        self._turns = Counter(
            "countersign_turns", "Turns the engine finished", ["platform", "outcome"], registry=into
        )
        self._turn_seconds = Histogram(
            "countersign_turn_seconds",
            "Event stored to step committed",
            ["platform"],
            buckets=_TURN_SECONDS,
            registry=into,
        )
        self._effects = Counter(
            "countersign_effects", "Effects by the state they reached", ["tool", "state"], registry=into
        )
        self._retries = Counter(
            "countersign_retries", "What was put off to be tried again", ["what", "why"], registry=into
        )
        self._lost = Counter(
            "countersign_leases_lost", "Conversations that somebody else took over", registry=into
        )
        self._stopped_arms = Counter(
            "countersign_experiments_stopped", "Variants that a guardrail stopped", registry=into
        )
        self._shadow = Counter(
            "countersign_policy_shadow",
            "Calls that rules in shadow would have decided otherwise",
            ["tool", "decided", "would"],
            registry=into,
        )
        self._alone = Counter(
            "countersign_learning_ran_alone", "Calls that ran alone by experience", ["tool"], registry=into
        )
        self._stopped_bars = Counter(
            "countersign_learning_stopped", "Bars that fell, back to asking", ["why"], registry=into
        )
        self._audited = Counter(
            "countersign_learning_audited", "Calls that ran alone and were judged", ["right"], registry=into
        )
        self._reasons: set[str] = set()
        self._waiting: Waiting | None = None

    def event(self, platform: str, outcome: str) -> None:
        self._events.labels(platform, outcome).inc()

    def ignored(self, platform: str, reason: str) -> None:
        """A reason may quote what a platform sent: after the hundredth, all are "other"."""
        if reason not in self._reasons:
            if len(self._reasons) >= MOST_REASONS or len(reason) > 80:
                reason = "other"
            self._reasons.add(reason)
        self._ignored.labels(platform, reason).inc()

    def acked(self, platform: str, seconds: float) -> None:
        self._ack.labels(platform).observe(seconds)

    def turn(self, platform: str, outcome: str, seconds: float) -> None:
        self._turns.labels(platform, outcome).inc()
        self._turn_seconds.labels(platform).observe(seconds)

    def effect(self, tool: str, state: str) -> None:
        self._effects.labels(tool, state).inc()

    def retry(self, what: str, why: str) -> None:
        """`what` is "outbox" or a tool, `why` one of our own few words."""
        self._retries.labels(what, why).inc()

    def shadow(self, tool: str, decided: str, would: str) -> None:
        """`decided` and `would` are outcomes of a policy: alone, ask or deny."""
        self._shadow.labels(tool, decided, would).inc()

    def ran_alone(self, tool: str) -> None:
        self._alone.labels(tool).inc()

    def learning_stopped(self, why: str) -> None:
        """`why` is "drift", or "error"."""
        self._stopped_bars.labels(why).inc()

    def learning_audited(self, right: bool) -> None:
        self._audited.labels("yes" if right else "no").inc()

    def experiment_stopped(self) -> None:
        self._stopped_arms.inc()

    def measured(self, rows: Sequence[tuple[str, str, float]]) -> None:
        """What `measure()` of the database said: name, label ("state tool", or what is dead), number."""
        if self._waiting is None:
            self._waiting = Waiting(self.registry)
        self._waiting.show(rows)

    def lease_lost(self) -> None:
        self._lost.inc()

    def outbox_age(self, seconds: float) -> None:
        self.measured([("outbox_age", "", seconds)])

    def text(self) -> bytes:
        """Everything in Prometheus' text format."""
        from prometheus_client import generate_latest

        return generate_latest(self.registry)


class Waiting:
    """What waits in the database. Told only by processes that look: a nought of others would be a lie."""

    def __init__(self, into: CollectorRegistry) -> None:
        from prometheus_client import Gauge

        told = {
            "inbox_waiting": ("inbox_waiting", "Events not yet dealt with, of all tenants"),
            "inbox_lag": ("inbox_lag_seconds", "Age of the oldest event not yet dealt with"),
            "outbox_waiting": ("outbox_waiting", "Messages not yet delivered"),
            "outbox_age": ("outbox_age_seconds", "Age of the oldest message not yet delivered"),
            "approvals_pending": ("approvals_pending", "Approvals that nobody decided yet"),
            "audit_unsealed": ("audit_unsealed", "Entries of the audit that are not sealed yet"),
            "audit_unsealed_age": ("audit_unsealed_age_seconds", "Age of the oldest of them"),
        }
        self._plain = {
            what: Gauge(f"countersign_{name}", text, registry=into) for what, (name, text) in told.items()
        }
        labelled = {
            "approval_seconds": ("approval_median_seconds", "Median time to a decision of a day", "tool"),
            "approval_overridden": ("approval_override_ratio", "Rejected or edited, of a day", "tool"),
            "approval_instant": ("approval_instant_ratio", "Decided within 2 seconds, of a day", "tool"),
            "approval_waiting": ("approvals_waiting", "Undecided, by the group that is asked", "approvers"),
        }
        self._labelled = {
            what: Gauge(f"countersign_{name}", text, [label], registry=into)
            for what, (name, text, label) in labelled.items()
        }
        self._open = Gauge(
            "countersign_effects_open", "Effects that are not over", ["state", "tool"], registry=into
        )
        self._dead = Gauge(
            "countersign_dead",
            "What somebody has to look at: `countersign dead list`",
            ["what"],
            registry=into,
        )

    def show(self, rows: Sequence[tuple[str, str, float]]) -> None:
        for each in (self._open, *self._labelled.values()):
            each.clear()
        for what, label, value in rows:
            if what == "effects":
                state, _, tool = label.partition(" ")
                self._open.labels(state, tool).set(value)
            elif what in self._labelled:
                self._labelled[what].labels(label).set(value)
            elif what == "dead":
                self._dead.labels(label).set(value)
            elif what in self._plain:
                self._plain[what].set(value)


@cache
def metrics() -> Metrics:
    """The one of this process."""
    return Metrics()


def metrics_app(counted: Metrics | None = None) -> web.Application:
    """`GET /metrics`, for a port of its own that is never the public one."""
    from aiohttp import web

    async def show(_request: web.Request) -> web.Response:
        body = (counted or metrics()).text()
        return web.Response(body=body, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    app = web.Application(client_max_size=1024)
    app.router.add_get("/metrics", show)
    return app
