"""ack: an event answered after its commit, against bare Bolt's answer that keeps nothing."""

from __future__ import annotations

from contextlib import AsyncExitStack

from bot import ports
from tests.bench.bed import Bed, Bot, fetch, listening
from tests.bench.harness import Report, at_least, percentile, ratios
from tests.bench.load import Outcome, acks
from tests.bench.meter import Meter
from tests.bench.people import SlackPeople

CONNECTIONS = (16, 64)


async def run(bed: Bed, report: Report) -> None:
    people = SlackPeople(bed.stub.keys)
    async with bed.bot(engines=0) as ours, AsyncExitStack() as exits:
        port = ports.free_port("127.0.0.1")
        bolt = Bot(port, "", {**bed.base, "PORT": str(port)})
        await bed.start(bolt, "bolt", ["-m", "tests.bench.servers.bolt"], exits)
        await listening(bolt, "bolt")
        for at in (ours.port, port):
            await acks(at, people.mention, 8, 0.5)
        stored = (await fetch(ours, "select count(*) from inbox"))[0][0]
        for connections in CONNECTIONS:
            stored += await _compare(bed, report, ours, bolt, connections)
        kept = (await fetch(ours, "select count(*) from inbox"))[0][0]
        report.add("events acked and not in the inbox", "events", float(stored - kept))


async def _compare(bed: Bed, report: Report, ours: Bot, bolt: Bot, connections: int) -> int:
    people, seconds = SlackPeople(bed.stub.keys), report.pick(4, 1)
    front, whole, theirs, times, sent = [], [], [], [], 0
    for _ in range(report.pick(3, 2)):
        meter = Meter({"bolt": bolt.processes["bolt"].pid})
        theirs.append(_rate(await acks(bolt.port, people.mention, connections, seconds), meter, "bolt"))
        meter = Meter({"front": ours.processes["front"].pid}, {"postgres": bed.postgres})
        outcome = await acks(ours.port, people.mention, connections, seconds)
        sent += len(outcome.seconds)
        spent = meter.read()
        front.append(len(outcome.seconds) / spent["front"])
        whole.append(len(outcome.seconds) / (spent["front"] + spent["postgres"]))
        times += outcome.seconds
    at = f"at {connections} connections"
    report.add(f"bare Bolt, keeps nothing, {at}", "req/CPU s", theirs)
    report.add(f"our front, committed, {at}", "req/CPU s", front)
    report.add(f"our front with PostgreSQL, {at}", "req/CPU s", whole)
    wide = connections == 64
    report.add(f"front against Bolt, {at}", "×", ratios(front, theirs), at_least(2.0) if wide else None)
    report.add(
        f"front and PostgreSQL against Bolt, {at}",
        "×",
        ratios(whole, theirs),
        at_least(1.2) if wide else None,
    )
    report.add(f"our ack p99, closed loop, {at}", "ms", percentile(times, 99) * 1000)
    return sent


def _rate(outcome: Outcome, meter: Meter, name: str) -> float:
    if set(outcome.statuses) != {200}:
        raise RuntimeError(f"{name} answered {dict(outcome.statuses)}")
    return len(outcome.seconds) / meter.read()[name]
