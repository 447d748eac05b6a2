"""What a person types, as Slack's own client sends it on: escaped, with real mentions and links."""

from __future__ import annotations

import re

from bot.workbench import cast
from bot.workbench.cast import Json

_NAMES = {
    **{name.lower(): person.slack for person in cast.PERSONS.values() for name in (person.id, person.name)},
    cast.BOT_NAME.lower(): cast.BOT_USER,
}
_NAMED = "|".join(re.escape(name) for name in sorted(_NAMES, key=len, reverse=True))
_TOKEN = re.compile(
    rf"(?P<url>https?://[^\s<>]+)|(?P<mail>(?<![\w.+-])[\w.+-]{{1,64}}@[\w-]{{1,63}}\.[\w.-]{{0,190}}\w)"
    rf"|(?<![\w@])@(?:(?P<name>{_NAMED})|(?P<all>channel|here|everyone))(?!\w)",
    re.IGNORECASE,
)


def escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def sent(typed: str) -> tuple[str, list[Json]]:
    """The `text` and the `blocks` of the message that the client posts."""
    parts: list[str] = []
    leaves: list[Json] = []
    end = 0
    for found in _TOKEN.finditer(typed):
        _plain(typed[end : found.start()], parts, leaves)
        end = found.end()
        if name := found["name"]:
            user = _NAMES[name.lower()]
            parts.append(f"<@{user}>")
            leaves.append({"type": "user", "user_id": user})
        elif found["all"]:
            parts.append(f"<!{found['all'].lower()}>")
            leaves.append({"type": "broadcast", "range": found["all"].lower()})
        elif found["mail"]:
            parts.append(f"<mailto:{found['mail']}|{found['mail']}>")
            leaves.append({"type": "link", "url": f"mailto:{found['mail']}", "text": found["mail"]})
        else:
            parts.append(f"<{escape(found['url'])}>")
            leaves.append({"type": "link", "url": found["url"]})
    _plain(typed[end:], parts, leaves)
    section = {"type": "rich_text_section", "elements": leaves}
    return "".join(parts), [{"type": "rich_text", "block_id": "typed", "elements": [section]}]


def _plain(text: str, parts: list[str], leaves: list[Json]) -> None:
    if text:
        parts.append(escape(text))
        leaves.append({"type": "text", "text": text})
