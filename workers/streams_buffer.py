"""What waits to be shown: pieces in order, without gaps, held back until it is time. No I/O."""

from __future__ import annotations

from collections.abc import Callable

MOST = 100_000  # characters of one text


class Buffer:
    """Pieces carry where they begin. One that does not follow ends the preview: a piece was lost, or the
    model began anew, and what is shown can not be taken back."""

    def __init__(self, shown: Callable[[str], str] = str) -> None:
        """`shown`: what of the next piece may be shown."""
        self._shown = shown
        self._at = 0
        self._text = ""
        self.broken = False

    def add(self, at: int, words: str) -> None:
        if at != self._at or self._at + len(words) > MOST:
            self.broken = True
        if self.broken:
            return
        self._at += len(words)
        self._text += self._shown(words)

    @property
    def ready(self) -> str:
        """All that could be shown: white space only once something comes after it, at the front never."""
        return self._text.rstrip()

    def begin(self) -> None:
        """Nothing is shown yet, or a new message begins: no white space in front."""
        self._text = self._text.lstrip()

    def take(self, most: int) -> str:
        """Up to `most` characters, ending after a word where it has to end early; none where none fits."""
        words = self.ready
        if len(words) > most:
            cut = max(words.rfind(" ", most // 2, most), words.rfind("\n", most // 2, most))
            words = words[: cut if cut > 0 else most].rstrip()
        self._text = self._text[len(words) :]
        return words

    def put_back(self, words: str) -> None:
        self._text = words + self._text


def pause_before(waiting: int, since: float, pause: float, eager: int) -> float:
    """Seconds until the next call: `since` the last one so many have passed, and so much is waiting."""
    return 0.0 if waiting >= eager else max(0.0, pause - since)
