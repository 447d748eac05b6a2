"""What other people do at Notion while we are not looking: they comment, edit, rename, throw away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from integrations.notion.sandbox import events, things
from integrations.notion.sandbox.api import Call, add_blocks, throw_away
from integrations.notion.sandbox.seed import PEOPLE
from integrations.notion.sandbox.state import Sandbox
from integrations.notion.sandbox.things import Data

LONGEST = 2000
MOST_AT_ONCE = 2000


def act(sandbox: Sandbox, wanted: Data) -> Data:
    """Within the caller's transaction. Raises ValueError naming what is wrong."""
    do, who, text = (str(wanted.get(name, "")) for name in ("do", "who", "text"))
    if do not in ACTS:
        raise ValueError(f"do is one of {', '.join(sorted(ACTS))}")
    if len(text) > LONGEST:
        raise ValueError(f"text has {LONGEST} characters at most")
    call = Call(sandbox.store, None, {}, sandbox.clock(), 0.0, 0.0, user=_person(who))
    if do in _AT_LARGE:
        return _AT_LARGE[do](call, text, wanted.get("count", 1))
    return _TO_A_PAGE[do](call, _page(call, str(wanted.get("page", ""))), text)


def status_of(page: Data) -> str:
    chosen = (page["properties"].get("Status") or {}).get("status")
    return str(chosen["name"]) if chosen else ""


def words_of(block: Data) -> str:
    inner = block[block["type"]]
    if block["type"] == "divider":
        return "---"
    return "".join(run["plain_text"] for run in inner.get("rich_text", []))


def _person(name: str) -> str:
    """By full or first name; Ada Reyes where nobody is named."""
    for full, key in PEOPLE.items():
        if name.lower() in ("", key, full.lower()):
            return things.seeded(key)
    raise ValueError(f"who is one of {', '.join(PEOPLE)}")


def _page(call: Call, named: str) -> Data:
    for page in call.store.all("page"):
        if named in (page["id"], page["id"].replace("-", ""), things.title_of(page)):
            return page
    raise ValueError("page is the id or the title of one")


def _comment(call: Call, page: Data, text: str) -> Data:
    made = things.comment(things.new_id(), call.now, call.user, page["id"], text or "Looks good to me.")
    call.store.put(made, page["id"])
    events.about_comment(call.store, call.now, made, page, call.user)
    return made


def _edit(call: Call, page: Data, text: str) -> Data:
    words = [{"type": "text", "text": {"content": text or "One more thing."}}]
    [made] = add_blocks(call, page, [{"type": "paragraph", "paragraph": {"rich_text": words}}])
    changed = call.store.put(things.touched(page, call.now, call.user))
    told: Data = {"updated_blocks": [{"id": made["id"], "type": "block"}]}
    events.about_page(call.store, call.now, "page.content_updated", changed, call.user, **told)
    return made


def _remove(call: Call, page: Data, text: str) -> Data:
    """The first block that reads so, or the last one."""
    found = call.store.under("block", page["id"])
    chosen = [block for block in found if words_of(block) == text] or found[-1:]
    if not chosen:
        raise ValueError("there is nothing in this page")
    call.store.remove(chosen[0]["id"])
    call.store.put(things.touched(page, call.now, call.user))
    events.about_page(call.store, call.now, "page.content_updated", page, call.user)
    return chosen[0]


def _rename(call: Call, page: Data, text: str) -> Data:
    for value in page["properties"].values():
        if value["type"] == "title":
            value["title"] = things.rich(text or "Another title")
    return _changed(call, page)


def _set_status(call: Call, page: Data, text: str) -> Data:
    page["properties"]["Status"]["status"] = {
        "id": things.new_id(),
        "name": text or "Done",
        "color": "default",
    }
    return _changed(call, page)


def _changed(call: Call, page: Data) -> Data:
    changed = call.store.put(things.touched(page, call.now, call.user))
    events.about_page(call.store, call.now, "page.properties_updated", changed, call.user)
    return changed


def _trash(call: Call, page: Data, _: str) -> Data:
    return throw_away(call, things.touched(page, call.now, call.user), True)


def _restore(call: Call, page: Data, _: str) -> Data:
    return throw_away(call, things.touched(page, call.now, call.user), False)


def _unshare(call: Call, page: Data, _: str) -> Data:
    return call.store.put(page | {"_unshared": True})


def _duplicate(call: Call, page: Data, _: str) -> Data:
    """Notion copies every property with it, ours too."""
    copy = page | {"id": things.new_id(), "created_by": things.by(call.user), "_made": call.now}
    call.store.put(things.touched(copy, call.now, call.user), page["parent"]["data_source_id"])
    events.about_page(call.store, call.now, "page.created", copy, call.user)
    return copy


def _add_source(call: Call, text: str, _: Any) -> Data:
    """A second data source in the first database."""
    database = call.store.all("database")[0]
    first = call.store.all("data_source")[0]
    name = text or "Archive"
    made = things.data_source(
        things.new_id(), call.now, call.user, name, database["id"], dict(first["properties"])
    )
    call.store.put(made)
    database["data_sources"].append({"id": made["id"], "name": name})
    call.store.put(database)
    return made


def _drop_property(call: Call, text: str, _: Any) -> Data:
    source = call.store.all("data_source")[0]
    source["properties"].pop(text or "Effect key", None)
    return call.store.put(source)


def _write_many(call: Call, text: str, count: Any) -> Data:
    """So many pages at once, to see how a long list is read."""
    if not isinstance(count, int) or not 1 <= count <= MOST_AT_ONCE:
        raise ValueError(f"count is 1 to {MOST_AT_ONCE}")
    model = call.store.all("page")[0]
    made = model
    for number in range(count):
        made = things.page(
            things.new_id(), call.now - 60 - number, call.user, model["parent"], dict(model["properties"])
        )
        made["properties"]["Name"] = model["properties"]["Name"] | {
            "title": things.rich(f"{text or 'Note'} {number + 1}")
        }
        call.store.put(made, model["parent"]["data_source_id"])
    return made


_TO_A_PAGE: dict[str, Callable[[Call, Data, str], Data]] = {
    "comment": _comment,
    "edit": _edit,
    "remove": _remove,
    "rename": _rename,
    "set_status": _set_status,
    "trash": _trash,
    "restore": _restore,
    "unshare": _unshare,
    "duplicate": _duplicate,
}
_AT_LARGE: dict[str, Callable[[Call, str, Any], Data]] = {
    "add_source": _add_source,
    "drop_property": _drop_property,
    "write_many": _write_many,
}
ACTS = frozenset(_TO_A_PAGE) | frozenset(_AT_LARGE)
