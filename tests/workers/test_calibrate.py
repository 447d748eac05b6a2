"""countersign calibrate: sentences in, a table and a fit out; every mistake names its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.errors import ConfigurationError
from bot.settings import Settings
from integrations.models.base import Intent, ModelUnavailable, Question, Reading
from integrations.models.calibrated import FILE
from workers import calibrate

CATALOG = Path(__file__).parents[2] / "flows" / "catalog"


class Model:
    """Always says order, at 0.9, and cannot be asked about the weather."""

    async def read(self, question: Question) -> Reading:
        if "weather" in question.text:
            raise ModelUnavailable("busy")
        return Reading(Intent.ROUTE, 0.9, "order", 0.9, model="openai:small")

    async def close(self) -> None: ...


def written(folder: Path, *lines: object) -> Path:
    path = folder / "sentences.jsonl"
    path.write_text("\n".join(each if isinstance(each, str) else json.dumps(each) for each in lines))
    return path


def sentences(count: int = 60) -> list[object]:
    return [{"text": f"order {at} colas", "flow": "order" if at % 4 else ""} for at in range(count)]


def settings(folder: Path) -> Settings:
    return Settings(_env_file=None, state_dir=folder / "state")


def test_what_a_model_states_is_fitted_to_what_is_right_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(calibrate, "reader", lambda settings: Model())
    path = written(tmp_path, *sentences(), {"text": "what about the weather", "flow": ""})

    assert calibrate.run(settings(tmp_path), path, CATALOG, True) == 0

    told = capsys.readouterr().out
    assert "75.0 % right" in told
    assert "as stated 0.150" in told
    assert "1 of 61 sentences got no answer" in told
    assert (tmp_path / "state" / FILE).is_file()


def test_offline_is_told_and_nothing_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert calibrate.run(settings(tmp_path), written(tmp_path, *sentences()), CATALOG, True) == 0

    assert "offline fits itself" in capsys.readouterr().out
    assert not (tmp_path / "state" / FILE).exists()


def test_on_request_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibrate, "reader", lambda settings: Model())

    calibrate.run(settings(tmp_path), written(tmp_path, *sentences()), CATALOG, False)

    assert not (tmp_path / "state" / FILE).exists()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 51: must be like"),
        ({"text": "order"}, "line 51: must be like"),
        ({"text": "", "flow": "order"}, "line 51: must be like"),
        ({"text": "x" * 3_000, "flow": "order"}, "line 51: must be like"),
        ({"text": "order", "flow": "oder"}, "there is no flow 'oder'; there are"),
        ("[" * 20_000, "line 51: must be like"),
    ],
)
def test_a_mistake_in_the_sentences_is_named_with_its_line(tmp_path: Path, line: object, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said.replace(";", "\\;")):
        calibrate.read_sentences(written(tmp_path, *sentences(50), line), {"order"})


def test_too_few_sentences_and_a_missing_file_are_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="has 3 sentences"):
        calibrate.read_sentences(written(tmp_path, *sentences(3)), {"order"})
    with pytest.raises(ConfigurationError, match="cannot be read"):
        calibrate.read_sentences(tmp_path / "nowhere.jsonl", {"order"})


def test_a_file_that_is_too_long_is_refused_before_it_is_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibrate, "LARGEST", 1_000)

    with pytest.raises(ConfigurationError, match="is longer than"):
        calibrate.read_sentences(written(tmp_path, *sentences()), {"order"})


@pytest.mark.twin
def test_twin_without_the_limit_it_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, *sentences(), "\n" * 5_000_000)
    with pytest.raises(ConfigurationError, match="is longer than 4 MB"):
        calibrate.read_sentences(path, {"order"})
    monkeypatch.setattr(calibrate, "LARGEST", 1 << 24)

    assert len(calibrate.read_sentences(path, {"order"})) == 60
