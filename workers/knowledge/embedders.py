"""The model that vectors are made with, and the one before it, as long as it can still be asked."""

from __future__ import annotations

from collections.abc import Mapping

from integrations.models.embedding import Embedder, embedder
from integrations.models.embedding_offline import NAME as OFFLINE


class Embedders:
    """`current` is the one that EMBEDDINGS names. Raises `NotConfigured` when it is made."""

    def __init__(self, settings: Mapping[str, str], current: Embedder | None = None) -> None:
        self._settings = settings
        self.current: Embedder = current or embedder(settings)
        self._others: dict[str, Embedder] = {}

    def named(self, name: str) -> Embedder | None:
        """The one that made vectors of this name; None where it cannot be asked any more."""
        if name == self.current.name:
            return self.current
        if name not in self._others:
            made = self._made(name)
            if made is None:
                return None
            self._others[name] = made
        return self._others[name]

    async def close(self) -> None:
        for each in (self.current, *self._others.values()):
            await each.close()

    def _made(self, name: str) -> Embedder | None:
        kind, _, model = name.partition(":")
        if name == OFFLINE:
            return embedder({})
        needed = {"openai": "OPENAI_API_KEY", "server": "EMBEDDINGS_URL"}.get(kind)
        if needed is None or not self._settings.get(needed):
            return None
        asked = {**self._settings, "EMBEDDINGS": kind, "EMBEDDINGS_MODEL": model}
        if kind == "openai" and self._settings.get("EMBEDDINGS") != "openai":
            asked.pop("EMBEDDINGS_URL", None)  # it is another server's
        return embedder(asked)
