"""All services by documents, as one process knows them. A tool is made when somebody names it."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Collection, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from integrations import SPECS
from integrations.base import Integration, Tool
from integrations.errors import NotConfigured
from integrations.openapi import fetch
from integrations.openapi.chosen import CREDENTIALS, SETTING, Chosen, chosen, with_credentials
from integrations.openapi.client import Server, Service, open_service, pinned
from integrations.openapi.document import Document
from integrations.openapi.oauth import Tokens
from integrations.openapi.operation import build
from integrations.openapi.source import DocumentError
from integrations.openapi.tools import NeverLeft, tool

KINDS = (".json", ".yaml", ".yml")


class Catalogue:
    """The documents that the settings name, and those in `specs/`. Nothing is read before it is needed.

    A tool exists once it is named: by a flow that calls it, by the policy, or by the `_TOOLS`
    setting. So a document with a thousand operations costs what its few used ones cost.
    """

    def __init__(
        self, settings: Mapping[str, str], *, taken: Collection[str] = (), specs: Path = SPECS
    ) -> None:
        """`taken` are names of other integrations. Raises `NotConfigured` naming the setting."""
        self._settings = settings
        self._chosen = {each.name: each for each in chosen(settings, shipped(specs))}
        for name in self._chosen:
            if name in taken:
                raise NotConfigured(SETTING, f"names {name}, which is built in: give it another name")
        self._state = Path(settings.get("STATE_DIR") or ".countersign")
        self._services: dict[str, OneService] = {}
        self._lock = threading.Lock()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._chosen)

    def load(self) -> None:
        """Reads every document now: what is wrong is said at the start. Raises `NotConfigured`."""
        for name in self._chosen:
            self.service(name)

    def service(self, name: str) -> OneService:
        """Raises `KeyError`, or `NotConfigured` where its document cannot be had."""
        with self._lock:
            if name not in self._services:
                one = self._chosen[name]
                self._services[name] = OneService(one, fetch.document(one, self._state), self._settings)
            return self._services[name]

    def services(self) -> tuple[Integration, ...]:
        return tuple(self.service(name).integration() for name in self._chosen)

    def tool(self, name: str) -> Tool:
        """Raises `KeyError` where there is no such operation, or none that can be called."""
        service, _, operation = name.partition(".")
        if service not in self._chosen:
            raise KeyError(name)
        try:
            return self.service(service).tool(operation)
        except DocumentError:
            raise KeyError(name) from None

    def named(self) -> Iterator[Tool]:
        """Those that were named until now."""
        for name in self._chosen:
            yield from self.service(name).named


class OneService:
    """A document and the tools made of it."""

    def __init__(self, one: Chosen, document: Document, settings: Mapping[str, str]) -> None:
        """Raises `NotConfigured` for settings that do not fit the document."""
        self.chosen, self.document = one, document
        self.server: Server = pinned(one, document.server)
        self._never_left = NeverLeft()
        self._required = tuple(one.setting(each) for each in CREDENTIALS if settings.get(one.setting(each)))
        self._tools: dict[str, Tool] = {}
        self._tokens: dict[str, Tokens] = {}
        self._lock = threading.Lock()
        for wanted in one.tools:
            self._name(wanted)
        for name in one.reads:
            if name not in document.operations:
                raise NotConfigured(one.setting("READS"), f"names {name[:60]!r}, which {self._told}")

    @property
    def _told(self) -> str:
        return f"is no operation; countersign tools list {self.chosen.name} shows them"

    @property
    def named(self) -> tuple[Tool, ...]:
        return tuple(self._tools.values())

    def tool(self, name: str) -> Tool:
        """Raises `KeyError`, and `DocumentError` for an operation that cannot be called."""
        with self._lock:
            if name not in self._tools:
                if name in self.document.clashes:
                    several = " and ".join(self.document.clashes[name])
                    raise DocumentError(f"gives {several} one name")
                place = self.document.operations[name]
                operation = build(self.document, place, self.chosen.hidden)
                self._tools[name] = tool(self.chosen, operation, self.server, self._never_left)
            return self._tools[name]

    def integration(self) -> Integration:
        return Integration(self.chosen.name, self.named, self.connect, self._required)

    def connect(self, settings: Mapping[str, str]) -> Service:
        """With the credentials of the settings given, and no others; all else is as at this process's
        start, because it stands on the approval card."""
        one = with_credentials(self.chosen, settings)
        return open_service(one, self.server, self._tokens_of(one))

    def _tokens_of(self, one: Chosen) -> Tokens | None:
        """Shared by the clients of all threads."""
        if not one.client_id:
            return None
        parts = (one.client_id, one.client_secret, one.token_url, one.scope, str(one.inside))
        key = hashlib.sha256("\n".join(parts).encode()).hexdigest()
        with self._lock:
            if key not in self._tokens:
                self._tokens[key] = Tokens(one)
            return self._tokens[key]

    def _name(self, wanted: str) -> None:
        """One of the `_TOOLS`, which may hold `*`: of many, those that cannot be called are left out."""
        several = [name for name in self.document.operations if fnmatchcase(name, wanted)]
        if not several:
            raise NotConfigured(self.chosen.setting("TOOLS"), f"names {wanted[:60]!r}, which {self._told}")
        for name in several:
            try:
                self.tool(name)
            except DocumentError as error:
                if name == wanted:
                    told = f"names {name}, which cannot be called: the document {error}"
                    raise NotConfigured(self.chosen.setting("TOOLS"), told) from None


class AllTools(Mapping[str, Tool]):
    """The built-in tools and every operation of every document, by name.

    Iterating gives those that were named until now; asking for one by its name names it.
    """

    def __init__(self, fixed: Mapping[str, Tool], catalogue: Catalogue) -> None:
        self._fixed, self._catalogue = fixed, catalogue

    def __getitem__(self, name: str) -> Tool:
        return self._fixed[name] if name in self._fixed else self._catalogue.tool(name)

    def __contains__(self, name: Any) -> bool:
        try:
            return isinstance(name, str) and self[name] is not None
        except KeyError:
            return False

    def __iter__(self) -> Iterator[str]:
        yield from self._fixed
        yield from (tool.name for tool in self._catalogue.named())

    def __len__(self) -> int:
        return sum(1 for _ in self)


def shipped(folder: Path = SPECS) -> dict[str, str]:
    """Name → file of the documents beside this code."""
    return {path.stem: str(path) for path in sorted(folder.glob("*")) if path.suffix in KINDS}
