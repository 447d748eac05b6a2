"""Reads documents in a process of its own: what a parser does to itself, it does to nobody else.

`python -m integrations.documents.child`: on standard input a line of JSON, then as many bytes as it
says; on standard output a line with a length, then JSON. It has no secrets, can write no file, and
limits of memory and time that it cannot lift.
"""

from __future__ import annotations

import json
import resource
import sys
from typing import Any

from integrations.documents.blocks import Unreadable, to_data
from integrations.documents.reading import read

MEMORY = 512 * 1024 * 1024  # beyond what it has at the start
SECONDS = 20  # of its processor, for one document


def main() -> None:
    limit()
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while line := source.readline(10_000):
        asked = json.loads(line)
        data = source.read(int(asked["size"]))
        answer = json.dumps(answered(asked, data)).encode()
        sink.write(f"{len(answer)}\n".encode() + answer)
        sink.flush()


def answered(asked: dict[str, Any], data: bytes) -> dict[str, Any]:
    """Documents, or a problem; never an exception, whatever the bytes are."""
    more_time()
    try:
        found = read(str(asked["name"]), data, str(asked["media"]), int(asked.get("pages", 0)))
        return {"documents": [to_data(each) for each in found]}
    except Unreadable as problem:
        return {"problem": str(problem)}
    except MemoryError:
        return {"problem": "it needs more memory than a document may"}
    except RecursionError:
        return {"problem": "it is nested too deeply"}
    except Exception as error:  # a parser may raise anything at all
        return {"problem": f"it cannot be read ({type(error).__name__})"}


def limit() -> None:
    now = _size() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (now, now))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


def more_time() -> None:
    """So many seconds from now on; the kernel ends us when they are over."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    end = int(used.ru_utime + used.ru_stime) + SECONDS
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (end if hard == resource.RLIM_INFINITY else min(end, hard), hard))


def _size() -> int:
    """The address space that we have already."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[0]) * resource.getpagesize()
    except (OSError, ValueError):
        return 256 * 1024 * 1024


if __name__ == "__main__":
    main()
