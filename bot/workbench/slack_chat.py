"""chat.*: post, update, delete, whisper, and what comes in through a response_url."""

from __future__ import annotations

from typing import Any

from bot.workbench import cast
from bot.workbench.cast import Json
from bot.workbench.slack_blocks import MESSAGE, MOST_TEXT_IN_BLOCKS, problems, text_length
from bot.workbench.slack_world import SlackError, SlackWorld, with_block_ids

MOST_TEXT = 40_000
MOST_TEXT_UPDATED = 4_000
METADATA_LIMIT = 16_000


def truthy(value: object) -> bool:
    return value in (True, 1, "1", "true", "True")


def content(args: Json) -> tuple[str, list[Json]]:
    """Text and blocks of a message, or the refusal that real Slack gives."""
    text = args.get("text") or ""
    blocks = args.get("blocks") or []
    if args.get("markdown_text"):
        if text or blocks:
            raise SlackError("markdown_text_conflict")
        text = str(args["markdown_text"])
    if not isinstance(text, str):
        raise SlackError("invalid_arguments")
    if not text and not blocks and not args.get("attachments"):
        raise SlackError("no_text")
    if len(text) > MOST_TEXT:
        raise SlackError("msg_too_long")
    if blocks:
        check_blocks(blocks)
    return text, blocks


def check_blocks(blocks: Any) -> None:
    if not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    found = problems(blocks, MESSAGE)
    if found:
        raise SlackError("invalid_blocks", errors=found, response_metadata={"messages": found})
    if text_length(blocks) > MOST_TEXT_IN_BLOCKS:
        raise SlackError("msg_blocks_too_long")


def check_metadata(metadata: object) -> None:
    if metadata is None:
        return
    match metadata:
        case {"event_type": str(), "event_payload": dict()} if len(str(metadata)) <= METADATA_LIMIT:
            return
        case dict():
            raise SlackError(
                "metadata_too_large" if len(str(metadata)) > METADATA_LIMIT else "invalid_metadata"
            )
        case _:
            raise SlackError("invalid_metadata_format")


def post_message(world: SlackWorld, args: Json) -> Json:
    channel = world.channel_to_post(args.get("channel"))
    text, blocks = content(args)
    check_metadata(args.get("metadata"))
    root = world.root_for_reply(channel.id, args.get("thread_ts"))
    message = world.by_bot(
        channel.id,
        text,
        blocks,
        thread_ts=root["ts"] if root else None,
        metadata=args.get("metadata"),
        attachments=args.get("attachments"),
    )
    world.add(message)
    world.announce(message)
    return {"channel": channel.id, "ts": message["ts"], "message": message}


def update(world: SlackWorld, args: Json) -> Json:
    """Text without blocks takes the blocks away; neither keeps what is not given."""
    channel = world.channel(args.get("channel"))
    message = own_message(world, channel.id, args.get("ts"))
    if message.get("streaming"):
        raise SlackError("streaming_state_conflict")
    text, blocks = content({**args, "text": args.get("text") or message["text"]})
    if len(text) > MOST_TEXT_UPDATED and not blocks:
        raise SlackError("msg_too_long")
    check_metadata(args.get("metadata"))
    changed = {**message, "text": text}
    if args.get("blocks"):
        changed["blocks"] = with_block_ids(blocks)
    elif args.get("text") or args.get("blocks") == []:
        changed.pop("blocks", None)
    if args.get("metadata") is not None:
        changed["metadata"] = args["metadata"]
    if "blocks" not in changed:
        changed["edited"] = {"user": cast.BOT_USER, "ts": world.next_ts()}
    world.save(changed)
    world.announce(
        {
            "type": "message",
            "subtype": "message_changed",
            "channel": channel.id,
            "ts": world.next_ts(),
            "hidden": True,
            "message": changed,
            "previous_message": message,
        }
    )
    return {"channel": channel.id, "ts": message["ts"], "text": text, "message": changed}


def delete(world: SlackWorld, args: Json) -> Json:
    channel = world.channel(args.get("channel"))
    message = own_message(world, channel.id, args.get("ts"), refusal="cant_delete_message")
    world.remove(message)
    return {"channel": channel.id, "ts": message["ts"]}


def own_message(world: SlackWorld, channel: str, ts: object, refusal: str = "cant_update_message") -> Json:
    message = world.message(channel, ts)
    if message is None or message.get("ephemeral_to"):
        raise SlackError("message_not_found")
    if message["user"] != cast.BOT_USER:
        raise SlackError(refusal)
    return message


def post_ephemeral(world: SlackWorld, args: Json) -> Json:
    channel = world.channel(args.get("channel"))
    person = cast.BY_SLACK.get(str(args.get("user") or ""))
    if person is None or person.slack not in channel.members:
        raise SlackError("user_not_in_channel")
    text, blocks = content(args)
    root = world.root_for_reply(channel.id, args.get("thread_ts"))
    message = world.by_bot(
        channel.id, text, blocks, thread_ts=root["ts"] if root else None, ephemeral_to=person.slack
    )
    world.add(message)
    return {"message_ts": message["ts"]}


def respond(world: SlackWorld, token: str, args: Json) -> None:
    """A post to a response_url: a new message, or the pressed one replaced or deleted."""
    hook = world.use_hook(token)
    pressed = world.message(hook["channel"], hook["ts"]) if hook["ts"] else None
    if truthy(args.get("delete_original")) and pressed is not None:
        world.remove(pressed)
        return
    text, blocks = content(args)
    if truthy(args.get("replace_original")) and pressed is not None:
        world.save({**pressed, "text": text, "blocks": with_block_ids(blocks)})
        return
    whisper = args.get("response_type") != "in_channel"
    thread = args.get("thread_ts") or hook["thread_ts"]
    root = world.root_for_reply(hook["channel"], thread)
    world.add(
        world.by_bot(
            hook["channel"],
            text,
            blocks,
            thread_ts=root["ts"] if root else None,
            ephemeral_to=hook["person"] if whisper else None,
        )
    )


METHODS = {
    "chat.postMessage": post_message,
    "chat.update": update,
    "chat.delete": delete,
    "chat.postEphemeral": post_ephemeral,
}
