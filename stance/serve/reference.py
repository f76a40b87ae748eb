"""An OpenAPI description to a page that a person can read, without a script."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from string import Template
from typing import Any

_Schema = Mapping[str, Any]


def render(description: Mapping[str, Any], page: Template) -> str:
    """Render a description.

    Args:
        description: as OpenAPI 3.1 has it.
        page: has the places `title`, `summary`, `endpoints` and `types`.
    """
    info = description["info"]
    types = description.get("components", {}).get("schemas", {})
    return page.substitute(
        title=escape(f"{info['title']} {info['version']}"),
        summary=escape(info.get("summary", "")),
        endpoints="\n".join(
            _endpoint(path, method, operation)
            for path, methods in description["paths"].items()
            for method, operation in methods.items()
        ),
        types="\n".join(_type(name, schema) for name, schema in types.items() if "properties" in schema),
    )


def _endpoint(path: str, method: str, operation: _Schema) -> str:
    asked = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    parts = [
        f"<h2><b>{escape(method.upper())}</b> <code>{escape(path)}</code></h2>",
        f"<p>{_prose(operation.get('description', ''))}</p>",
    ]
    if asked:
        parts += ["<h3>Body</h3>", _fields(asked), f"<pre>{escape(_example(path, asked))}</pre>"]
    parts += ["<h3>Answers</h3>", _table(_answers(operation))]
    return f"<section>{''.join(parts)}</section>"


def _prose(text: str) -> str:
    """Set what stands between backticks as code."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(text))


def _type(name: str, schema: _Schema) -> str:
    return f'<section id="{escape(name)}"><h2><code>{escape(name)}</code></h2>{_fields(schema)}</section>'


def _fields(schema: _Schema) -> str:
    return _table(_rows(schema))


def _rows(schema: _Schema, within: str = "") -> Iterator[tuple[str, str, str]]:
    """Describe each field, and the fields of what lists hold after their list."""
    required = schema.get("required", ())
    for name, field in schema["properties"].items():
        optional = "" if name in required else " Optional."
        yield (
            f"<code>{escape(within + name)}</code>",
            _kind(field),
            _prose(field.get("description", "")) + optional,
        )
        if "properties" in (items := field.get("items", {})):
            yield from _rows(items, f"{within}{name}[].")


def _answers(operation: _Schema) -> Iterator[tuple[str, str, str]]:
    for status, answer in sorted(operation["responses"].items()):
        content = answer.get("content", {}).get("application/json", {}).get("schema", {})
        text = "" if answer["description"] == "Successful Response" else answer["description"]
        yield f"<code>{escape(str(status))}</code>", _kind(content), escape(text)


def _kind(schema: _Schema) -> str:
    """Name a type, with a link where it is described on the page."""
    if reference := schema.get("$ref"):
        name = escape(reference.rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    if options := schema.get("anyOf"):
        return " or ".join(dict.fromkeys(map(_kind, options)))
    if items := schema.get("items"):
        return f"list of {_kind(items)}"
    return escape(str(schema.get("type", "")))


def _table(rows: Iterable[tuple[str, ...]]) -> str:
    lines = ("".join(f"<td>{cell}</td>" for cell in row) for row in rows)
    return f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def _example(path: str, schema: _Schema) -> str:
    values = {
        name: field["examples"][0] for name, field in schema["properties"].items() if "examples" in field
    }
    body = json.dumps(values, ensure_ascii=False)
    return f"curl http://127.0.0.1:8000{path} -H 'Content-Type: application/json' \\\n  -d '{body}'"
