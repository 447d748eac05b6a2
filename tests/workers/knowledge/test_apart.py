"""What a parser does to itself it does to nobody else: memory, time, death, secrets."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from integrations.documents import child
from integrations.documents.blocks import Unreadable
from tests.integrations.documents import made
from workers.knowledge import apart
from workers.knowledge.apart import TOO_MUCH, Apart


def spinning() -> bytes:
    """A Word file whose reading takes minutes: rows of merged cells, each looked up along the whole row."""
    row = '<w:tr><w:tc><w:tcPr><w:gridSpan w:val="6000"/></w:tcPr><w:p/></w:tc></w:tr>' * 4_000
    text = f'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:tbl><w:tblGrid/>{row}</w:tbl></w:body></w:document>'
    return _with_document(text.encode())


def _with_document(text: bytes) -> bytes:
    out = io.BytesIO()
    whole = zipfile.ZipFile(io.BytesIO(made.word(("", "x"))))
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as each:
        for name in whole.namelist():
            each.writestr(name, text if name == "word/document.xml" else whole.read(name))
    return out.getvalue()


async def test_documents_are_read_one_after_the_other_by_one_process() -> None:
    async with Apart() as reader:
        [first] = await reader.read("a.md", b"# A\nhello")
        one = reader._process
        [second] = await reader.read("b.pdf", made.pdf("world"))
        assert reader._process is one
    assert (first.title, second.blocks[0].text) == ("A", "world")


async def test_what_cannot_be_read_says_why_and_the_process_goes_on() -> None:
    async with Apart() as reader:
        with pytest.raises(Unreadable, match="encrypted"):
            await reader.read("x.pdf", made.pdf("a", encrypted="pw"))
        one = reader._process
        assert await reader.read("a.md", b"hello")
        assert reader._process is one


async def test_what_takes_too_long_is_left_and_the_next_is_read() -> None:
    async with Apart(longest=1.0) as reader:
        with pytest.raises(Unreadable) as caught:
            await reader.read("x.docx", spinning())
        assert str(caught.value) == TOO_MUCH
    async with Apart() as reader:
        assert await reader.read("a.md", b"hello")


async def test_a_process_that_dies_over_a_document_is_begun_anew() -> None:
    async with Apart() as reader:
        await reader.read("a.md", b"hello")
        assert reader._process is not None
        reader._process.kill()
        await reader._process.wait()
        with pytest.raises(Unreadable):
            await reader.read("b.md", b"hello")
        assert await reader.read("c.md", b"hello")


async def test_it_knows_nothing_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted")
    async with Apart() as reader:
        await reader.read("a.md", b"hello")
        assert reader._process is not None
        seen = Path(f"/proc/{reader._process.pid}/environ").read_bytes()
        limits = Path(f"/proc/{reader._process.pid}/limits").read_text()
    assert b"sk-planted" not in seen
    lines = {line[:26].strip(): line[26:].split() for line in limits.splitlines()[1:]}
    assert lines["Max file size"][:2] == ["0", "0"]
    assert int(lines["Max address space"][0]) < 1_500 * 1024 * 1024
    assert int(lines["Max cpu time"][0]) < 60


@pytest.mark.twin
async def test_twin_with_our_environment_it_would_hold_our_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted")
    monkeypatch.setattr(apart, "HANDED_ON", ("PATH", "OPENAI_API_KEY"))
    async with Apart() as reader:
        await reader.read("a.md", b"hello")
        assert reader._process is not None
        assert b"sk-planted" in Path(f"/proc/{reader._process.pid}/environ").read_bytes()


async def test_a_document_that_wants_all_memory_gets_a_limit_and_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hungry = "import integrations.documents.child as c; c.read = lambda *_: [bytearray(2 << 30)]; c.main()"
    real = apart.asyncio.create_subprocess_exec

    async def begin(program: str, *_: str, **more: object) -> object:
        return await real(program, "-c", hungry, **more)  # type: ignore[arg-type]  # as it was given

    monkeypatch.setattr(apart.asyncio, "create_subprocess_exec", begin)
    async with Apart() as reader:
        with pytest.raises(Unreadable, match="more memory"):
            await reader.read("a.md", b"hello")


def test_whatever_a_parser_raises_becomes_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "more_time", lambda: None)
    for error in (ZeroDivisionError(), MemoryError(), RecursionError(), Unreadable("why")):

        def fail(*_: object, error: Exception = error) -> None:
            raise error

        monkeypatch.setattr(child, "read", fail)
        assert set(child.answered({"name": "x", "media": ""}, b"")) == {"problem"}
