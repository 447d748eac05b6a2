"""What processes cost: seconds of CPU and bytes of memory, as the kernel counts them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

import psutil

TICKS = os.sysconf("SC_CLK_TCK")


def cpu(pid: int) -> float:
    """Of one process, all threads, user and system; nothing where it has gone."""
    with suppress(OSError, ValueError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS
    return 0.0


def cpu_of_server(pid: int) -> float:
    """PostgreSQL: the postmaster, its living children, and those that it has buried."""
    total = cpu(pid)
    with suppress(OSError, ValueError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += (int(fields[13]) + int(fields[14])) / TICKS
    with suppress(psutil.Error):
        total += sum(cpu(child.pid) for child in psutil.Process(pid).children(recursive=True))
    return total


def memory(pid: int) -> float:
    """MB of a process and its children: PSS where the kernel tells it, else resident."""
    found = [pid]
    with suppress(psutil.Error):
        found += [child.pid for child in psutil.Process(pid).children(recursive=True)]
    return sum(_memory(one) for one in found)


def _memory(pid: int) -> float:
    with suppress(OSError, ValueError, StopIteration):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("Pss:")).split()[1]) / 1024
    with suppress(psutil.Error):
        return float(psutil.Process(pid).memory_info().rss) / (1 << 20)
    return 0.0


def own_memory(pid: int) -> float:
    """MB that a process and its children have written for themselves. Unlike their share of the files
    that they map, it is not changed by others who come and go with the same libraries."""
    found = [pid]
    with suppress(psutil.Error):
        found += [child.pid for child in psutil.Process(pid).children(recursive=True)]
    return sum(_own_memory(one) for one in found)


def _own_memory(pid: int) -> float:
    with suppress(OSError, ValueError, StopIteration):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("Pss_Anon:")).split()[1]) / 1024
    return _memory(pid)


class Meter:
    """CPU seconds since it was made, by name. `servers` are counted with all their children."""

    def __init__(
        self, pids: Mapping[str, int | Iterable[int]], servers: Mapping[str, int] | None = None
    ) -> None:
        self._pids = {name: [pid] if isinstance(pid, int) else list(pid) for name, pid in pids.items()}
        self._servers = dict(servers or {})
        self._began = self._now()

    def read(self) -> dict[str, float]:
        now = self._now()
        return {name: now[name] - self._began[name] for name in now}

    def _now(self) -> dict[str, float]:
        found = {name: sum(cpu(pid) for pid in pids) for name, pids in self._pids.items()}
        return found | {name: cpu_of_server(pid) for name, pid in self._servers.items()}
