"""A real ffmpeg, as it comes in a Python package: what it makes of videos, and what it is kept from."""

from __future__ import annotations

import io
import socket
import subprocess
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from integrations.files import media
from integrations.files.media import NotSeen, parts

FFMPEG = get_ffmpeg_exe()
PICTURE = ["-f", "lavfi", "-i", "testsrc=size=1280x720:rate=10"]
SOUND = ["-f", "lavfi", "-i", "sine=frequency=440"]


def recorded(folder: Path, name: str, *given: str) -> bytes:
    path = folder / name
    subprocess.run([FFMPEG, "-loglevel", "error", *given, str(path)], check=True, timeout=60)
    return path.read_bytes()


def seconds(sound: bytes) -> float:
    with wave.open(io.BytesIO(sound)) as read:
        assert (read.getframerate(), read.getnchannels()) == (16_000, 1)
        return read.getnframes() / 16_000


@pytest.mark.parametrize(
    ("name", "codecs", "length", "frames"),
    [
        ("a.mp4", ["-c:v", "mpeg4", "-c:a", "aac"], 25, 3),
        ("a.mov", ["-c:v", "mpeg4", "-c:a", "aac"], 3, 1),
        ("a.mkv", ["-c:v", "mpeg4", "-c:a", "flac"], 12, 2),
        ("a.webm", ["-c:v", "libvpx", "-c:a", "libopus"], 2, 1),
        ("a.avi", ["-c:v", "mpeg4", "-c:a", "mp3"], 0.4, 1),
    ],
)
def test_of_every_container_the_sound_and_a_picture_however_short_it_is(
    tmp_path: Path, name: str, codecs: list[str], length: float, frames: int
) -> None:
    title = ["-metadata", "title=Recorded at home by Ada"]
    data = recorded(tmp_path, name, *PICTURE, *SOUND, *codecs, *title, "-t", str(length))
    found = parts(data, ffmpeg=FFMPEG)
    assert seconds(found.sound) == pytest.approx(length, abs=0.2)
    assert len(found.frames) == frames
    assert all(frame.startswith(b"\xff\xd8") for frame in found.frames)
    assert not any(b"Recorded at home" in each for each in (found.sound, *found.frames))


def test_a_recording_of_a_screen_without_sound_is_its_pictures(tmp_path: Path) -> None:
    found = parts(recorded(tmp_path, "a.mp4", *PICTURE, "-c:v", "mpeg4", "-t", "4"), ffmpeg=FFMPEG)
    assert found.sound == b""
    assert len(found.frames) == 1


def test_a_voice_message_is_its_sound(tmp_path: Path) -> None:
    found = parts(recorded(tmp_path, "a.m4a", *SOUND, "-t", "2"), ffmpeg=FFMPEG)
    assert seconds(found.sound) == pytest.approx(2, abs=0.2)
    assert found.frames == ()


def test_half_of_a_video_is_broken(tmp_path: Path) -> None:
    whole = recorded(tmp_path, "a.mp4", *PICTURE, "-c:v", "mpeg4", "-t", "4")
    with pytest.raises(NotSeen, match="broken"):
        parts(whole[: len(whole) // 2], ffmpeg=FFMPEG)


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        yield server


def playlist(address: str) -> bytes:
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{address}\n#EXT-X-ENDLIST\n".encode()


def test_a_playlist_that_names_an_address_or_another_file_leads_nowhere(
    tmp_path: Path, listening: socket.socket
) -> None:
    other = tmp_path / "other.avi"
    recorded(tmp_path, other.name, *PICTURE, "-c:v", "mpeg4", "-t", "1")
    port = listening.getsockname()[1]
    for given in (
        playlist(f"http://127.0.0.1:{port}/a.ts"),
        playlist(f"file://{other}"),
        f"ffconcat version 1.0\nfile '{other}'\n".encode(),
    ):
        with pytest.raises(NotSeen, match="broken"):
            parts(given, ffmpeg=FFMPEG)
    listening.settimeout(0)
    with pytest.raises(BlockingIOError):
        listening.accept()


@pytest.mark.twin
def test_twin_without_the_lists_of_what_it_may_open_it_would_call_out(
    tmp_path: Path, listening: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    any_file = ["-extension_picky", "0", "-allowed_extensions", "ALL", "-allowed_segment_extensions", "ALL"]
    careless = ["-nostdin", "-protocol_whitelist", "file,http,tcp", "-f", "hls", *any_file, "-i", "given"]
    monkeypatch.setattr(media, "begin", lambda: careless)
    monkeypatch.setattr(media, "SECONDS", 3.0)
    port = listening.getsockname()[1]
    with pytest.raises(NotSeen):
        parts(playlist(f"http://127.0.0.1:{port}/a.ts"), ffmpeg=FFMPEG)
    listening.accept()[0].close()
