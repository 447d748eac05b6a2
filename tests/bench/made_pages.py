"""Pages that nobody wrote: about many topics, in words of their own, and as files of every kind."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.integrations.documents import made

TOPICS = 400


class Language:
    """Pages about many topics: each has words of its own, a few in every sentence are everybody's."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        syllables = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "en", "ar", "ol")]
        made: set[str] = set()
        while len(made) < 24_000:
            made.add("".join(self._random.choices(syllables, k=self._random.choice((2, 3, 3, 4)))))
        every = sorted(made)
        self._random.shuffle(every)
        self._common = every[:2_000]
        self._weights = [1 / (rank + 5) for rank in range(len(self._common))]
        self._topics = [every[2_000 + 55 * at : 2_055 + 55 * at] for at in range(TOPICS)]

    def piece(self, length: int = 110) -> str:
        topic = self._random.choice(self._topics)
        other = self._random.choice(self._topics)
        common = self._random.choices(self._common, self._weights, k=length // 2)
        own = self._random.choices(topic, k=length // 3)
        rest = self._random.choices(other, k=length - len(common) - len(own))
        words = common + own + rest
        self._random.shuffle(words)
        return " ".join(words)

    def question(self, page: tuple[str, str]) -> tuple[str, str]:
        """Some words of a page, as somebody who read it would ask; and where it stands."""
        words = page[0].split()
        return " ".join(["how", "is", *self._random.sample(words, 6)]), page[1]


class Meaning:
    """Vectors as a model of meaning makes them, in place of one, which is not on this machine: all in one
    cone, in topics, what is alike close together. A question's is its piece's, with as much noise again."""

    name = "server:bench"
    dimension = 384

    def __init__(self, count: int) -> None:
        self._random = np.random.default_rng(3)
        cone, topics, alike = self._some(1), self._some(TOPICS), self._some(TOPICS * 10)
        made = (
            cone
            + 0.6 * topics[self._random.integers(TOPICS, size=count)]
            + 0.45 * alike[self._random.integers(TOPICS * 10, size=count)]
            + 0.5 * self._some(count)
        )
        self.pieces = made / np.linalg.norm(made, axis=1, keepdims=True)
        self._asked: dict[str, list[float]] = {}

    def know(self, questions: Sequence[tuple[str, str]]) -> None:
        """These, each about the piece of that number."""
        made = self.pieces[[int(piece) for _, piece in questions]] + 0.5 * self._some(len(questions))
        vectors = (made / np.linalg.norm(made, axis=1, keepdims=True)).tolist()
        self._asked = {question: vector for (question, _), vector in zip(questions, vectors, strict=True)}

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [self._asked[text] for text in texts]

    async def close(self) -> None:
        """There is nothing to close."""

    def _some(self, count: int) -> Any:
        return self._random.normal(size=(count, self.dimension)) / self.dimension**0.5


def pages(root: Path, count: int) -> None:
    """Markdown, HTML, text, Word and PDF, as in a company: a page or two each."""
    language = Language(3)
    for number in range(count):
        parts = [language.piece(120) for _ in range(5)]
        path = root / f"{number % 20}" / f"page-{number}"
        path.parent.mkdir(exist_ok=True)
        match number % 10:
            case 0 | 1 | 2 | 3:
                text = "".join(f"\n## Part {at}\n\n{part}.\n" for at, part in enumerate(parts))
                path.with_suffix(".md").write_text(f"# Page {number}\n{text}")
            case 4 | 5 | 6:
                text = "".join(f"<h2>Part {at}</h2><p>{part}.</p>" for at, part in enumerate(parts))
                path.with_suffix(".html").write_text(f"<title>Page {number}</title><main>{text}</main>")
            case 7:
                path.with_suffix(".txt").write_text("\n\n".join(parts))
            case 8:
                path.with_suffix(".docx").write_bytes(
                    made.word(("Title", f"Page {number}"), *(("", p) for p in parts))
                )
            case _:
                lines = [[" ".join(p.split()[at : at + 12]) for at in range(0, 120, 12)] for p in parts]
                path.with_suffix(".pdf").write_bytes(made.pdf(*("\n".join(each) for each in lines)))
