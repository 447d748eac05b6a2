"""What examples teach: the same weights each time, sentences that were never seen, and how sure it is."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from sentences import PARAPHRASES, SENTENCES

from integrations.models.learned import features, linear
from integrations.models.learned.classifier import CAP, Classifier, learn, left_out
from integrations.models.learned.linear import examples_of, train


@pytest.fixture(scope="module")
def taught() -> Classifier:
    return learn(SENTENCES)


@pytest.mark.parametrize(("text", "topic"), PARAPHRASES)
def test_a_paraphrase_that_was_never_seen_is_recognised(taught: Classifier, text: str, topic: str) -> None:
    assert taught.guess(text).label == topic


def test_the_same_examples_in_another_order_give_the_same_weights(taught: Classifier) -> None:
    again = learn(tuple(reversed(SENTENCES)) + SENTENCES[:5])

    assert again.linear.rows == taught.linear.rows
    assert again.calibration == taught.calibration


def test_weights_are_whole_numbers_that_never_depend_on_the_platform_or_the_run() -> None:
    model = train(examples_of(SENTENCES[:20] + SENTENCES[-20:]))

    digest = hash(tuple(model.rows))  # hashes of numbers are the same in every process
    assert digest == hash(tuple(train(examples_of(SENTENCES[:20] + SENTENCES[-20:])).rows))
    assert all(isinstance(row, int) for row in model.rows)


def test_what_has_nothing_in_common_with_any_example_gets_no_label(taught: Classifier) -> None:
    assert taught.guess("ЖЖЖ").label == ""
    assert taught.guess("").confidence == 0.0


def test_one_label_alone_teaches_nothing() -> None:
    assert learn([("send the bill", "invoice"), ("a receipt", "invoice")]).guess("the bill").label == ""
    assert learn([]).guess("the bill").label == ""


def test_no_reading_is_certain(taught: Classifier) -> None:
    assert all(taught.guess(text).confidence <= CAP for text, _ in SENTENCES)


def test_the_second_best_is_named_for_asking_back(taught: Classifier) -> None:
    guess = taught.guess("please send my password")

    assert guess.label == "password"
    assert guess.second in {"invoice", "parcel"}
    assert guess.confidence >= guess.second_confidence


def test_a_barred_label_is_weighed_and_never_given(taught: Classifier) -> None:
    free = taught.guess("reset my password")
    barred = taught.guess("reset my password", never="password")

    assert free.label == "password"
    assert barred.label == free.second
    assert barred.confidence < 0.5


def test_the_words_that_speak_for_a_label_are_the_persons_own(taught: Classifier) -> None:
    assert "password" in taught.evidence("oh dear, I forgot my password", "password").split()
    assert taught.evidence("qwertz", "password") == ""


def test_confidence_is_fitted_on_sentences_that_were_left_out() -> None:
    examples = examples_of(SENTENCES)
    scores, right = left_out(examples, ("holiday", "invoice", "parcel", "password"), linear.USUAL)

    assert len(scores) == len(right) == len(SENTENCES)


def test_a_hundred_thousand_characters_are_read_in_bounded_time(taught: Classifier) -> None:
    text = "please reset the zqx password " * 4_000
    began = time.process_time()
    guess = taught.guess(text)

    assert time.process_time() - began < 0.05
    assert guess.label == "password"


@pytest.mark.twin
def test_twin_without_the_bound_the_work_grows_with_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    text = " ".join(f"word{number}" for number in range(300))
    bounded = len(features.counted(text))
    monkeypatch.setattr(features, "MAX_CHARACTERS", 1 << 30)
    monkeypatch.setattr(features, "MAX_WORDS", 1 << 30)

    assert bounded < 2_000
    assert len(features.counted(text)) > 40_000


def test_more_examples_than_are_sane_are_refused() -> None:
    examples = examples_of(SENTENCES[:4]) * 200_000

    with pytest.raises(ValueError, match="too many"):
        train(examples)


def test_an_ordinary_sentence_takes_less_than_two_milliseconds(taught: Classifier) -> None:
    texts = [text for text, _ in SENTENCES]
    began = time.process_time()
    for text in texts:
        taught.guess(text)

    assert (time.process_time() - began) / len(texts) < 0.002


def test_a_model_that_learned_longer_is_still_within_its_lanes() -> None:
    """Scores stay small: far from where one lane would run into the next."""
    model = train(examples_of(SENTENCES), replace(linear.USUAL, epochs=40, rate=4.0))

    assert all(abs(score) < 1_000 for text, _ in SENTENCES for score in model.scores(text))
