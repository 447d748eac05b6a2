"""A child notices that its supervisor is gone, even by `kill -9`: the pipe on its standard input ends."""

from __future__ import annotations

import os
import signal
import threading
import time

SIGN = "COUNTERSIGN_LIFELINE"
GRACE = 10.0


def watch() -> None:
    """End this process, gracefully and then for sure, when the supervisor does.

    Without the supervisor's sign in the environment (started by hand, in a container): nothing.
    """
    if os.environ.pop(SIGN, None):
        threading.Thread(target=_wait, name="lifeline", daemon=True).start()


def _wait() -> None:
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    os._exit(1)
