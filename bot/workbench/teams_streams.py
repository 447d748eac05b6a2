"""Messages that grow in the Teams stand-in, with the rules and refusals of the real one."""

from __future__ import annotations

from bot.workbench import cast
from bot.workbench.cast import Chat, Json
from bot.workbench.teams_world import TeamsError, TeamsWorld, drawn

LONGEST_SECONDS = 120.0
LEAST_PAUSE = 0.95  # a second, as two clocks measure it
MOST_INFORMATIVE = 1_000
NOT_ALLOWED = "ContentStreamNotAllowed"


def info_of(body: Json) -> Json | None:
    """The entity counts; what channel data says beside it does not."""
    entities = body.get("entities")
    for entity in entities if isinstance(entities, list) else ():
        if isinstance(entity, dict) and entity.get("type") == "streaminfo":
            found: Json = entity
            return found
    return None


def update(world: TeamsWorld, chat: Chat, body: Json, info: Json) -> tuple[int, Json]:
    """A piece: 201 with the stream's id for the first, 202 for all others."""
    if chat.kind != "personal":
        raise TeamsError(403, NOT_ALLOWED, "Content stream is not allowed in this conversation")
    text = str(body.get("text") or "")
    kind, number = info.get("streamType"), info.get("streamSequence")
    if kind not in ("informative", "streaming") or not isinstance(number, int) or number < 1:
        raise TeamsError(400, "BadRequest", "The stream info is not valid")
    if not text.strip():
        raise TeamsError(400, "BadRequest", "Start streaming activities should include text")
    if kind == "informative" and len(text) > MOST_INFORMATIVE:
        raise TeamsError(403, NOT_ALLOWED, "Message size too large")
    if not info.get("streamId"):
        return _begin(world, chat, text, str(kind), number)
    stream = _open(world, str(info["streamId"]))
    now = world.store.clock()
    if number <= stream["number"]:
        return 202, {"error": {"code": "ContentStreamSequenceOrderPreConditionFailed"}}
    if now - stream["told"] < LEAST_PAUSE:
        raise TeamsError(429, "TooManyRequests", "API calls quota exceeded")
    _check_prefix(stream, text)
    shown = text if kind == "streaming" else stream["text"]
    _keep(world, {**stream, "number": number, "told": now, "text": shown})
    _show(world, chat, stream["id"], text)
    return 202, {}


def _begin(world: TeamsWorld, chat: Chat, text: str, kind: str, number: int) -> tuple[int, Json]:
    if number != 1:
        raise TeamsError(400, "BadRequest", "A stream begins with sequence number 1")
    now = world.store.clock()
    running = (world.store.get("streaming", chat.id) or {}).get("id")
    if running and (was := world.store.get("stream", running)) and _is_open(was, now):
        raise TeamsError(403, NOT_ALLOWED, "Only one content stream is allowed at a time")
    id = world.next_id()
    shown = text if kind == "streaming" else ""
    _keep(world, {"id": id, "number": 1, "began": now, "told": now, "text": shown, "state": "open"})
    world.store.put("streaming", chat.id, {"id": id})
    world.add(chat, "", cast.TEAMS_BOT, {"text": text}, id=id, streaming=True)
    return 201, {"id": id}


def finish(world: TeamsWorld, chat: Chat, body: Json, info: Json) -> tuple[int, Json]:
    """The last message of the stream. It may bring a card, and must hold what was shown as words."""
    if info.get("streamSequence") is not None:
        raise TeamsError(400, "BadRequest", "A final message has no sequence number")
    stream = _open(world, str(info.get("streamId") or ""))
    if body.get("text"):
        _check_prefix(stream, str(body["text"]))
    _keep(world, {**stream, "state": "completed"})
    activity = world.activity(stream["id"]) or {}
    world.save({**_kept(activity), **drawn(body)})
    return 201, {"id": stream["id"]}


def cancel(world: TeamsWorld, id: str) -> None:
    """The person presses Stop: the bot learns of it with its next piece."""
    stream = world.store.get("stream", id)
    if stream is not None:
        _keep(world, {**stream, "state": "canceled"})
        world.save(_kept(world.activity(id) or {}))


def _open(world: TeamsWorld, id: str) -> Json:
    stream = world.store.get("stream", id)
    if stream is None:
        raise TeamsError(400, "BadRequest", "The stream is not known")
    if stream["state"] == "completed":
        raise TeamsError(403, NOT_ALLOWED, "Content stream was already completed")
    if stream["state"] == "canceled":
        raise TeamsError(403, NOT_ALLOWED, "Content stream was canceled by user")
    if not _is_open(stream, world.store.clock()):
        raise TeamsError(403, NOT_ALLOWED, "Content stream finished due to exceeded streaming time.")
    return stream


def _is_open(stream: Json, now: float) -> bool:
    return bool(stream["state"] == "open" and now - stream["began"] <= LONGEST_SECONDS)


def _check_prefix(stream: Json, text: str) -> None:
    if not text.startswith(stream["text"]):
        problem = "Request streamed content should contain the previously streamed content"
        raise TeamsError(400, "BadRequest", problem)


def _keep(world: TeamsWorld, stream: Json) -> None:
    world.store.put("stream", stream["id"], stream)
    world.store.keep_newest("stream", 200)


def _show(world: TeamsWorld, chat: Chat, id: str, text: str) -> None:
    activity = world.activity(id)
    if activity is not None:
        world.save({**activity, "text": text})


def _kept(activity: Json) -> Json:
    return {name: value for name, value in activity.items() if name != "streaming"}
