"""teams: an activity verified and committed by our door, against stock CloudAdapter without any check."""

from __future__ import annotations

from contextlib import AsyncExitStack

from bot import ports
from tests.bench.bed import Bed, Bot, listening
from tests.bench.harness import Report, at_least, percentile, ratios
from tests.bench.load import acks
from tests.bench.meter import Meter
from tests.bench.people import TeamsPeople

CONNECTIONS = 16


async def run(bed: Bed, report: Report) -> None:
    people, seconds = TeamsPeople(bed.stub.tokens), report.pick(4, 1)
    unsigned = TeamsPeople(bed.stub.tokens, signed=False)
    async with bed.bot(engines=0) as ours, AsyncExitStack() as exits:
        port = ports.free_port("127.0.0.1")
        stock = Bot(port, "", {**bed.base, "PORT": str(port)})
        await bed.start(stock, "botbuilder", ["-m", "tests.bench.servers.botbuilder"], exits)
        await listening(stock, "botbuilder")
        await acks(ours.port, people.mention, 4, 0.5)
        await acks(port, unsigned.mention, 4, 0.5)
        theirs, front, whole, times = [], [], [], []
        for _ in range(report.pick(3, 2)):
            meter = Meter({"stock": stock.processes["botbuilder"].pid})
            outcome = await acks(port, unsigned.mention, CONNECTIONS, seconds)
            if not set(outcome.statuses) <= {200, 201}:
                raise RuntimeError(f"CloudAdapter answered {dict(outcome.statuses)}")
            theirs.append(meter.read()["stock"] / sum(outcome.statuses.values()) * 1e6)
            meter = Meter({"front": ours.processes["front"].pid}, {"postgres": bed.postgres})
            outcome = await acks(ours.port, people.mention, CONNECTIONS, seconds)
            if set(outcome.statuses) != {200}:
                raise RuntimeError(f"our Teams door answered {dict(outcome.statuses)}")
            spent = meter.read()
            front.append(spent["front"] / len(outcome.seconds) * 1e6)
            whole.append((spent["front"] + spent["postgres"]) / len(outcome.seconds) * 1e6)
            times += outcome.seconds
    report.add("stock CloudAdapter, no auth, handler that does nothing", "CPU µs", theirs)
    report.add("our door, token checked, committed", "CPU µs", front)
    report.add("our door with PostgreSQL", "CPU µs", whole)
    report.add("our front against CloudAdapter", "×", ratios(theirs, front), at_least(10))
    report.add("front and PostgreSQL against CloudAdapter", "×", ratios(theirs, whole))
    report.add(f"our ack p99, closed loop, {CONNECTIONS} connections", "ms", percentile(times, 99) * 1000)
