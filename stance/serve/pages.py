"""The page for people, and the page that documents the endpoints; neither loads anything from elsewhere."""

from collections.abc import Awaitable, Callable
from importlib.resources import files
from pathlib import Path
from string import Template

from fastapi import FastAPI, Request, Response

from stance.serve.reference import render

POLICY = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}
"""What a browser may do with the pages."""

_FOLDER = files("stance") / "serve" / "static"
_HOME = "page.html"
_REFERENCE = "reference.html"
_EXAMPLE = files("stance") / "resources" / "demo.txt"
_MEDIA = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}


def route(app: FastAPI) -> None:
    """Add both pages, and what they load, to a service."""
    for file in (*_FOLDER.iterdir(), _EXAMPLE):
        if file.name != _REFERENCE:
            path = "/" if file.name == _HOME else f"/{file.name}"
            app.add_route(
                path, _give(file.read_bytes(), _MEDIA[Path(file.name).suffix]), include_in_schema=False
            )
    template = Template((_FOLDER / _REFERENCE).read_text(encoding="utf-8"))

    async def reference(_: Request) -> Response:
        return Response(render(app.openapi(), template), media_type="text/html", headers=POLICY)

    app.add_route("/docs", reference, include_in_schema=False)


def _give(content: bytes, media_type: str) -> Callable[[Request], Awaitable[Response]]:
    async def give(_: Request) -> Response:
        return Response(content, media_type=media_type, headers=POLICY)

    return give
