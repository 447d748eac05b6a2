"""A document's bytes: from a file, or by URL and then kept, so that a start without the network works."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import requests

from integrations.errors import NotConfigured
from integrations.http import CONNECT, TOTAL, open_session, origin_of
from integrations.openapi.chosen import SETTING, Chosen
from integrations.openapi.document import Document, load
from integrations.openapi.source import LARGEST, DocumentError

FOLDER = "openapi"


def document(chosen: Chosen, state: Path) -> Document:
    """Raises `NotConfigured` naming the setting. No credentials are ever sent for it."""
    if "://" not in chosen.source:
        return _loaded(chosen, _file(chosen))
    kept = state / FOLDER
    try:
        content = _fetched(chosen)
        found = _loaded(chosen, content)
    except NotConfigured:
        older = _kept(chosen, kept)
        if older is None:
            raise
        return _loaded(chosen, older)
    _keep(chosen, kept, content)
    return found


def _loaded(chosen: Chosen, content: bytes) -> Document:
    try:
        return load(content)
    except DocumentError as error:
        raise NotConfigured(SETTING, f"names {chosen.name}, whose document {error}") from None
    except RecursionError:
        raise NotConfigured(SETTING, f"names {chosen.name}, whose document is nested too deeply") from None


def _file(chosen: Chosen) -> bytes:
    try:
        with Path(chosen.source).open("rb") as file:
            return file.read(LARGEST + 1)
    except (OSError, ValueError):
        raise NotConfigured(SETTING, f"names {chosen.name}={chosen.source}, which cannot be read") from None


def _fetched(chosen: Chosen) -> bytes:
    """By https from the open internet, without following a redirect."""
    url = chosen.source
    try:
        host = urlsplit(url).hostname or "nobody"
        _, local = origin_of(url, inside=chosen.inside)
        if local and not chosen.inside:
            raise ValueError(f"it is on this machine, and {chosen.setting('ALLOW_PRIVATE')} is not 1")
        session = open_session(url, largest=LARGEST, inside=chosen.inside)
    except ValueError as error:
        raise NotConfigured(
            SETTING, f"names {chosen.name} with an address that cannot be used: {error}"
        ) from None
    try:
        answer = session.get(url, timeout=(CONNECT, TOTAL), allow_redirects=False)
    except requests.RequestException:
        raise NotConfigured(SETTING, f"names {chosen.name}, whose document {host} does not give us") from None
    if answer.status_code != 200:
        told = f"names {chosen.name}, whose document {host} does not give us ({answer.status_code})"
        raise NotConfigured(SETTING, told)
    return answer.content


# ── kept by the hash of its content; a pointer by the address says which one was the last ────────


def _pointer(chosen: Chosen, folder: Path) -> Path:
    return folder / f"{chosen.name}-{hashlib.sha256(chosen.source.encode()).hexdigest()[:16]}"


def _kept(chosen: Chosen, folder: Path) -> bytes | None:
    """What was fetched last time; not, where it is no longer what it was."""
    try:
        digest = _pointer(chosen, folder).read_text("ascii").strip()
        content = (folder / f"{Path(digest).name}.document").read_bytes()
    except (OSError, ValueError):
        return None
    return content if hashlib.sha256(content).hexdigest() == digest else None


def _keep(chosen: Chosen, folder: Path, content: bytes) -> None:
    """Whole or not at all. Where nothing can be written, every start needs the network."""
    digest = hashlib.sha256(content).hexdigest()
    with contextlib.suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(folder / f"{digest}.document", content)
        _write(_pointer(chosen, folder), digest.encode())


def _write(path: Path, content: bytes) -> None:
    if path.exists() and path.read_bytes() == content:
        return
    handle, name = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(name, path)
    except OSError:
        os.unlink(name)
        raise
