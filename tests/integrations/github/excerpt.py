"""Makes github_openapi.json: of GitHub's own description, the operations that our client calls.

`python tests/integrations/github/excerpt.py path/to/github.json` writes it anew. The description
is GitHub's, from https://github.com/github/rest-api-description, as the npm package
@octokit/openapi 23.0.2 carries it (MIT). Left out are prose, examples, and answers that are no
success. OpenAPI 3.0 spells some things otherwise than JSON Schema does; they are respelt here.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "github_openapi.json"

ISSUE = "/repos/{owner}/{repo}/issues/{issue_number}"
OPERATIONS = (
    ("get", "/user"),
    ("get", "/search/issues"),
    ("get", "/repos/{owner}/{repo}"),
    ("get", "/repos/{owner}/{repo}/issues"),
    ("post", "/repos/{owner}/{repo}/issues"),
    ("get", ISSUE),
    ("patch", ISSUE),
    ("get", f"{ISSUE}/comments"),
    ("post", f"{ISSUE}/comments"),
    ("post", f"{ISSUE}/labels"),
    ("delete", f"{ISSUE}/labels/{{name}}"),
    ("post", f"{ISSUE}/assignees"),
    ("delete", f"{ISSUE}/assignees"),
)
# Answers that are described in full; of the others, only that they are there.
ANSWERS = ("issue", "issue-comment", "label", "issue-search-result-item")
_PROSE = frozenset({"description", "example", "examples", "title", "externalDocs", "x-github", "x-octokit"})


def excerpt(document: Any) -> Any:
    """The operations, and the schemas that they lead to."""
    schemas: dict[str, Any] = {}
    paths: dict[str, Any] = {}
    for method, path in OPERATIONS:
        found = document["paths"][path][method]
        kept = paths.setdefault(path, {}).setdefault(method, {"operationId": found["operationId"]})
        kept["parameters"] = [_parameter(document, each, schemas) for each in found.get("parameters", [])]
        content = found.get("requestBody", {}).get("content", {}).get("application/json", {})
        if "schema" in content:
            kept["body"] = _schema(document, content["schema"], schemas)
        for status, answer in found["responses"].items():
            shape = answer.get("content", {}).get("application/json", {}).get("schema", {})
            if status in ("200", "201") and any(f'schemas/{name}"' in json.dumps(shape) for name in ANSWERS):
                kept["answer"] = _schema(document, shape, schemas)
    return {"paths": paths, "schemas": dict(sorted(schemas.items()))}


def lines(made: Any) -> str:
    """A line for each path and each schema, so that one sees what changed."""
    parts = [
        f"{json.dumps(part)}: {{\n"
        + ",\n".join(f"{json.dumps(name)}: {json.dumps(each, sort_keys=True)}" for name, each in held.items())
        + "\n}"
        for part, held in made.items()
    ]
    return "{" + ",\n".join(parts) + "}\n"


def _parameter(document: Any, given: Any, schemas: dict[str, Any]) -> Any:
    if "$ref" in given:
        given = document["components"]["parameters"][given["$ref"].rpartition("/")[2]]
    return {
        "name": given["name"],
        "in": given["in"],
        "required": given.get("required", False),
        "schema": _schema(document, given["schema"], schemas),
    }


def _schema(document: Any, given: Any, schemas: dict[str, Any]) -> Any:
    if isinstance(given, list):
        return [_schema(document, each, schemas) for each in given]
    if not isinstance(given, dict):
        return given
    if "$ref" in given:
        name = given["$ref"].rpartition("/")[2]
        if name not in schemas:
            schemas[name] = {}
            schemas[name] = _schema(document, document["components"]["schemas"][name], schemas)
        return {"$ref": f"#/schemas/{name}"}
    kept = {name: _schema(document, each, schemas) for name, each in given.items() if name not in _PROSE}
    if isinstance(given.get("properties"), dict):
        # A property may be called "title" or "description": names are no prose.
        kept["properties"] = {
            name: _schema(document, each, schemas) for name, each in given["properties"].items()
        }
    return _nullable(kept)


def _nullable(kept: dict[str, Any]) -> dict[str, Any]:
    if not kept.pop("nullable", False):
        return kept
    if "enum" in kept and None not in kept["enum"]:
        kept["enum"] = [*kept["enum"], None]
    if isinstance(kept.get("type"), str):
        kept["type"] = [kept["type"], "null"]
        return kept
    return {"anyOf": [kept, {"type": "null"}]}


if __name__ == "__main__":
    source = json.loads(Path(sys.argv[1]).read_text())
    HERE.write_text(lines(excerpt(source)))
