"""As much of Microsoft Graph as tells who is in an Entra group and whose manager somebody is.

Pages are short, so that whoever reads only the first misses somebody.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.workbench import cast, wire
from bot.workbench.cast import Json, Person
from bot.workbench.faults import Faults
from bot.workbench.security import Handler
from bot.workbench.store import Store
from bot.workbench.teams_tokens import GRAPH, Tokens

PAGE = 1
MEMBERS, MANAGER = "listMembers", "getManager"
Answer = Callable[[web.Request], Awaitable[web.Response]]


class TeamsGraph:
    def __init__(self, base: str, tokens: Tokens, faults: Faults, store: Store) -> None:
        self._base = base
        self._tokens = tokens
        self._faults = faults
        self._store = store

    def routes(self, prefix: str) -> list[tuple[str, str, Handler]]:
        members = f"{prefix}/v1.0/groups/{{group}}/transitiveMembers/microsoft.graph.user"
        return [
            ("GET", members, self._handler(MEMBERS, self._members)),
            ("GET", f"{prefix}/v1.0/users/{{user}}/manager", self._handler(MANAGER, self._manager)),
        ]

    def _handler(self, title: str, act: Answer) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            began = time.perf_counter()
            fault = self._faults.take("teams", title)
            refusal = await fault.before(request) if fault else None
            answer: web.StreamResponse = refusal or await self._answer(request, act)
            if fault:
                answer = await fault.after(request, answer)
            wire.log(
                self._store,
                platform="teams",
                direction="from bot",
                title=title,
                status=answer.status,
                ms=(time.perf_counter() - began) * 1000,
                verified="" if answer.status == 401 else "bearer ✓",
                headers=request.headers,
                body="",
                answer=(answer.text or "") if isinstance(answer, web.Response) else "",
            )
            return answer

        return handle

    async def _answer(self, request: web.Request, act: Answer) -> web.Response:
        if not self._tokens.is_bot(request.headers.get("Authorization", ""), GRAPH):
            return _error(401, "InvalidAuthenticationToken", "Access token validation failure.")
        return await act(request)

    async def _members(self, request: web.Request) -> web.Response:
        """A cast to users is an advanced query, which the real one refuses without its header and $count."""
        advanced = request.headers.get("ConsistencyLevel") == "eventual" and "$count" in request.query
        if not advanced:
            return _error(400, "Request_UnsupportedQuery", "The request is not supported.")
        members = cast.ENTRA_GROUPS.get(request.match_info["group"].lower())
        if members is None:
            return _error(404, "Request_ResourceNotFound", "Resource does not exist.")
        skip = request.query.get("$skiptoken", "0")
        start = int(skip) if skip.isascii() and skip.isdigit() and len(skip) < 5 else 0
        answer: Json = {"value": [_user(each) for each in members[start : start + PAGE]]}
        if start + PAGE < len(members):
            answer["@odata.nextLink"] = f"{self._base}{request.path}?$count=true&$skiptoken={start + PAGE}"
        return web.json_response(answer)

    async def _manager(self, request: web.Request) -> web.Response:
        wanted = request.match_info["user"].lower()
        found = next((p for p in cast.PERSONS.values() if wanted in (p.aad, p.email)), None)
        manager = cast.MANAGERS.get(found.id) if found else None
        if manager is None:
            return _error(404, "Request_ResourceNotFound", "Resource 'manager' does not exist.")
        return web.json_response(_user(manager))


def _user(person: Person) -> Json:
    return {
        "@odata.type": "#microsoft.graph.user",
        "id": person.aad,
        "accountEnabled": True,
        "mail": person.email,
        "userPrincipalName": person.email,
    }


def _error(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": message}}, status=status)
