"""The one way in which words of others reach a chat model: as data that cannot end its fence.

Whoever asks a model says three things. The rules are ours and stand in the system turn, which nobody
else's words ever reach. The task, where there is one, is an author's and stands in a turn of its own.
Everything else is one JSON document between <data> and </data>. In it `<` and `>` are escapes, so nothing
inside can close the fence, open another turn or be a control token of a model; and what no person could
see is taken out, since it is nobody's question.

A test reads every call of a chat client in the source and finds whoever makes its messages otherwise.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

BEGIN, END = "<data>", "</data>"
DEEPEST = 20

_ESCAPED = {ord("<"): "\\u003c", ord(">"): "\\u003e", 0x2028: "\\u2028", 0x2029: "\\u2029"}
# Of the templates that mark turns without angles.
_TURN = re.compile(r"\[(?=/?(?:INST|SYS)\])", re.IGNORECASE)
# Tags, selectors, marks of direction, joiners of no letters, controls: read by a model, seen by nobody.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f"
    "\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# England, Scotland and Wales are written with tags, and nothing else is.
_FLAG = re.compile("\U0001f3f4(?:\U000e0067\U000e0062(?:\U000e0065\U000e006e\U000e0067|\U000e0073\U000e0063"
                   "\U000e0074|\U000e0077\U000e006c\U000e0073)\U000e007f)?")  # fmt: skip


def conversation(rules: str, data: Mapping[str, Any], *, task: str = "") -> list[dict[str, str]]:
    """The messages of one question. `rules` are words of this program, `task` those of a flow's author."""
    asked = [{"role": "user", "content": json.dumps({"task": task}, ensure_ascii=False)}] if task else []
    return [
        {"role": "system", "content": rules},
        *asked,
        {"role": "user", "content": f"{BEGIN}\n{fenced(data)}\n{END}"},
    ]


def looking(rules: str, task: str, pictures: Sequence[tuple[str, str]]) -> list[Any]:
    """The same for pictures (media type and base64), which go along in the question itself: nobody is given
    an address to fetch. What stands in one is seen as words in a picture, beside which no other data is."""
    shown: list[Any] = [{"type": "text", "text": task}]
    shown += [
        {"type": "image_url", "image_url": {"url": f"data:{media};base64,{data}"}} for media, data in pictures
    ]
    return [{"role": "system", "content": rules}, {"role": "user", "content": shown}]


def fenced(data: Mapping[str, Any]) -> str:
    """JSON in which no character can end the fence or be taken for a model's control token."""
    text = json.dumps(_visible(data, 0), ensure_ascii=False)
    return _TURN.sub("\\\\u005b", text.translate(_ESCAPED))


def visible(text: str) -> str:
    """Without what cannot be seen. Line ends and tabs stay, and so do the flags that are made of tags."""
    if text.isascii() and text.isprintable():
        return text
    parts, at = [], 0
    for flag in _FLAG.finditer(text):
        parts += [_UNSEEN.sub("", text[at : flag.start()]), flag[0]]
        at = flag.end()
    return "".join([*parts, _UNSEEN.sub("", text[at:])])


def _visible(value: Any, depth: int) -> Any:
    match value:
        case str():
            return visible(value)
        case Mapping() if depth < DEEPEST:
            return {visible(str(key)): _visible(inner, depth + 1) for key, inner in value.items()}
        case list() | tuple() if depth < DEEPEST:
            return [_visible(inner, depth + 1) for inner in value]
        case Mapping() | list() | tuple():
            return "…"
    return value
