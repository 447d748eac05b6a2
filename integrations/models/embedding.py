"""Models that turn a text into a vector: picked by EMBEDDINGS, all behind one interface.

A vector is kept with the `name` of what made it, and is only ever compared with its own kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol
from urllib.parse import urlsplit

from ..errors import NotConfigured
from . import LOOPBACK

OPENAIS = "text-embedding-3-small"
SMALL = "BAAI/bge-small-en-v1.5"


class Embedder(Protocol):
    """`name` tells kind and model ("offline:words-1", "openai:text-embedding-3-small").

    `dimension` is 0 until a server has told it, by its first answer; from then on it never changes.
    """

    @property
    def name(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """A vector of length one for each text, in their order. Raises `ModelUnavailable`."""
        ...

    async def close(self) -> None: ...


def embedder(settings: Mapping[str, str]) -> Embedder:
    """The one that EMBEDDINGS names; `settings` are plain strings by their names in .env.

    Raises `NotConfigured` naming what is missing; nothing else is used in its place.
    """
    match settings.get("EMBEDDINGS", "") or "offline":
        case "offline":
            from .embedding_offline import OfflineEmbedder

            return OfflineEmbedder()
        case "openai":
            from .embedding_server import ServerEmbedder

            key = settings.get("OPENAI_API_KEY", "")
            if not key:
                raise NotConfigured("EMBEDDINGS", "is openai, which needs OPENAI_API_KEY: set it in .env")
            url = settings.get("EMBEDDINGS_URL") or settings.get("OPENAI_BASE_URL", "")
            return ServerEmbedder(
                "openai", _address(url, key), settings.get("EMBEDDINGS_MODEL") or OPENAIS, key
            )
        case "server":
            from .embedding_server import ServerEmbedder

            url = _address(settings.get("EMBEDDINGS_URL", ""))
            return ServerEmbedder("server", url, settings.get("EMBEDDINGS_MODEL") or SMALL)
        case other:
            problem = f"cannot be {other[:40]!r}: set EMBEDDINGS to offline, openai or server"
            raise NotConfigured("EMBEDDINGS", problem)


def _address(url: str, key: str = "") -> str:
    if not url.startswith(("https://", "http://")):
        raise NotConfigured("EMBEDDINGS", "needs EMBEDDINGS_URL to begin with https:// or http://")
    if key and url.startswith("http://") and urlsplit(url).hostname not in LOOPBACK:
        problem = "needs EMBEDDINGS_URL to begin with https://, since it is sent OPENAI_API_KEY"
        raise NotConfigured("EMBEDDINGS", problem)
    return url
