"""A model's own confidence, mapped to what it earned, for that model and that prompt only."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from integrations.models import calibrated as calibrating
from integrations.models.base import Intent, Question, Reading
from integrations.models.calibrated import (
    FILE,
    Answer,
    CalibratedReader,
    calibrated,
    fit,
    key_of,
    load,
    save,
)

MODEL = "openai:small"
READING = Reading(Intent.ROUTE, 0.95, "order", 0.95, model=MODEL)


def rash(number: int = 600) -> list[Answer]:
    """States 0.95 and is right seven times of ten, states 0.5 and is right four times of ten."""
    chance = random.Random(1)
    return [
        Answer(stated, chance.random() < (0.7 if stated > 0.9 else 0.4))
        for stated in chance.choices((0.95, 0.5), k=number)
    ]


def test_a_rash_model_is_believed_as_far_as_it_earned(tmp_path: Path) -> None:
    save(tmp_path, MODEL, fit(rash()))

    assert calibrated(READING, load(tmp_path)).route_confidence == pytest.approx(0.7, abs=0.06)


def test_the_error_after_is_of_answers_that_were_left_out() -> None:
    found = fit(rash())

    assert found.before > 0.1
    assert found.after < 0.05


async def test_the_reader_maps_the_route_and_leaves_the_rest(tmp_path: Path) -> None:
    class Stated:
        async def read(self, question: Question) -> Reading:
            return READING

        async def close(self) -> None: ...

    save(tmp_path, MODEL, fit(rash()))
    reading = await CalibratedReader(Stated(), load(tmp_path)).read(Question("order two colas"))

    assert reading.route_confidence < 0.8
    assert reading.confidence == READING.confidence
    assert reading.route == "order"


def test_another_model_keeps_what_it_stated(tmp_path: Path) -> None:
    save(tmp_path, "openai:large", fit(rash()))

    assert calibrated(READING, load(tmp_path)) == READING


def test_a_changed_prompt_needs_a_new_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(tmp_path, MODEL, fit(rash()))
    monkeypatch.setattr(calibrating, "RULES", "Other rules.")

    assert calibrated(READING, load(tmp_path)) == READING


def test_two_models_stand_side_by_side(tmp_path: Path) -> None:
    save(tmp_path, "one", fit(rash()))
    save(tmp_path, "other", fit(rash()))

    assert set(load(tmp_path)) == {key_of("one"), key_of("other")}
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_fifty_answers_are_the_fewest_that_say_anything() -> None:
    with pytest.raises(ValueError, match="too few"):
        fit(rash(49))


UPSIDE_DOWN = {"corners": [[0.1, 0.9], [0.9, 0.1]]}


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[]", b"not JSON", b"\xff\xfe", b"[" * 100_000, json.dumps({key_of(MODEL): 3}).encode(),
        json.dumps({key_of(MODEL): UPSIDE_DOWN}).encode(),
        json.dumps({key_of(MODEL): {"corners": [[0, 2]]}}).encode(),
        json.dumps({key_of(MODEL): {"corners": [[True, True]]}}).encode(),
        json.dumps({key_of(MODEL): {"corners": []}}).encode(),
        json.dumps({key_of(MODEL): {"corners": [[at / 1e4, 1] for at in range(300)]}}).encode(),
        b'{"a": NaN}', b" " * (300 * 1024) + b"{}",
    ],
)  # fmt: skip
def test_a_damaged_file_maps_nothing_and_stops_nobody(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)

    assert calibrated(READING, load(tmp_path)) == READING


@pytest.mark.twin
def test_twin_without_the_look_at_the_stairs_a_file_makes_a_doubt_a_certainty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    doubtful = Reading(Intent.ROUTE, 0.1, "order", 0.1, model=MODEL)
    (tmp_path / FILE).write_text(json.dumps({key_of(MODEL): UPSIDE_DOWN}))
    guarded = calibrated(doubtful, load(tmp_path))
    monkeypatch.setattr(calibrating, "pairwise", lambda corners: ())

    assert guarded.route_confidence == 0.1
    assert calibrated(doubtful, load(tmp_path)).route_confidence == 0.9


def test_no_file_is_no_fit(tmp_path: Path) -> None:
    assert load(tmp_path / "nowhere") == {}
