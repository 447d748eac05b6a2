"""`countersign up` with small children in place of ours: python up_driver.py STATE_DIR PORT"""

import sys
from pathlib import Path

from rich.console import Console

from bot import prepare, up
from bot.settings import Settings
from bot.supervisor import Child

FAKE = Path(__file__).with_name("fake_child.py")
state, port = Path(sys.argv[1]), int(sys.argv[2])


def children(folder: Path, _settings: object = None) -> list[Child]:
    return [
        Child(name, (sys.executable, str(FAKE), name, str(port)), folder / "log" / f"{name}.log")
        for name in ("engine", "worker", "front")
    ]


up.children_of = children
prepare.prepare = lambda *arguments, **named: {}
sys.exit(up.run(Settings(_env_file=None, state_dir=state, port=port), Console()))
