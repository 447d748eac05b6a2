"""Keeps what was learned under the content of what it was learned from; much is learned behind the scenes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from threading import Lock

from .classifier import Classifier, learn

AT_ONCE = 500  # so many sentences are learned while one waits: a few tenths of a second
MOST = 20_000  # and so many at all; a larger set keeps its nearest examples only
LARGEST = 400_000  # rows of weights that are kept in all, some 200 MB at 77 flows


@dataclass(frozen=True)
class Lesson:
    """Sentences with their labels. Equal content is the same lesson, in whatever order."""

    pairs: tuple[tuple[str, str], ...]

    @cached_property
    def key(self) -> str:
        digest = blake2b(digest_size=20)
        for text, label in sorted(set(self.pairs)):
            for part in (text, label):
                raw = part.encode("utf-8", "replace")
                digest.update(len(raw).to_bytes(4, "big") + raw)
        return digest.hexdigest()


class Shelf:
    """One for each process. What was not asked for longest goes first."""

    def __init__(self, teach: Callable[[tuple[tuple[str, str], ...]], Classifier] = learn) -> None:
        self._teach = teach
        self._kept: OrderedDict[str, Classifier] = OrderedDict()
        self._coming: dict[str, Future[Classifier]] = {}
        self._lock = Lock()
        self._behind: ThreadPoolExecutor | None = None

    def get(self, lesson: Lesson, *, wait: bool = False) -> Classifier | None:
        """None while a large one is still being learned, and for one that is too large."""
        if len(lesson.pairs) > MOST:
            return None
        with self._lock:
            found = self._kept.get(lesson.key)
            if found is not None:
                self._kept.move_to_end(lesson.key)
                return found
        if wait or len(lesson.pairs) <= AT_ONCE:
            return self._keep(lesson.key, self._teach(lesson.pairs))
        self._begin(lesson)
        return None

    def holds(self, lesson: Lesson) -> bool:
        """Whether it can be had without learning."""
        return lesson.key in self._kept

    def _begin(self, lesson: Lesson) -> None:
        with self._lock:
            if lesson.key in self._coming:
                return
            if self._behind is None:
                self._behind = ThreadPoolExecutor(1, thread_name_prefix="learning")
            coming = self._behind.submit(self._teach, lesson.pairs)
            self._coming[lesson.key] = coming
        coming.add_done_callback(lambda done: self._arrived(lesson.key, done))

    def _arrived(self, key: str, done: Future[Classifier]) -> None:
        if not done.cancelled() and done.exception() is None:
            self._keep(key, done.result())
            with self._lock:
                self._coming.pop(key, None)

    def _keep(self, key: str, learned: Classifier) -> Classifier:
        with self._lock:
            self._kept[key] = learned
            while len(self._kept) > 1 and sum(len(one.linear.rows) for one in self._kept.values()) > LARGEST:
                self._kept.popitem(last=False)
        return learned


SHELF = Shelf()
