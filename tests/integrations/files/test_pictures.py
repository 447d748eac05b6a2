"""Pictures: their size from their header, bombs refused, and nothing in them but the picture."""

from __future__ import annotations

import struct
import zlib

import pytest

from integrations.files.pictures import LARGEST, Unfit, bare, checked, webp
from tests.integrations.documents import made

SECRET = b"52.5200N 13.4050E taken by ada"


def part(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_with(*parts: bytes) -> bytes:
    plain = made.png()
    return plain[:33] + b"".join(parts) + plain[33:]


def segment(kind: int, data: bytes) -> bytes:
    return bytes([0xFF, kind]) + struct.pack(">H", len(data) + 2) + data


def jpeg(*segments: bytes, width: int = 4, height: int = 3) -> bytes:
    frame = segment(0xC0, b"\x08" + struct.pack(">HH", height, width) + b"\x03" + b"\x01\x11\x00" * 3)
    return b"\xff\xd8" + b"".join(segments) + frame + segment(0xDA, b"\x03\x01\x00") + b"pixels\xff\xd9"


@pytest.mark.parametrize("kind", [b"tEXt", b"iTXt", b"zTXt", b"eXIf", b"tIME", b"prVW"])
def test_what_a_camera_or_a_program_wrote_into_a_png_is_left_out(kind: bytes) -> None:
    given = png_with(part(kind, SECRET))
    assert SECRET in given
    assert bare(given) == made.png()


def test_what_follows_the_end_of_a_png_is_left_out() -> None:
    assert bare(made.png() + SECRET) == made.png()


@pytest.mark.parametrize("kind", [0xE1, 0xE2, 0xED, 0xEF, 0xFE])
def test_places_previews_and_comments_of_a_jpeg_are_left_out(kind: int) -> None:
    given = jpeg(segment(0xE0, b"JFIF\x00"), segment(kind, SECRET))
    assert SECRET in given
    assert bare(given) == jpeg(segment(0xE0, b"JFIF\x00"))


def test_how_the_colours_of_a_jpeg_are_meant_stays() -> None:
    given = jpeg(segment(0xEE, b"Adobe\x00"))
    assert bare(given) == given


@pytest.mark.parametrize("cut", range(2, 60, 3))
def test_what_cannot_be_taken_apart_is_left_as_it_is(cut: int) -> None:
    for given in (made.png(), jpeg(segment(0xE0, b"JFIF\x00"))):
        assert bare(given[:cut]) in (given[:cut], bare(given)[:cut])


def test_a_png_with_a_wrong_sum_is_left_to_whoever_looks_at_it() -> None:
    given = bytearray(png_with(part(b"tEXt", SECRET)))
    given[45] ^= 1
    assert bare(bytes(given)) == bytes(given)


@pytest.mark.parametrize("size", [(50_000, 50_000), (12_001, 1), (8_000, 8_000), (2**31 - 1, 2**31 - 1)])
def test_a_picture_that_would_unpack_to_a_gigabyte_is_refused_by_its_header(size: tuple[int, int]) -> None:
    with pytest.raises(Unfit, match="too large"):
        checked(made.png(*size))
    if max(size) < 65_536:
        with pytest.raises(Unfit, match="too large"):
            checked(jpeg(width=size[0], height=size[1]))


@pytest.mark.twin
def test_twin_without_the_check_of_its_header_a_bomb_is_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.files.pictures.MOST_PIXELS", 10**20)
    monkeypatch.setattr("integrations.files.pictures.LONGEST_SIDE", 10**10)
    assert checked(made.png(50_000, 50_000)) == (50_000, 50_000)


def test_a_picture_without_a_size_is_broken() -> None:
    for data in (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\x00\x00\x00\x00WEBPVP8X", made.png(0, 5)):
        with pytest.raises(Unfit, match="broken"):
            checked(data)


def test_a_picture_of_too_many_bytes_is_refused() -> None:
    with pytest.raises(Unfit, match="smaller"):
        checked(made.png() + b"x" * LARGEST)


def test_the_size_of_each_kind_is_read() -> None:
    assert checked(made.png(31, 17)) == (31, 17)
    assert checked(jpeg(width=640, height=480)) == (640, 480)
    head = b"RIFF\x00\x00\x00\x00WEBP"
    extended = (
        head
        + b"VP8X"
        + b"\x0a\x00\x00\x00"
        + b"\x00" * 4
        + (99).to_bytes(3, "little")
        + (49).to_bytes(3, "little")
    )
    assert webp(extended) == (100, 50)
    assert webp(head + b"VP8 " + b"\x00" * 7 + b"\x9d\x01\x2a" + struct.pack("<HH", 20, 10)) == (20, 10)
    assert webp(head + b"VP8L" + b"\x00" * 4 + b"\x2f" + ((9 << 14) | 19).to_bytes(4, "little")) == (20, 10)
