"""The page for people, and the page that documents the endpoints; neither loads anything from elsewhere."""

from collections.abc import Awaitable, Callable
from importlib.resources import files
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
_FILES = {
    "/": ("page.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/reference.css": ("reference.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
    "/ledger.js": ("ledger.js", "text/javascript"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}


def route(app: FastAPI) -> None:
    """Add both pages, and what they load, to a service."""
    for path, (name, media_type) in _FILES.items():
        app.add_route(path, _give((_FOLDER / name).read_bytes(), media_type), include_in_schema=False)

    template = Template((_FOLDER / "reference.html").read_text(encoding="utf-8"))

    async def reference(_: Request) -> Response:
        return Response(render(app.openapi(), template), media_type="text/html", headers=POLICY)

    app.add_route("/docs", reference, include_in_schema=False)


def _give(content: bytes, media_type: str) -> Callable[[Request], Awaitable[Response]]:
    async def give(_: Request) -> Response:
        return Response(content, media_type=media_type, headers=POLICY)

    return give
