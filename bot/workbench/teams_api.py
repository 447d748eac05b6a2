"""The Bot Connector of the stand-in: conversations, activities, members; sizes and errors as real."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable

from aiohttp import web

from bot.workbench import cast, teams_streams, wire
from bot.workbench.cast import Chat, Json, Person
from bot.workbench.faults import Faults
from bot.workbench.security import Handler, TooLarge, read_body
from bot.workbench.teams_tokens import Tokens
from bot.workbench.teams_world import CARD, THREAD, TeamsError, TeamsWorld, drawn

MESSAGE_LIMIT = 100 * 1024
TYPING_SECONDS = 8.0
CREATED, OK = 201, 200

Answer = tuple[int, Json | list[Json] | None]


class TeamsApi:
    def __init__(self, world: TeamsWorld, tokens: Tokens, faults: Faults) -> None:
        self._world = world
        self._tokens = tokens
        self._faults = faults

    def routes(self, prefix: str) -> list[tuple[str, str, Handler]]:
        conversation = f"{prefix}/v3/conversations/{{conversation}}"
        activity = f"{conversation}/activities/{{activity}}"
        return [
            ("POST", f"{prefix}/v3/conversations", self._handler("createConversation", self._create)),
            ("POST", f"{conversation}/activities", self._handler("sendActivity", self._send)),
            ("POST", activity, self._handler("replyToActivity", self._send)),
            ("PUT", activity, self._handler("updateActivity", self._update)),
            ("DELETE", activity, self._handler("deleteActivity", self._delete)),
            ("GET", f"{conversation}/members", self._handler("getMembers", self._members)),
            ("GET", f"{conversation}/pagedmembers", self._handler("getPagedMembers", self._paged)),
            ("GET", f"{conversation}/members/{{member}}", self._handler("getMember", self._member)),
        ]

    def _handler(self, title: str, act: Callable[[web.Request, Json], Answer]) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            began = time.perf_counter()
            try:
                raw = await read_body(request)
            except TooLarge:
                return _error(TeamsError(413, "MessageSizeTooBig", "Message size too large."))
            fault = self._faults.take("teams", title)
            refusal = await fault.before(request) if fault else None
            answer: web.StreamResponse = refusal or self._answer(request, raw, act)
            if fault:
                answer = await fault.after(request, answer)
            self._log(title, request, raw, answer, began)
            return answer

        return handle

    def _answer(
        self, request: web.Request, raw: bytes, act: Callable[[web.Request, Json], Answer]
    ) -> web.Response:
        if not self._tokens.is_bot(request.headers.get("Authorization", "")):
            refusal = {"message": "Authorization has been denied for this request."}
            return web.json_response(refusal, status=401)
        try:
            body = json.loads(raw) if raw.strip() else {}
            if not isinstance(body, dict):
                raise ValueError("not an object")
            with self._world.store.change():
                status, said = act(request, body)
        except TeamsError as error:
            return _error(error)
        except ValueError:
            return _error(TeamsError(400, "BadSyntax", "Bad format of the request body."))
        return web.json_response(said, status=status) if said is not None else web.Response(status=status)

    # ── conversations ──
    def _create(self, request: web.Request, body: Json) -> Answer:
        """A personal chat with a member, or a new thread in a channel. Groups cannot be made."""
        channel = ((body.get("channelData") or {}).get("channel") or {}).get("id")
        if channel:
            chat, _ = self._world.place(str(channel))
            first = body.get("activity")
            if not isinstance(first, dict):
                raise TeamsError(400, "BadSyntax", "Activity is required to start a thread.")
            activity = self._post(chat, "", first, targeted=False)
            return CREATED, {"id": f"{chat.id}{THREAD}{activity['id']}", "activityId": activity["id"]}
        members = body.get("members") or []
        people = [cast.BY_TEAMS.get(str(member.get("id"))) for member in members if isinstance(member, dict)]
        if body.get("isGroup") or len(people) != 1:
            raise TeamsError(400, "BadArgument", "Incorrect conversation creation parameters")
        if people[0] is None:
            raise TeamsError(
                403, "BotNotInConversationRoster", "The bot is not part of the conversation roster."
            )
        tenant = body.get("tenantId") or ((body.get("channelData") or {}).get("tenant") or {}).get("id")
        if tenant != cast.TENANT:
            raise TeamsError(400, "BadArgument", "Unknown tenant")
        return CREATED, {"id": people[0].chat, "serviceUrl": self._tokens.service_url}

    # ── activities ──
    def _send(self, request: web.Request, body: Json) -> Answer:
        chat, root = self._world.place(request.match_info["conversation"])
        info = teams_streams.info_of(body)
        if body.get("type") == "typing" and info is not None:
            return teams_streams.update(self._world, chat, body, info)
        if body.get("type") == "typing":
            self._type(chat)
            return CREATED, {"id": self._world.next_id()}
        if body.get("type") != "message":
            raise TeamsError(400, "BadSyntax", "Unknown activity type")
        if info is not None and info.get("streamType") == "final":
            check(body)
            return teams_streams.finish(self._world, chat, body, info)
        replied = request.match_info.get("activity", "")
        if replied and not root and chat.kind == "channel":
            above = self._world.activity(replied)
            root = (above or {}).get("root", replied) if above else ""
        targeted = request.query.get("isTargetedActivity", "").lower() == "true"
        return CREATED, {"id": self._post(chat, root, body, targeted=targeted)["id"]}

    def _post(self, chat: Chat, root: str, body: Json, *, targeted: bool) -> Json:
        check(body)
        more = {"targeted_to": _recipient(chat, body).aad} if targeted else {}
        return self._world.add(chat, root, cast.TEAMS_BOT, body, **more)

    def _update(self, request: web.Request, body: Json) -> Answer:
        """Replaces the message for everybody, also what a presser alone had been shown."""
        activity = self._own(request)
        check(body)
        kept = ("conversation", "root", "id", "from", "bot", "at", "targeted_to")
        new = {name: activity[name] for name in kept if name in activity} | drawn(body) | {"edited": True}
        self._world.save(new)
        return OK, {"id": activity["id"]}

    def _delete(self, request: web.Request, body: Json) -> Answer:
        self._world.remove(self._own(request))
        return OK, None

    def _own(self, request: web.Request) -> Json:
        chat, _ = self._world.place(request.match_info["conversation"])
        activity = self._world.activity(request.match_info["activity"])
        if activity is None or activity["conversation"] != chat.id:
            raise TeamsError(404, "ActivityNotFoundInConversation", "The activity was not found.")
        if not activity["bot"]:
            raise TeamsError(403, "BadArgument", "Only the bot's own messages can be changed.")
        return activity

    def _type(self, chat: Chat) -> None:
        self._world.set_typing(chat.id, on=True)
        loop = asyncio.get_running_loop()
        loop.call_later(TYPING_SECONDS, self._stop_typing, chat.id)

    def _stop_typing(self, conversation: str) -> None:
        typing = self._world.store.get("typing", conversation)
        if typing and self._world.store.clock() - typing["at"] >= TYPING_SECONDS - 0.5:
            self._world.set_typing(conversation, on=False)

    # ── members ──
    def _members(self, request: web.Request, body: Json) -> Answer:
        chat, _ = self._world.place(request.match_info["conversation"])
        return OK, [member_of(person) for person in chat.members]

    def _paged(self, request: web.Request, body: Json) -> Answer:
        chat, _ = self._world.place(request.match_info["conversation"])
        return OK, {"members": [member_of(person) for person in chat.members]}

    def _member(self, request: web.Request, body: Json) -> Answer:
        chat, _ = self._world.place(request.match_info["conversation"])
        person = cast.BY_TEAMS.get(request.match_info["member"])
        if person is None or person not in chat.members:
            raise TeamsError(404, "MemberNotFoundInConversation", "The member was not found.")
        return OK, member_of(person)

    def _log(
        self, title: str, request: web.Request, raw: bytes, answer: web.StreamResponse, began: float
    ) -> None:
        wire.log(
            self._world.store,
            platform="teams",
            direction="from bot",
            title=title,
            status=answer.status,
            ms=(time.perf_counter() - began) * 1000,
            verified="" if answer.status == 401 else "bearer ✓",
            headers=request.headers,
            body=raw.decode(errors="replace"),
            answer=(answer.text or "") if isinstance(answer, web.Response) else "",
        )


def check(activity: Json) -> None:
    """What Teams refuses: too much, and attachments that are no cards."""
    measured = {name: activity.get(name) for name in ("text", "attachments")}
    if len(json.dumps(measured, ensure_ascii=False)) * 2 > MESSAGE_LIMIT:
        raise TeamsError(413, "MessageSizeTooBig", "Message size too large.")
    attachments = activity.get("attachments") or []
    if not isinstance(attachments, list) or not all(isinstance(item, dict) for item in attachments):
        raise TeamsError(400, "BadSyntax", "Attachments are not well formed.")
    for attachment in attachments:
        card = attachment.get("content")
        is_card = isinstance(card, dict) and card.get("type") == "AdaptiveCard"
        if attachment.get("contentType") == CARD and not is_card:
            raise TeamsError(400, "BadSyntax", "The card is not an Adaptive Card.")
    if not attachments and not str(activity.get("text") or "").strip():
        raise TeamsError(400, "BadSyntax", "Activity must include text or attachments.")


def _recipient(chat: Chat, body: Json) -> Person:
    person = cast.BY_TEAMS.get(str((body.get("recipient") or {}).get("id")))
    if chat.kind == "personal":
        raise TeamsError(400, "BadArgument", "Targeted messages are not supported in personal chats.")
    if person is None or person not in chat.members:
        raise TeamsError(400, "BadArgument", "The recipient is not a member of the conversation.")
    return person


def member_of(person: Person) -> Json:
    first, _, last = person.name.partition(" ")
    return {
        "id": person.teams,
        "name": person.name,
        "givenName": first,
        "surname": last,
        "email": person.email,
        "userPrincipalName": person.email,
        "tenantId": cast.TENANT,
        "userRole": "user",
        "objectId": person.aad,
        "aadObjectId": person.aad,
    }


def _error(error: TeamsError) -> web.Response:
    body = {"error": {"code": error.code, "message": error.message}}
    return web.json_response(body, status=error.status)
