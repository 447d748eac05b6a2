"""What an operation is given and what it answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import ConfigDict, model_serializer, model_validator

from integrations.base import Arguments, Result
from integrations.openapi.checking import Checker


class Given(Arguments):
    """Arguments of one operation: what its JSON Schema accepts, and nothing else.

    Each operation has a subclass of its own, which holds the checker. Validated or dumped it
    reads as the plain arguments; `values` is for our own code.
    """

    # What does not fit may be anybody's words: an error names the place, never the value.
    model_config = ConfigDict(hide_input_in_errors=True)

    checker: ClassVar[Checker]
    values: dict[str, Any]

    @model_validator(mode="before")
    @classmethod
    def _fits(cls, given: Any) -> Any:
        if isinstance(given, cls):
            return given
        if not isinstance(given, Mapping):
            raise ValueError("arguments are a mapping")
        plain = dict(given)
        problems = cls.checker.problems(plain)
        if problems:
            raise ValueError("; ".join(problems))
        # A copy, so that what was checked is what is sent.
        return {"values": json.loads(json.dumps(plain))}

    @model_serializer
    def _plain(self) -> dict[str, Any]:
        return self.values

    @classmethod
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The operation's own, which pydantic could not say."""
        return dict(cls.checker.schema)


class Answer(Result):
    """What the service answered: `body` is its JSON, None where there was none or it was too much to keep."""

    status: int
    body: Any = None


def arguments_of(name: str, schema: Mapping[str, Any]) -> type[Given]:
    """A class of arguments for this schema. Raises `DocumentError` for one that cannot be checked."""
    return type(f"{name}Arguments", (Given,), {"checker": Checker(schema), "__module__": __name__})
