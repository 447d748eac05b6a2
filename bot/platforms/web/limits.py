"""How much one may say to us on the web, and how often."""

from __future__ import annotations

import re
from dataclasses import dataclass

FRAME_BYTES = 64 * 1024
LONGEST_TEXT = 10_000
LONGEST_NAME = 255
LONGEST_VALUE = 2_000
LONGEST_ANSWER = 4_000
MOST_ANSWERS = 40
DEEPEST = 8

# One message of ours, as JSON: quick to send, and to draw.
MESSAGE_BYTES = 64 * 1024
LONGEST_PIECE = 8_000

CONVERSATION = re.compile(r"[A-Za-z0-9_-]{1,64}")
TURN = re.compile(r"[A-Za-z0-9_.-]{1,64}")
SUBJECT = re.compile(r"[A-Za-z0-9._@+-]{1,128}")
EMAIL = re.compile(r"[a-z0-9.!#$%&'*+=?^_`{|}~-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8}")

MAIN = "main"
HOME = "~home"  # no client can name it


@dataclass(frozen=True, slots=True)
class Pace:
    """Of one front. `frames` is per socket and second, `acts` per person; a `burst` is let through at once.

    `window`: how many numbered frames are sent before the first of them has to be acknowledged.
    """

    frames: float = 20.0
    frames_burst: float = 100.0
    acts: float = 2.0
    acts_burst: float = 30.0
    sockets: int = 1000
    sockets_of_one: int = 10
    strangers: int = 200
    conversations: int = 20
    window: int = 256
    hello_seconds: float = 5.0
    ack_seconds: float = 60.0
    send_seconds: float = 10.0
    heartbeat: float = 20.0
    look_seconds: float = 3.0
    check_seconds: float = 15.0
    wait_seconds: float = 25.0
