"""Files that come with a message in Slack, and where they are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.files import LONGEST_ADDRESS, LONGEST_NAME, MOST_NAMED, Hosts, origin
from bot.platforms.slack.fields import MAX_ID, clean
from bot.turn import Attached

# Files and transcripts alike; of the commercial Slack and of the one for governments.
HOSTS = frozenset({"files.slack.com", "files.slack-gov.com"})
LONGEST_TRANSCRIPT = 40_000


def hosts(api_url: str) -> Hosts:
    """Of the stand-in, where that is what SLACK_API_URL names."""
    return Hosts(HOSTS, sandbox=origin(api_url))


def attached(event: Mapping[str, Any]) -> tuple[Attached, ...]:
    """What is told of each; never `Malformed`: words that came with a strange file are still words."""
    found = event.get("files")
    files = [one(each) for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []
    return tuple(each for each in files if each is not None)[:MOST_NAMED]


def one(file: Mapping[str, Any]) -> Attached | None:
    """From a message, or from files.info. A mention names the id only, and so does Slack Connect."""
    id = _text(file, "id", MAX_ID)
    mode = _text(file, "mode", 40)
    if not id or mode in ("tombstone", "hidden_by_limit"):
        return None
    name = _text(file, "name", LONGEST_NAME) or _text(file, "title", LONGEST_NAME) or "a file"
    size = file.get("size")
    heard = file.get("transcription")
    preview = (
        heard.get("preview") if isinstance(heard, Mapping) and heard.get("status") == "complete" else None
    )
    words = _text(preview, "content", LONGEST_TRANSCRIPT) if isinstance(preview, Mapping) else ""
    more = isinstance(preview, Mapping) and preview.get("has_more") is True
    return Attached(
        id=id,
        name=name,
        type=_text(file, "mimetype", 100),
        size=size if type(size) is int and size >= 0 else 0,
        url=_text(file, "url_private_download", LONGEST_ADDRESS)
        or _text(file, "url_private", LONGEST_ADDRESS),
        transcript=words,
        transcript_url=_text(file, "vtt", LONGEST_ADDRESS) if more else "",
        elsewhere=file.get("is_external") is True or mode == "external",
    )


def is_writing_down(file: Mapping[str, Any]) -> bool:
    """A clip that was recorded in Slack: what is said in it comes some seconds later."""
    heard = file.get("transcription")
    return isinstance(heard, Mapping) and heard.get("status") == "processing"


def _text(source: Mapping[str, Any], name: str, limit: int) -> str:
    found = source.get(name)
    return clean(found[:limit]) if isinstance(found, str) else ""
