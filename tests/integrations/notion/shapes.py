"""What a request to Notion may look like: there is no official document, so two other witnesses.

`of_the_sdk` reads in notion-client's own source which path, verb and names each of its methods
sends; `shapes.json` keeps that for the methods that we use (`python tests/integrations/notion/shapes.py`
writes it anew), and beside it the schemas of the bodies, written by hand from Notion's pages on
request limits, blocks, filters and data sources (November 2026).
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

HERE = Path(__file__).resolve().parent / "shapes.json"

USED = (
    "UsersEndpoint.me",
    "DatabasesEndpoint.retrieve",
    "DataSourcesEndpoint.retrieve",
    "DataSourcesEndpoint.query",
    "SearchEndpoint.__call__",
    "PagesEndpoint.retrieve",
    "PagesEndpoint.create",
    "PagesEndpoint.update",
    "BlocksChildrenEndpoint.list",
    "BlocksChildrenEndpoint.append",
    "CommentsEndpoint.list",
    "CommentsEndpoint.retrieve",
    "UsersEndpoint.retrieve",
)


def of_the_sdk() -> dict[str, dict[str, Any]]:
    """Each method's verb, path, and the names that may stand in its query and its body."""
    found = find_spec("notion_client")
    assert found is not None
    assert found.origin is not None
    tree = ast.parse((Path(found.origin).parent / "api_endpoints.py").read_text())
    return {name: shape for name, shape in _methods(tree) if name in USED}


def _methods(tree: ast.Module) -> Iterator[tuple[str, dict[str, Any]]]:
    for group in tree.body:
        for method in group.body if isinstance(group, ast.ClassDef) else ():
            for node in ast.walk(method):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "self.parent.request":
                    assert isinstance(group, ast.ClassDef)
                    assert isinstance(method, ast.FunctionDef)
                    yield f"{group.name}.{method.name}", _shape(node)


def _shape(call: ast.Call) -> dict[str, Any]:
    given = {each.arg: each.value for each in call.keywords}
    return {
        "method": ast.literal_eval(given["method"]),
        "path": re.sub(r"\{.*?\}", "{id}", ast.unparse(given["path"]).lstrip("f").strip("'\"")),
        "query": _picked(given.get("query")),
        "body": _picked(given.get("body")),
    }


def _picked(node: ast.expr | None) -> list[str]:
    if not isinstance(node, ast.Call):
        return []
    return [ast.literal_eval(each) for each in node.args if isinstance(each, ast.Constant)]


def kept() -> dict[str, Any]:
    return dict(json.loads(HERE.read_text()))


def operation(method: str, path: str) -> tuple[str, dict[str, Any]]:
    """The one that this request is. `path` begins after /v1/."""
    for name, shape in kept()["operations"].items():
        pattern = re.escape(shape["path"]).replace(r"\{id\}", kept()["id"])
        if shape["method"] == method and re.fullmatch(pattern, path):
            return name, shape
    raise AssertionError(f"Notion has no {method} {path}")


def check(method: str, path: str, query: str, body: bytes) -> None:
    """Raises AssertionError or jsonschema's error for a request that Notion would not take."""
    from jsonschema import Draft202012Validator
    from referencing import Registry

    name, shape = operation(method, path)
    schemas = kept()["bodies"]
    assert set(parse_qs(query)) <= set(shape["query"]), f"{name}: {query}"
    if name not in schemas:
        assert body in (b"", b"{}"), f"{name} has no body"
        return
    assert len(body) <= 500_000, f"{name}: 500 kB at most"
    given = json.loads(body)
    assert set(given) <= set(shape["body"]), f"{name}: {sorted(given)}"
    schema = {"$ref": f"#/bodies/{name}", "bodies": schemas, "$defs": kept()["$defs"]}
    Draft202012Validator(schema, registry=Registry()).validate(given)


if __name__ == "__main__":
    HERE.write_text(json.dumps(kept() | {"operations": of_the_sdk()}, indent=1) + "\n")
