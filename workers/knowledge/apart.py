"""Has documents read by a process of their own, which is ended when it takes too long."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from integrations.documents.blocks import Document, Unreadable, from_data

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 30.0  # seconds for one document, by the clock on the wall
MOST_ANSWER = 64 * 1024 * 1024
HANDED_ON = ("PATH", "TZ")
TOO_MUCH = "it took too much time or memory, so it was left"


class Apart:
    """One process, begun when it is needed and anew after one that died; closed at the end of `async with`.

    Its documents are read one after the other.
    """

    def __init__(self, *, longest: float = LONGEST) -> None:
        self._longest = longest
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def read(self, name: str, data: bytes, media: str = "", pages: int = 0) -> list[Document]:
        """`pages`: so many of a PDF, 0 for as many as are ever read. Raises `Unreadable`, also where the
        process died over it."""
        async with self._turn:
            try:
                async with asyncio.timeout(self._longest):
                    answer = await self._ask(name, data, media, pages)
            except (TimeoutError, OSError, EOFError, ValueError):
                await self.close()
                raise Unreadable(TOO_MUCH) from None
            except BaseException:
                await self.close()
                raise
        if "problem" in answer:
            raise Unreadable(str(answer["problem"])[:300])
        try:
            return [from_data(each) for each in answer["documents"]]
        except (KeyError, TypeError, ValueError):
            raise Unreadable(TOO_MUCH) from None

    async def close(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()

    async def _ask(self, name: str, data: bytes, media: str, pages: int) -> Any:
        process = self._process or await self._begin()
        assert process.stdin is not None
        assert process.stdout is not None
        told = {"name": name[-1_000:], "media": media[:200], "size": len(data), "pages": pages}
        head = json.dumps(told)
        process.stdin.write(head.encode() + b"\n")
        process.stdin.write(data)
        await process.stdin.drain()
        line = await process.stdout.readline()
        if not line.strip().isdigit() or int(line) > MOST_ANSWER:
            raise EOFError
        return json.loads(await process.stdout.readexactly(int(line)))

    async def _begin(self) -> asyncio.subprocess.Process:
        """Without our environment: there are keys in it, and a parser may be made to tell."""
        kept = {name: os.environ[name] for name in HANDED_ON if name in os.environ}
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "integrations.documents.child",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd="/",
            env=kept | {"PYTHONPATH": str(ROOT), "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"},
            limit=1024 * 1024,
        )
        return self._process
