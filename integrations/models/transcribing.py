"""Speech to text, by a server that speaks OpenAI's transcriptions: OpenAI itself, or Whisper near by."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from ..errors import NotConfigured
from .base import ModelUnavailable, Problem
from .metering import Use, allowed, current, noted
from .retrying import of_status
from .wire import Usage
from .writing import clean

if TYPE_CHECKING:
    from openai import AsyncOpenAI

DEADLINE = 90.0
LARGEST = 24 * 1024 * 1024  # OpenAI itself ends at 25
LONGEST = 60_000  # characters of what was said
MOST_BYTES = 2 * 1024 * 1024
DEFAULT_MODEL = "whisper-1"
KIND = "transcription"
_ENDINGS = {
    "audio/mpeg": "mp3", "audio/wav": "wav", "audio/ogg": "ogg", "audio/flac": "flac", "audio/mp4": "m4a",
    "audio/webm": "webm", "audio/aac": "aac",
}  # fmt: skip


class Transcriber(Protocol):
    name: str

    async def transcribe(self, sound: bytes, media: str) -> str:
        """What is said in it, empty where nothing is. Raises `ModelUnavailable`."""
        ...


class ServerTranscriber:
    def __init__(self, url: str, model: str, key: str = "", *, deadline: float = DEADLINE) -> None:
        self.name = f"{KIND}:{model}"
        self._url, self._model, self._key, self._deadline = url, model, key, deadline

    async def transcribe(self, sound: bytes, media: str) -> str:
        allowed()
        on_behalf = current()
        if on_behalf is not None and on_behalf.private and not _is_near(self._url):
            raise ModelUnavailable("it must not leave", Problem.PRIVATE)
        began, problem = monotonic(), ""
        try:
            async with asyncio.timeout(self._deadline):
                return clean(_text(await self._ask(sound, media)), LONGEST)
        except TimeoutError:
            problem = Problem.SLOW.value
            raise ModelUnavailable(
                f"{KIND} gave no answer within {self._deadline:.0f} s", Problem.SLOW
            ) from None
        except ModelUnavailable as error:
            problem = error.problem.value
            raise
        finally:
            noted(Use(self.name, Usage(0, 0), monotonic() - began, problem, estimated=True))

    async def _ask(self, sound: bytes, media: str) -> bytes:
        import httpx2
        import openai

        client = self._client()
        asking = client.audio.transcriptions.with_streaming_response.create
        name = f"sound.{_ENDINGS.get(media, 'bin')}"  # never what somebody called it
        try:
            async with asking(
                model=self._model, file=(name, sound, media), response_format="json"
            ) as response:
                body = bytearray()
                async for piece in response.iter_bytes(64 * 1024):
                    body += piece
                    if len(body) > MOST_BYTES:
                        raise ModelUnavailable(f"{KIND} answered at too great length", Problem.SHAPE)
                return bytes(body)
        except (openai.APITimeoutError, httpx2.TimeoutException):
            raise TimeoutError from None
        except openai.OpenAIError as error:
            if isinstance(error.__cause__, ModelUnavailable):
                raise error.__cause__ from None
            raise ModelUnavailable(f"{KIND} could not be asked ({type(error).__name__})") from None
        except (httpx2.HTTPError, OSError, ValueError, RuntimeError) as error:
            raise ModelUnavailable(f"{KIND} broke off ({type(error).__name__})") from None
        finally:
            await client.close()

    async def _refuse(self, response: Any) -> None:
        if response.status_code != 200:
            raise of_status(KIND, response.status_code, response.headers.get("retry-after", ""))

    def _client(self) -> AsyncOpenAI:
        import httpx2
        import openai

        return openai.AsyncOpenAI(
            api_key=self._key or "none",
            base_url=self._url,
            max_retries=0,
            timeout=httpx2.Timeout(connect=3, read=self._deadline, write=30, pool=5),
            http_client=openai.DefaultAsyncHttpx2Client(
                trust_env=False, follow_redirects=False, event_hooks={"response": [self._refuse]}
            ),
        )


def _text(body: bytes) -> str:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    match found:
        case {"text": str(text)}:
            return text
        case _:
            raise ModelUnavailable(f"{KIND} answered in an unknown shape", Problem.SHAPE)


def _is_near(url: str) -> bool:
    from . import LOOPBACK

    return urlsplit(url).hostname in LOOPBACK


def transcriber(settings: Mapping[str, str]) -> ServerTranscriber | None:
    """By TRANSCRIBE_URL; None where it is not set. Raises `NotConfigured`."""
    url, key = settings.get("TRANSCRIBE_URL", ""), settings.get("TRANSCRIBE_API_KEY", "")
    if not url:
        return None
    if not url.startswith(("https://", "http://")):
        raise NotConfigured("TRANSCRIBE_URL", "has to begin with https:// or http://")
    if key and url.startswith("http://") and not _is_near(url):
        raise NotConfigured(
            "TRANSCRIBE_URL", "has to begin with https://, since it is sent TRANSCRIBE_API_KEY"
        )
    return ServerTranscriber(url, settings.get("TRANSCRIBE_MODEL", "") or DEFAULT_MODEL, key)
