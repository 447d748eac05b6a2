"""What was learned is kept under what it was learned from."""

from __future__ import annotations

from threading import Event

import pytest

from integrations.models.learned import keeping
from integrations.models.learned.classifier import Classifier, learn
from integrations.models.learned.keeping import Lesson, Shelf

Pairs = tuple[tuple[str, str], ...]
FEW: Pairs = (("send the bill", "invoice"), ("reset my password", "password"))


class Teacher:
    def __init__(self) -> None:
        self.lessons: list[Pairs] = []
        self.go_on = Event()
        self.go_on.set()

    def __call__(self, pairs: Pairs) -> Classifier:
        self.lessons.append(pairs)
        assert self.go_on.wait(10)
        return learn(FEW)


def test_the_same_content_is_learned_once() -> None:
    teacher = Teacher()
    shelf = Shelf(teacher)

    first = shelf.get(Lesson(FEW))

    assert shelf.get(Lesson(tuple(reversed(FEW)))) is first
    assert len(teacher.lessons) == 1


def test_one_more_example_is_another_lesson_at_once() -> None:
    teacher = Teacher()
    shelf = Shelf(teacher)
    shelf.get(Lesson(FEW))
    shelf.get(Lesson((*FEW, ("a receipt please", "invoice"))))

    assert len(teacher.lessons) == 2


def test_where_a_text_ends_and_its_label_begins_is_part_of_the_content() -> None:
    assert Lesson((("ab", "c"),)).key != Lesson((("a", "bc"),)).key


def test_much_is_learned_behind_the_scenes_and_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "AT_ONCE", 1)
    teacher = Teacher()
    teacher.go_on.clear()
    shelf = Shelf(teacher)
    lesson = Lesson(FEW)

    assert shelf.get(lesson) is None
    assert shelf.get(lesson) is None  # still one lesson, not two
    coming = shelf._coming[lesson.key]
    teacher.go_on.set()
    learned = coming.result(10)

    assert shelf.get(lesson, wait=True) is not None
    assert learned.linear.classes == ("invoice", "password")
    assert len(teacher.lessons) <= 2


def test_a_set_that_is_too_large_is_never_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "MOST", 1)
    teacher = Teacher()

    assert Shelf(teacher).get(Lesson(FEW)) is None
    assert teacher.lessons == []


@pytest.mark.twin
def test_twin_without_the_bound_any_number_of_sentences_is_learned_from(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keeping, "MOST", 1 << 60)
    teacher = Teacher()
    many = FEW * 15_000

    Shelf(teacher).get(Lesson(many), wait=True)

    assert len(teacher.lessons[0]) == 30_000


def test_what_was_not_asked_for_longest_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "LARGEST", len(learn(FEW).linear.rows))
    teacher = Teacher()
    shelf = Shelf(teacher)
    one, other = Lesson(FEW), Lesson((*FEW, ("a receipt", "invoice")))
    shelf.get(one)
    shelf.get(other)

    shelf.get(other)
    assert len(teacher.lessons) == 2
    shelf.get(one)
    assert len(teacher.lessons) == 3
