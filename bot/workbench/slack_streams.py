"""Streams and statuses: a message that grows, and the line that says an answer is coming."""

from __future__ import annotations

import re

from bot.workbench.cast import BY_SLACK, Json
from bot.workbench.slack_blocks import MARKDOWN
from bot.workbench.slack_chat import check_blocks, check_metadata, own_message
from bot.workbench.slack_world import SlackError, SlackWorld, with_block_ids

SESSION_STATES = ("active", "processing", "suspended", "closed")
STARTS, APPENDS = 20, 100  # a minute, tiers 2 and 4
MINUTE = 60.0
ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
GROWING, GROWN = "in_progress", "completed"


def start(world: SlackWorld, args: Json) -> Json:
    channel = world.channel(args.get("channel"))
    if channel.kind == "channel" and args.get("recipient_user_id") not in BY_SLACK:
        raise SlackError("missing_recipient_user_id")
    if channel.kind == "channel" and not args.get("recipient_team_id"):
        raise SlackError("missing_recipient_team_id")
    _tier(world, "start", STARTS)
    root = world.root_for_reply(channel.id, args.get("thread_ts"))
    thread = root["ts"] if root else None
    raw = _more(args, "")
    grown = {"streaming": True, "streaming_state": GROWING, "markdown": raw}
    message = world.by_bot(channel.id, as_read(raw), None, thread_ts=thread, **grown)
    world.add(message)
    return {"channel": channel.id, "ts": message["ts"]}


def append(world: SlackWorld, args: Json) -> Json:
    message = _streaming(world, args)
    _tier(world, "append", APPENDS)
    world.save(_longer(message, args))
    return {"channel": message["channel"], "ts": message["ts"]}


def stop(world: SlackWorld, args: Json) -> Json:
    message = _streaming(world, args)
    _tier(world, "stop", STARTS)
    check_metadata(args.get("metadata"))
    done = _longer(message, args) | {"streaming": False, "streaming_state": GROWN}
    if args.get("blocks"):
        check_blocks(args["blocks"])
        done["blocks"] = with_block_ids(args["blocks"])
    if args.get("metadata"):
        done["metadata"] = args["metadata"]
    if args.get("session_status"):
        thread, state = message.get("thread_ts"), args["session_status"]
        session_status(world, {"channel_id": message["channel"], "thread_ts": thread, "status": state})
    world.save(done)
    world.announce(done)
    return {"channel": done["channel"], "ts": done["ts"], "message": done}


def _streaming(world: SlackWorld, args: Json) -> Json:
    message = own_message(world, world.channel(args.get("channel")).id, args.get("ts"))
    if not message.get("streaming"):
        raise SlackError("message_not_in_streaming_state")
    return message


def _longer(message: Json, args: Json) -> Json:
    raw = _more(args, str(message.get("markdown", "")))
    return {**message, "markdown": raw, "text": as_read(raw)}


def _more(args: Json, before: str) -> str:
    """The Markdown as it is by now. A call takes so much, and so does the whole message."""
    chunks = args.get("chunks") or []
    if args.get("markdown_text") and chunks:
        raise SlackError("invalid_arguments")
    text = str(args.get("markdown_text") or "") + "".join(
        str(chunk.get("text") or "")
        for chunk in chunks
        if isinstance(chunk, dict) and chunk.get("type") == "markdown_text"
    )
    if len(text) > MARKDOWN or len(before + text) > MARKDOWN:
        raise SlackError("msg_too_long")
    return before + text


def as_read(markdown: str) -> str:
    """What the page shows of it: escaped characters as themselves. Mentions stay mentions."""
    return ESCAPE.sub(lambda found: found[1], markdown)


def _tier(world: SlackWorld, what: str, most: int) -> None:
    """So many calls a minute, and then a refusal, which real Slack sends as 429."""
    now = world.store.clock()
    calls = [at for at in (world.store.get("tier", what) or {}).get("at", ()) if at > now - MINUTE]
    if len(calls) >= most:
        raise SlackError("ratelimited")
    world.store.put("tier", what, {"at": [*calls, now]})


def assistant_status(world: SlackWorld, args: Json) -> Json:
    channel = world.channel(args.get("channel_id"))
    if not args.get("thread_ts"):
        raise SlackError("invalid_thread_ts")
    world.set_status(channel.id, str(args["thread_ts"]), str(args.get("status") or ""))
    return {}


def session_status(world: SlackWorld, args: Json) -> Json:
    channel = world.channel(args.get("channel_id"))
    state = args.get("status")
    if state not in SESSION_STATES:
        raise SlackError("invalid_arguments")
    if not args.get("thread_ts"):
        raise SlackError("invalid_thread_ts")
    if len(str(args.get("title") or "")) > 200:
        raise SlackError("invalid_arguments")
    words = {"processing": "is working…", "suspended": "is waiting for a person"}
    thread = str(args["thread_ts"])
    world.store.put("session", f"{channel.id}:{thread}", {"status": state})
    world.set_status(channel.id, thread, words.get(str(state), ""))
    return {}


def nothing(world: SlackWorld, args: Json) -> Json:
    """Accepted and not drawn: titles and suggested prompts."""
    world.channel(args.get("channel_id"))
    return {}


METHODS = {
    "chat.startStream": start,
    "chat.appendStream": append,
    "chat.stopStream": stop,
    "assistant.threads.setStatus": assistant_status,
    "assistant.threads.setTitle": nothing,
    "assistant.threads.setSuggestedPrompts": nothing,
    "agents.sessions.setStatus": session_status,
    "agents.sessions.rename": nothing,
}
