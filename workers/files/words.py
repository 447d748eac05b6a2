"""What people are told about a file, and how it is called."""

from __future__ import annotations

import re
from collections.abc import Sequence

from integrations.files.sniff import Kind
from workers.store.files import Read

LONGEST_SHOWN = 60
LOCKED = "it is protected by a password, or of a kind before 2007: please send it without, or as .docx or PDF"
NOT_WRITTEN_DOWN = "I cannot listen to sound here: please write what matters (or have TRANSCRIBE_URL set)"
CANNOT = {
    Kind.EMPTY: "it is empty: please send it again",
    Kind.IMAGE: "I cannot see pictures here: please write what matters (or have VISION_MODEL set)",
    Kind.ARCHIVE: "it is an archive: please send the files in it one by one",
    Kind.SHEET: "it is a workbook: please save the sheet as CSV and send that",
    Kind.SLIDES: "it is a presentation: please save it as PDF and send that",
    Kind.UNKNOWN: "I do not know this kind: I read text, PDF, Word, pictures, sound and video",
}
OTHERS = {"image/heic": "it is a picture of a kind that I cannot see: please send it as JPEG or PNG"}
_TIMES = re.compile(r"^(?:\d+:)?\d{2}:\d{2}\.\d{3}\s+-->")
_TAG = re.compile(r"<[^<>]{0,200}>")


def named(name: str) -> str:
    """As it is shown: on one line, without what hides or turns round, never long."""
    kept = "".join(each if each.isprintable() else " " for each in name)
    words = " ".join(kept.split()) or "a file"
    if len(words) <= LONGEST_SHOWN:
        return words
    return f"{words[: LONGEST_SHOWN - 12].rstrip()}…{words[-11:]}"


def listed(names: Sequence[str]) -> str:
    quoted = [f"“{named(each)}”" for each in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def looking(names: Sequence[str], left_out: int) -> str:
    more = f" I look at {len(names)} files of a message; {left_out} more were left out." if left_out else ""
    return f"Looking at {listed(names)}…{more}"


def told(read: Sequence[Read]) -> str:
    """What came of each, a line for each."""
    return "\n".join(_line(each) for each in read)


def _line(read: Read) -> str:
    if read.problem:
        return f"I could not read “{read.name}”: {read.problem.rstrip('.')}."
    count = len(read.words.split())
    how = f" ({read.notes})" if read.notes else ""
    return f"I have read “{read.name}”: {count:,} word{'' if count == 1 else 's'}{how}."


def vtt(data: bytes) -> str:
    """The words of a WebVTT transcript, without its times: a cue ends anywhere in a sentence."""
    written = data.decode("utf-8", "replace").splitlines()
    lines = [_TAG.sub("", each).strip().removeprefix("- ") for each in written]
    kept: list[str] = []
    for at, line in enumerate(lines):
        is_number = line.isdigit() and at + 1 < len(lines) and _TIMES.match(lines[at + 1]) is not None
        is_head = line.startswith(("WEBVTT", "NOTE", "STYLE", "Kind:", "Language:"))
        is_said = line and not (is_head or is_number or _TIMES.match(line))
        if is_said and (not kept or kept[-1] != line):
            kept.append(line)
    return " ".join(kept)
