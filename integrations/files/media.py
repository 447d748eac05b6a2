"""Sound and a few pictures of a video, by ffmpeg where it is installed: on a leash, and from one file only.

It reads what somebody sent, so it runs in a folder of its own with limits of memory, time and size that
it cannot lift, without our environment, and may open files and nothing else: a playlist that names an
address, or another file by one, is refused by it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

SECONDS = 60.0  # by the clock on the wall, for one call
LARGEST_PART = 24 * 1024 * 1024
MOST_SOUND = 600  # seconds of it
FRAMES = 3
NO_FFMPEG = "I cannot hear or see videos here (the program ffmpeg is not installed)"

# Of containers that one file holds. A playlist (hls, concat, dash) would name others.
FORMATS = "mov,matroska,avi,ogg,wav,mp3,aac,flac"


class NotSeen(Exception):
    """Nothing could be had of it, and why, in words for whoever sent it."""


@dataclass(frozen=True, slots=True)
class Parts:
    """`sound` is WAV, 16,000 samples a second, empty where there is none; `frames` are JPEG."""

    sound: bytes
    frames: tuple[bytes, ...]


def program() -> str | None:
    return shutil.which("ffmpeg")


def parts(data: bytes, *, frames: int = FRAMES, ffmpeg: str | None = None) -> Parts:
    """Raises `NotSeen`."""
    ffmpeg = ffmpeg or program()
    if ffmpeg is None:
        raise NotSeen(NO_FFMPEG)
    with tempfile.TemporaryDirectory(prefix="countersign-") as folder:
        given = Path(folder, "given")
        given.write_bytes(data)
        sound = _run(ffmpeg, folder, sound_of(), "sound.wav")
        pictures = _run(ffmpeg, folder, frames_of(frames), *(f"frame{at}.jpg" for at in range(1, frames + 1)))
    found = Parts(sound[0] if sound else b"", tuple(pictures))
    if not found.sound and not found.frames:
        raise NotSeen("I found neither sound nor pictures in it: it may be broken. Please record it again")
    return found


def begin() -> list[str]:
    """What every call begins with: nothing asked, nothing but files, one kind of container."""
    return ["-nostdin", "-hide_banner", "-loglevel", "error", "-protocol_whitelist", "file",
            "-format_whitelist", FORMATS, "-threads", "1", "-i", "given", "-map_metadata", "-1",
            "-t", str(MOST_SOUND), "-fs", str(LARGEST_PART), "-y"]  # fmt: skip


def sound_of() -> list[str]:
    return [*begin(), "-vn", "-sn", "-dn", "-ac", "1", "-ar", "16000", "-f", "wav", "sound.wav"]


def frames_of(count: int) -> list[str]:
    """The first picture, however short it is, and then one for every ten seconds."""
    chosen = "select='isnan(prev_selected_t)+gte(t-prev_selected_t,10)',setpts=N/FRAME_RATE/TB"
    scale = f"{chosen},scale='min(1024,iw)':-2"
    return [
        *begin(),
        "-an",
        "-sn",
        "-dn",
        "-vf",
        scale,
        "-frames:v",
        str(count),
        "-f",
        "image2",
        "frame%d.jpg",
    ]


def _run(ffmpeg: str, folder: str, arguments: list[str], *wanted: str) -> list[bytes]:
    """What it wrote of what was wanted; nothing where it failed."""
    try:
        done = subprocess.run(  # noqa: S603  # a program that was looked up, and arguments of ours
            [sys.executable, "-I", str(Path(__file__).with_name("leash.py")), ffmpeg, *arguments],
            cwd=folder,
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": folder},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NotSeen("it took too long to look at: please send a shorter piece") from None
    except OSError:
        return []
    if done.returncode != 0:
        return []
    paths = [Path(folder, name) for name in wanted]
    return [path.read_bytes() for path in paths if path.is_file() and 0 < path.stat().st_size <= LARGEST_PART]
