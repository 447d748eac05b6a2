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

    Where no model answers (down, too slow, its budget used up), what needs none reads instead, and the
    `Reading` says so. With CALIBRATION=off it is the model alone, as whoever measures it needs it.
    Raises `NotConfigured` naming what is missing.
    """
    from .offline import OfflineReader

    chats = chat_settings(settings)
    if not chats:
        return OfflineReader()
    from .calibrated import CalibratedReader, load
    from .chat import ChatReader

    readers = [ChatReader(*each) for each in chats]
    found: Reader = readers[0]
    if len(readers) == 2:
        from .hybrid import HybridReader
        from .redaction import get_ready

        get_ready()
        far, near = readers
        found = HybridReader(far, near)
    if settings.get("CALIBRATION") == "off":
        return found
    fits = load(Path(settings.get("STATE_DIR", ".countersign")))
    return FallbackReader(CalibratedReader(found, fits) if fits else found, OfflineReader())


def chat_settings(settings: Mapping[str, str]) -> tuple[tuple[str, str, str, str], ...]:
    """Kind, address, model and key of the chat model that MODEL names; of hybrid's two, first the one in
    the cloud, then the one that is near: vLLM where VLLM_MODEL is set, else the edge.

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
        case "hybrid":
            from .hybrid import carried_out

            if problem := carried_out(settings):
                raise NotConfigured("MODEL", f"is hybrid, which needs {problem}")
            far = _chat("openai", settings, "OPENAI_BASE_URL", "OPENAI_MODEL", key="OPENAI_API_KEY")
            if settings.get("VLLM_MODEL"):
                return (far, _chat("vllm", settings, "VLLM_URL", "VLLM_MODEL"))
            return (far, _chat("edge", settings, "EDGE_URL", "EDGE_MODEL"))
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
