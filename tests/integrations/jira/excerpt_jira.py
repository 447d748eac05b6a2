"""Makes jira_openapi.json: of Atlassian's own description, the operations that our client calls.

`python tests/integrations/jira/excerpt_jira.py path/to/jira-cloud-v3.json` writes it anew. The
description is Atlassian's "Jira Cloud platform REST API" v3 (Apache 2.0), as it was on 30 July 2025
at https://developer.atlassian.com/cloud/jira/platform/swagger-v3.v3.json. Left out are prose,
examples, and answers that are no success. OpenAPI 3.0 spells some things otherwise than JSON Schema
does; they are respelt here. Data Center (v2) has no such description.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "jira_openapi.json"

API = "/rest/api/3"
ISSUE = f"{API}/issue/{{issueIdOrKey}}"
OPERATIONS = (
    ("get", f"{API}/myself"),
    ("get", f"{API}/mypermissions"),
    ("get", f"{API}/serverInfo"),
    ("get", f"{API}/user/assignable/search"),
    ("post", f"{API}/search/jql"),
    ("post", f"{API}/issue"),
    ("get", ISSUE),
    ("put", ISSUE),
    ("put", f"{ISSUE}/assignee"),
    ("get", f"{ISSUE}/comment"),
    ("post", f"{ISSUE}/comment"),
    ("get", f"{ISSUE}/transitions"),
    ("post", f"{ISSUE}/transitions"),
    ("post", f"{API}/issueLink"),
)
# Parts of answers that we never look at, and that would make this file ten times as long.
UNREAD = frozenset(
    {"changelog", "editmeta", "operations", "versionedRepresentations", "names", "schema", "avatarUrls",
     "groups", "applicationRoles", "healthChecks", "transition", "watchers", "scope"}
)  # fmt: skip
_PROSE = frozenset({"description", "example", "examples", "title", "externalDocs", "xml", "format"})


def excerpt(document: Any) -> Any:
    """The operations, and the schemas that they lead to."""
    schemas: dict[str, Any] = {}
    paths: dict[str, Any] = {}
    for method, path in OPERATIONS:
        found = document["paths"][path][method]
        kept = paths.setdefault(path, {}).setdefault(method, {"operationId": found["operationId"]})
        kept["parameters"] = [
            {"name": each["name"], "in": each["in"], "required": each.get("required", False)}
            for each in found.get("parameters", [])
        ]
        kept["statuses"] = sorted(found["responses"])
        body = found.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        if body is not None:
            kept["body"] = _schema(document, body, schemas)
        for status in ("200", "201"):
            answer = found["responses"].get(status, {}).get("content", {}).get("application/json", {})
            if "schema" in answer:
                kept["answer"] = _schema(document, answer["schema"], schemas)
    return {"paths": paths, "schemas": dict(sorted(schemas.items()))}


def _schema(document: Any, schema: Any, schemas: dict[str, Any]) -> Any:
    """As JSON Schema, with its references to the same file; what they lead to goes into `schemas`."""
    if isinstance(schema, list):
        return [_schema(document, each, schemas) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name not in schemas:
            schemas[name] = {}
            schemas[name] = _schema(document, document["components"]["schemas"][name], schemas)
        return {"$ref": f"urn:jira#/schemas/{name}"}
    kept = {}
    for key, value in schema.items():
        if key == "properties":
            kept[key] = {
                name: {} if name in UNREAD and "id" in value else _schema(document, each, schemas)
                for name, each in value.items()
            }
        elif key not in _PROSE and not key.startswith("x-"):
            kept[key] = _schema(document, value, schemas) if key != "enum" else value
    if kept.pop("nullable", False) and "type" in kept:
        kept["type"] = [kept["type"], "null"]
    return kept


def lines(made: Any) -> str:
    """A line for each path and each schema, so that one sees what changed."""
    parts = [
        f"{json.dumps(part)}: {{\n"
        + ",\n".join(f"{json.dumps(n)}: {json.dumps(v)}" for n, v in made[part].items())
        + "\n}"
        for part in ("paths", "schemas")
    ]
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    HERE.write_text(lines(excerpt(json.loads(Path(sys.argv[1]).read_text()))))
