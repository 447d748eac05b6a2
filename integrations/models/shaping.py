"""A question for JSON, in the form that a server understands: the best first, then ever simpler ones.

OpenAI and vLLM hold a model to a schema and give the odds of each token; models that reason take neither
temperature nor odds; small servers know “some JSON object” at most. A removed parameter is ignored in
silence by some servers, so only those in use are sent, and the answer is checked either way.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

RUNGS = 3
BY_SCHEMA = "Answer with one JSON object and nothing else, of exactly this JSON Schema: "


def shaped(request: Mapping[str, Any], schema: Mapping[str, Any], rung: int) -> dict[str, Any]:
    """0: schema and odds. 1: schema. 2: a JSON object, the schema in words. 3: the schema in words."""
    found = dict(request)
    if rung:
        found.pop("temperature", None)
    else:
        found["logprobs"] = True
    if rung < 2:
        strict = {"name": "reading", "strict": True, "schema": schema}
        return found | {"response_format": {"type": "json_schema", "json_schema": strict}}
    told = {"role": "system", "content": BY_SCHEMA + json.dumps(schema)}
    found["messages"] = _beside(list(found["messages"]), told)
    return found | {"response_format": {"type": "json_object"}} if rung == 2 else found


def _beside(messages: list[Mapping[str, str]], told: Mapping[str, str]) -> list[Mapping[str, str]]:
    """In the first system message: not every template takes two of them."""
    first, *rest = messages
    if first["role"] != "system":
        return [told, *messages]
    return [{"role": "system", "content": f"{first['content']}\n\n{told['content']}"}, *rest]
