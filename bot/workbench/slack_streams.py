"""Streams and statuses: a message that grows, and the line that says an answer is coming."""

from __future__ import annotations

from bot.workbench.cast import BY_SLACK, Json
from bot.workbench.slack_blocks import MARKDOWN
from bot.workbench.slack_chat import check_blocks, check_metadata, own_message
from bot.workbench.slack_world import SlackError, SlackWorld, with_block_ids

SESSION_STATES = ("active", "processing", "suspended", "closed")


def start(world: SlackWorld, args: Json) -> Json:
    channel = world.channel(args.get("channel"))
    if channel.kind == "channel" and args.get("recipient_user_id") not in BY_SLACK:
        raise SlackError("missing_recipient_user_id")
    if channel.kind == "channel" and not args.get("recipient_team_id"):
        raise SlackError("missing_recipient_team_id")
    root = world.root_for_reply(channel.id, args.get("thread_ts"))
    thread = root["ts"] if root else None
    message = world.by_bot(channel.id, _more(args), None, thread_ts=thread, streaming=True)
    world.add(message)
    return {"channel": channel.id, "ts": message["ts"]}


def append(world: SlackWorld, args: Json) -> Json:
    message = _streaming(world, args)
    world.save({**message, "text": message["text"] + _more(args)})
    return {"channel": message["channel"], "ts": message["ts"]}


def stop(world: SlackWorld, args: Json) -> Json:
    message = _streaming(world, args)
    check_metadata(args.get("metadata"))
    done = {**message, "text": message["text"] + _more(args), "streaming": False}
    if args.get("blocks"):
        check_blocks(args["blocks"])
        done["blocks"] = with_block_ids(args["blocks"])
    if args.get("metadata"):
        done["metadata"] = args["metadata"]
    world.save(done)
    world.announce(done)
    return {"channel": done["channel"], "ts": done["ts"], "message": done}


def _streaming(world: SlackWorld, args: Json) -> Json:
    message = own_message(world, world.channel(args.get("channel")).id, args.get("ts"))
    if not message.get("streaming"):
        raise SlackError("message_not_in_streaming_state")
    return message


def _more(args: Json) -> str:
    chunks = args.get("chunks") or []
    text = str(args.get("markdown_text") or "") + "".join(
        str(chunk.get("text") or "")
        for chunk in chunks
        if isinstance(chunk, dict) and chunk.get("type") == "markdown_text"
    )
    if len(text) > MARKDOWN:
        raise SlackError("msg_too_long")
    return text


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
    if len(str(args.get("title") or "")) > 200:
        raise SlackError("invalid_arguments")
    words = {"processing": "is working…", "suspended": "is waiting for a person"}
    world.set_status(channel.id, str(args.get("thread_ts") or ""), words.get(str(state), ""))
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
