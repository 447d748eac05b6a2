"""A file or a folder of this machine, and a space export of Confluence."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from integrations.documents import confluence
from integrations.documents.blocks import Unreadable
from integrations.documents.reading import ENDINGS, LARGEST
from workers.knowledge.item import Item, NotFetched, Skipped

MOST_FILES = 50_000
_NOT_READ = frozenset({"node_modules", "__pycache__", "venv", "target", "dist"})


class Files:
    """`link` is the address under which the same files are found by people, if there is one."""

    def __init__(self, path: Path, link: str = "", name: str = "") -> None:
        self._root = path.resolve()
        self._link = link
        self.name = name or f"files:{self._root}"
        self.total: int | None = None

    async def items(self) -> AsyncIterator[Item | Skipped]:
        found = await asyncio.to_thread(self._found)
        self.total = len(found)
        for each in found:
            yield each

    def _found(self) -> list[Item | Skipped]:
        if self._root.is_file():
            return [self._item(self._root, self._root.name)]
        if not self._root.is_dir():
            raise NotFetched("there is no such file or folder")
        return [self._item(path, path.relative_to(self._root).as_posix()) for path in self._files()]

    def _files(self) -> Iterator[Path]:
        """Neither hidden ones, nor what a link leads to outside of the folder."""
        count = 0
        for folder, folders, files in os.walk(self._root, followlinks=False):
            folders[:] = sorted(
                each for each in folders if not each.startswith(".") and each not in _NOT_READ
            )
            for each in sorted(files):
                if each.startswith("."):
                    continue
                count += 1
                if count > MOST_FILES:
                    raise NotFetched(f"there are more than {MOST_FILES} files in it; name a smaller folder")
                yield Path(folder) / each

    def _item(self, path: Path, uri: str) -> Item | Skipped:
        ending = path.suffix.lower().removeprefix(".")
        if path.is_symlink() and not path.resolve().is_relative_to(self._root):
            return Skipped(uri, "it is a link to somewhere else")
        if ending not in ENDINGS and ending != "doc":
            return Skipped(
                uri, f"there is no reader for .{ending}" if ending else "there is no reader for it"
            )

        async def load() -> bytes:
            return await asyncio.to_thread(_bytes, path)

        link = f"{self._link.rstrip('/')}/{quote(uri)}" if self._link else ""
        return Item(uri, uri, load, link)


class ConfluenceExport:
    """A zip that Confluence wrote. `link` is the address of the space."""

    def __init__(self, path: Path, link: str = "", name: str = "") -> None:
        self._path = path
        self._link = link
        self.name = name or f"confluence:{path.resolve().name}"
        self.total: int | None = None

    async def items(self) -> AsyncIterator[Item | Skipped]:
        data = await asyncio.to_thread(_bytes, self._path, confluence.LARGEST)
        try:
            # It is our own code that walks the zip, and each page is read apart.
            parts = await asyncio.to_thread(lambda: list(confluence.parts(data)))
        except Unreadable as problem:
            raise NotFetched(str(problem)) from None
        self.total = len(parts)
        for name, content in parts:
            yield Item(name, PurePosixPath(name).name, _given(content), self._link)


def _given(content: bytes) -> Callable[[], Awaitable[bytes]]:
    async def load() -> bytes:
        return content

    return load


def _bytes(path: Path, most: int = LARGEST) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise NotFetched(f"it cannot be opened ({type(error).__name__})") from None
    if len(data) > most:
        raise NotFetched(f"it is larger than {most // 1024 // 1024} MB")
    return data
