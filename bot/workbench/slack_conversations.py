"""conversations.* and users.*: where one is, who is there, and what was said."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode

from bot.workbench import cast
from bot.workbench.cast import Channel, Json, Person
from bot.workbench.slack_chat import truthy
from bot.workbench.slack_world import SlackError, SlackWorld


def open_conversation(world: SlackWorld, args: Json) -> Json:
    if args.get("channel"):
        return {"channel": {"id": world.channel(args["channel"]).id}, "no_op": True, "already_open": True}
    users = args.get("users") or ""
    names = users if isinstance(users, list) else [name for name in str(users).split(",") if name]
    people = [cast.BY_SLACK.get(name.strip()) for name in names]
    if not people:
        raise SlackError("users_list_not_supplied")
    if len(people) > 1:
        raise SlackError("method_not_supported_for_channel_type")
    if people[0] is None:
        raise SlackError("user_not_found")
    return {"channel": {"id": people[0].dm}, "no_op": True, "already_open": True}


def history(world: SlackWorld, args: Json) -> Json:
    """Newest first, without replies and whispers."""
    channel = world.channel(args.get("channel"))
    kept = [
        message
        for message in world.messages(channel.id)
        if not message.get("ephemeral_to") and message.get("thread_ts", message["ts"]) == message["ts"]
    ]
    return _page(list(reversed(kept)), args, default=100)


def replies(world: SlackWorld, args: Json) -> Json:
    """The root, then its replies in order. The root is in it whatever `oldest` says."""
    channel = world.channel(args.get("channel"))
    thread = str(args.get("ts") or "")
    root = world.message(channel.id, thread)
    if root is None:
        raise SlackError("thread_not_found")
    below = [
        message
        for message in world.messages(channel.id)
        if message.get("thread_ts") == thread and message["ts"] != thread and not message.get("ephemeral_to")
    ]
    return _page([root, *below], args, default=1000, always=root["ts"])


def _page(messages: list[Json], args: Json, *, default: int, always: str = "") -> Json:
    inclusive = truthy(args.get("inclusive"))
    oldest, latest = _bound(args.get("oldest"), 0.0), _bound(args.get("latest"), float("inf"))

    def within(message: Json) -> bool:
        at = float(message["ts"])
        edge = inclusive and at in (oldest, latest)
        return message["ts"] == always or oldest < at < latest or edge

    kept = [message for message in messages if within(message)]
    start = _cursor(args.get("cursor"))
    limit = min(max(int(_bound(args.get("limit"), default)), 1), 1000)
    rest = len(kept) > start + limit
    after = urlsafe_b64encode(f"next:{start + limit}".encode()).decode() if rest else ""
    picture = [_visible(message, args) for message in kept[start : start + limit]]
    return {"messages": picture, "has_more": rest, "response_metadata": {"next_cursor": after}}


def _visible(message: Json, args: Json) -> Json:
    hidden = {"channel", "ephemeral_to"}
    if not truthy(args.get("include_all_metadata")):
        hidden.add("metadata")
    return {name: value for name, value in message.items() if name not in hidden}


def _bound(value: object, default: float) -> float:
    if value in (None, ""):
        return default
    try:
        return float(str(value))
    except ValueError:
        raise SlackError("invalid_arguments") from None


def _cursor(value: object) -> int:
    if not value:
        return 0
    try:
        return int(urlsafe_b64decode(str(value)).decode().removeprefix("next:"))
    except ValueError:
        raise SlackError("invalid_cursor") from None


def info(world: SlackWorld, args: Json) -> Json:
    return {"channel": described(world.channel(args.get("channel")))}


def described(channel: Channel) -> Json:
    if channel.person is not None:
        return {"id": channel.id, "is_im": True, "user": channel.person.slack, "is_archived": False}
    return {
        "id": channel.id,
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": True,
        "is_im": False,
        "is_private": False,
        "is_archived": False,
        "is_member": True,
        "context_team_id": cast.TEAM,
    }


def list_conversations(world: SlackWorld, args: Json) -> Json:
    kinds = str(args.get("types") or "public_channel").split(",")
    wanted = {"channel": "public_channel" in kinds, "dm": "im" in kinds}
    listed = [described(channel) for channel in cast.CHANNELS.values() if wanted[channel.kind]]
    return {"channels": listed, "response_metadata": {"next_cursor": ""}}


def members(world: SlackWorld, args: Json) -> Json:
    return {
        "members": list(world.channel(args.get("channel")).members),
        "response_metadata": {"next_cursor": ""},
    }


def user_info(world: SlackWorld, args: Json) -> Json:
    user = str(args.get("user") or "")
    if user == cast.BOT_USER:
        return {"user": bot_user()}
    if user not in cast.BY_SLACK:
        raise SlackError("user_not_found")
    return {"user": user_of(cast.BY_SLACK[user])}


def user_by_email(world: SlackWorld, args: Json) -> Json:
    for person in cast.PERSONS.values():
        if person.email == str(args.get("email") or "").lower():
            return {"user": user_of(person)}
    raise SlackError("users_not_found")


def list_users(world: SlackWorld, args: Json) -> Json:
    people = [user_of(person) for person in cast.PERSONS.values()]
    return {"members": [*people, bot_user()], "response_metadata": {"next_cursor": ""}}


def user_of(person: Person) -> Json:
    return {
        "id": person.slack,
        "team_id": cast.TEAM,
        "name": person.id,
        "real_name": person.name,
        "deleted": False,
        "is_bot": False,
        "is_app_user": False,
        "is_restricted": False,
        "is_ultra_restricted": False,
        "is_stranger": False,
        "is_email_confirmed": True,
        "tz": "Europe/London",
        "tz_offset": 0,
        "locale": "en-GB",
        "profile": {
            "real_name": person.name,
            "display_name": person.name,
            "email": person.email,
            "title": person.role,
            "team": cast.TEAM,
        },
    }


def bot_user() -> Json:
    return {
        "id": cast.BOT_USER,
        "team_id": cast.TEAM,
        "name": cast.BOT_NAME.lower(),
        "real_name": cast.BOT_NAME,
        "deleted": False,
        "is_bot": True,
        "is_restricted": False,
        "is_ultra_restricted": False,
        "tz": "UTC",
        "profile": {"real_name": cast.BOT_NAME, "bot_id": cast.BOT_ID, "api_app_id": cast.SLACK_APP},
    }


METHODS = {
    "conversations.open": open_conversation,
    "conversations.history": history,
    "conversations.replies": replies,
    "conversations.info": info,
    "conversations.list": list_conversations,
    "conversations.members": members,
    "users.info": user_info,
    "users.list": list_users,
    "users.lookupByEmail": user_by_email,
}
