"""Keys that the first start makes for itself, kept where only their owner can read them."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from bot.errors import ConfigurationError

MAKERS: Mapping[str, Callable[[], str]] = {"SECRET_KEY": lambda: secrets.token_urlsafe(32)}


def load_or_make(path: Path) -> dict[str, str]:
    """Every key of `MAKERS`: as kept in `path`, and made where missing."""
    kept = _read(path)
    missing = {name: make() for name, make in MAKERS.items() if name not in kept}
    if missing:
        write_private(path, json.dumps(kept | missing, indent=1))
    return kept | missing


def write_private(path: Path, text: str) -> None:
    """Whole or not at all, and never for a moment readable by others."""
    making = path.with_suffix(".new")
    making.unlink(missing_ok=True)
    with os.fdopen(os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    making.replace(path)


def _read(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)
    try:
        kept = json.loads(path.read_text())
    except ValueError:
        kept = None
    if not isinstance(kept, dict):
        raise ConfigurationError(f"{path} is damaged. It holds the key that opens stored tokens: restore it.")
    return {str(name): str(value) for name, value in kept.items()}
