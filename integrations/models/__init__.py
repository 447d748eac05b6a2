"""Models that read what a person said: picked by MODEL, all behind one interface."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from ..errors import NotConfigured
from .base import Reader
from .fallback import FallbackReader

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

__all__ = ["FallbackReader", "reader"]


def reader(settings: Mapping[str, str]) -> Reader:
    """The reader that MODEL names; `settings` are plain strings by their names in .env.

    Raises `NotConfigured` naming what is missing; nothing else is used in its place.
    """
    chats = chat_settings(settings)
    if not chats:
        from .offline import OfflineReader

        return OfflineReader()
    from .calibrated import CalibratedReader, load
    from .chat import ChatReader

    readers = [ChatReader(*each) for each in chats]
    found: Reader = readers[0] if len(readers) == 1 else FallbackReader(*readers)
    fits = (
        {} if settings.get("CALIBRATION") == "off" else load(Path(settings.get("STATE_DIR", ".countersign")))
    )
    return CalibratedReader(found, fits) if fits else found


def chat_settings(settings: Mapping[str, str]) -> tuple[tuple[str, str, str, str], ...]:
    """Kind, address, model and key of each chat model that MODEL names, in the order they are asked.

    Empty where it is offline. Raises `NotConfigured` naming what is missing.
    """
    match settings.get("MODEL", "") or "offline":
        case "offline":
            return ()
        case "openai":
            return (_chat("openai", settings, "OPENAI_BASE_URL", "OPENAI_MODEL", key="OPENAI_API_KEY"),)
        case "vllm":
            return (_chat("vllm", settings, "VLLM_URL", "VLLM_MODEL"),)
        case "edge":
            return (_chat("edge", settings, "EDGE_URL", "EDGE_MODEL"),)
        case "hybrid":  # what is near is asked first; only when it cannot answer does text leave for OpenAI
            far = _chat("openai", settings, "OPENAI_BASE_URL", "OPENAI_MODEL", key="OPENAI_API_KEY")
            return (_chat("edge", settings, "EDGE_URL", "EDGE_MODEL"), far)
        case other:
            problem = f"cannot be {other[:40]!r}: set MODEL to offline, openai, vllm, edge or hybrid"
            raise NotConfigured("MODEL", problem)


def _chat(
    kind: str, settings: Mapping[str, str], url: str, model: str, key: str = ""
) -> tuple[str, str, str, str]:
    for name in (key, url, model):
        if name and not settings.get(name):
            raise NotConfigured("MODEL", f"is {settings['MODEL']}, which needs {name}: set it in .env")
    if not settings[url].startswith(("https://", "http://")):
        raise NotConfigured("MODEL", f"needs {url} to begin with https:// or http://")
    if key and settings[url].startswith("http://") and urlsplit(settings[url]).hostname not in LOOPBACK:
        raise NotConfigured("MODEL", f"needs {url} to begin with https://, since it is sent {key}")
    return kind, settings[url], settings[model], settings[key] if key else ""
