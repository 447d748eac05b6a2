"""Which model reads: a word that changes with the model, our prompt, and the fit of what it states."""

from __future__ import annotations

from hashlib import blake2b

from .base import Reader

OFFLINE = "offline"


def model_of(reader: Reader) -> str:
    """One that is none of ours goes by its class."""
    name = type(reader).__name__
    if name == "OfflineReader":
        return OFFLINE
    from .calibrated import CalibratedReader, prompt_version
    from .chat import ChatReader
    from .fallback import FallbackReader

    match reader:
        case CalibratedReader():
            fits = blake2b(repr(sorted(reader.fits.items())).encode(), digest_size=8).hexdigest()
            return f"{model_of(reader.reader)}~{fits}"
        case FallbackReader():
            return f"{model_of(reader.first)}|{model_of(reader.second)}"
        case ChatReader():
            return f"{reader.name}#{prompt_version()}"
    return name
