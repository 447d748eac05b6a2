"""The telling words of a text: without endings, case and what is in every sentence."""

from __future__ import annotations

from integrations.models.embedding_offline import is_light, stem, words

MOST = 400


def telling(text: str) -> frozenset[str]:
    found = (stem(word) for word in words(text) if not is_light(word))
    return frozenset(list(dict.fromkeys(found))[:MOST])


def asked(question: str) -> tuple[str, ...]:
    """In their order, each once; light words count where there are no others."""
    said = words(question[:2_000])
    found = dict.fromkeys(stem(word) for word in said if not is_light(word))
    return tuple(found or dict.fromkeys(said))[:24]
