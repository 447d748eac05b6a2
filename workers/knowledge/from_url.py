"""One page of the web, through the guard of everything that goes out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import aiohttp

from bot import net
from workers.knowledge.item import Item, NotFetched, Skipped

MOST_BYTES = 20 * net.MIB
TOTAL = 30.0


class Page:
    """Public addresses over https; a redirect is told and not followed. `sandbox` admits this machine."""

    def __init__(self, url: str, *, sandbox: bool = False) -> None:
        self._url = url.partition("#")[0]
        self._sandbox = sandbox
        self._media = ""
        self.name = f"url:{self._url}"
        self.total: int | None = 1

    async def items(self) -> AsyncIterator[Item | Skipped]:
        data = await self._load()

        async def load() -> bytes:
            return data

        name = urlsplit(self._url).path.rpartition("/")[2] or urlsplit(self._url).netloc
        yield Item(self._url, name, load, self._url, self._media)

    async def _load(self) -> bytes:
        headers = {"User-Agent": "Countersign", "Accept": "text/html, text/*, application/pdf, */*;q=0.1"}
        async with net.session(
            allow_loopback=self._sandbox, total=TOTAL, most_bytes=MOST_BYTES, headers=headers
        ) as session:
            try:
                async with session.get(self._url) as response:
                    if response.status != 200:
                        raise NotFetched(f"{response.url.host} answered {response.status}")
                    self._media = response.content_type or ""
                    return await net.read_limited(response, MOST_BYTES)
            except net.RefusedCall as error:
                raise NotFetched(str(error).rstrip(".")) from None
            except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
                inside = isinstance(_cause(error), net.RefusedAddress)
                what = "its address is not on the public internet" if inside else type(error).__name__
                raise NotFetched(f"it could not be fetched: {what}") from None


def _cause(error: BaseException) -> BaseException:
    found: BaseException = error
    for _ in range(5):
        following = getattr(found, "os_error", None) or found.__cause__ or found.__context__
        if following is None or isinstance(found, net.RefusedAddress):
            break
        found = following
    return found
