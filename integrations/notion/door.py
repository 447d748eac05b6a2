"""httpx, by our own door: notion-client speaks httpx, and what guards us is in integrations/http.py.

So its deadline, its one origin, its refusal of redirects and of private addresses, its size limit
and its budget hold here as they do for the other services. Imported by `connect` only.
"""

from __future__ import annotations

import httpx
import requests

TIMEOUTS = (3.05, 20.0)

# The session says these itself; httpx would ask for encodings that the door refuses.
_NOT_PASSED = frozenset({"host", "content-length", "accept-encoding", "connection"})
# Told of the bytes on the wire, which the session has read already.
_NOT_RETURNED = frozenset({"transfer-encoding", "content-length", "connection"})


class Door(httpx.BaseTransport):
    """One session's transport. What goes wrong is raised as requests' errors, untouched."""

    def __init__(self, session: requests.Session) -> None:
        self._session = session

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        headers = {name: value for name, value in request.headers.items() if name not in _NOT_PASSED}
        wanted = requests.Request(request.method, str(request.url), headers=headers, data=request.read())
        got = self._session.send(
            self._session.prepare_request(wanted), timeout=TIMEOUTS, allow_redirects=False
        )
        passed = [(name, value) for name, value in got.headers.items() if name.lower() not in _NOT_RETURNED]
        return httpx.Response(got.status_code, headers=passed, content=got.content, request=request)

    def close(self) -> None:
        self._session.close()


def open_client(session: requests.Session) -> httpx.Client:
    """A client of its own for each service object: notion-client writes the token into it."""
    return httpx.Client(transport=Door(session), trust_env=False, follow_redirects=False)
