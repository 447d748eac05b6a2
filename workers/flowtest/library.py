"""Which test files are meant by some paths, and the flows and the policy that they are about."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bot.errors import ConfigurationError
from flows.errors import FlowError, Mistake
from flows.flow import Flow
from flows.loader import load_file
from flows.policy import Policy
from flows.policy_file import load_policy
from flows.scene import Known
from integrations import tools
from workers.flowtest.script import Script
from workers.known import World
from workers.push import POLICY
from workers.tools import cards

TESTS = "tests"


class Library:
    """`wanted` are the flows that were asked for, whether or not a conversation is about them."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self.tools = tools()
        self.mistakes: list[Mistake] = []
        self.wanted: dict[str, Flow] = {}
        self.scripts: list[Path] = []
        self._flows: dict[Path, Flow] = {}
        self._policies: dict[Path, Policy] = {}
        for path in paths:
            self._take(path)
        if not self.scripts and not self.mistakes:
            raise ConfigurationError(f"No conversation is written yet: put one in {_beside(paths[0])}.")

    def _take(self, path: Path) -> None:
        """A folder of flows, a flow, or a test file."""
        if path.is_dir():
            folder = path if path.name == TESTS else path / TESTS
            self.scripts += sorted(folder.glob("*.yaml"))
            flows = [] if path.name == TESTS else sorted(path.glob("*.yaml"))
        elif path.is_file() and path.parent.name == TESTS:
            self.scripts.append(path)
            flows = []
        elif path.is_file():
            flows = [path]
            self.scripts += [each for each in [_beside(path)] if each.is_file()]
        else:
            raise ConfigurationError(f"{path} is not there.")
        for each in flows:
            try:
                flow = self._load(each)
                self.wanted[flow.id] = flow
            except FlowError as error:
                self.mistakes += error.mistakes

    def find(self, test: Path, wanted: str) -> Flow:
        """By its name in the folder above, or as a file beside the test. Raises LookupError, FlowError."""
        folder = test.parent.parent
        for path in (folder / f"{wanted}.yaml", test.parent / wanted, folder / wanted):
            if path.is_file() and path.resolve() != test.resolve():
                return self._load(path)
        raise LookupError(f"there is no flow {wanted!r} in {folder}")

    def _load(self, path: Path) -> Flow:
        key = path.resolve()
        if key not in self._flows:
            self._flows[key] = load_file(path, self.tools)
        return self._flows[key]

    def world(self, script: Script) -> World:
        """The flow with its siblings, which it can lead to, and the policy above them."""
        folder = script.file.parent.parent
        flows = {}
        for path in sorted(folder.glob("*.yaml")):
            try:
                flow = self._load(path)
                flows[flow.id] = flow
            except FlowError:
                continue  # it is told where that flow itself is asked for
        flows[script.flow.id] = script.flow
        policy = self._policy(script.policy or folder.parent / "policy.yaml")
        known = Known(policy, cards(), tuple((each.id, each.description) for each in flows.values()))
        return World(flows, known, cards())

    def _policy(self, path: Path) -> Policy:
        there = path if path.is_file() else POLICY
        if there not in self._policies:
            self._policies[there] = load_policy(there)
        return self._policies[there]


def _beside(path: Path) -> Path:
    """Where the conversations of a flow's file are."""
    return path / TESTS if path.is_dir() else path.parent / TESTS / path.name
