"""The service, an ASGI application: endpoints, and the guard before them."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, HTTPException, Response
from pydantic import BaseModel
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route
from starlette.types import ASGIApp

from stance import __version__
from stance.classifier import Classifier
from stance.serve import pages, schemas
from stance.serve.batcher import Batcher, Kind
from stance.serve.endpoints import Endpoints
from stance.serve.guard import Endpoint, Guard, Traffic
from stance.serve.keys import Keys
from stance.serve.ledgers import Ledgers
from stance.serve.limits import Limits
from stance.serve.metrics import Metrics

_Responses = dict[int | str, dict[str, Any]]

WARM_UP = "It denied that."
"""Labelled before the first request is let in."""

SHAPES: dict[str, tuple[type[BaseModel], type[BaseModel]]] = {
    "/v1/classify": (schemas.ClassifyRequest, schemas.ClassifyAnswer),
    "/v1/read": (schemas.ReadRequest, schemas.ReadAnswer),
    "/v1/ledger": (schemas.LedgerRequest, schemas.LedgerAnswer),
}
"""What is asked and answered where a request has a body."""

REFUSALS = {
    401: "No valid key.",
    408: "The body came too slowly.",
    413: "The body is too long.",
    415: "The body is not JSON.",
    429: "Too many requests are under way.",
    503: "The service is about to end.",
    504: "The time is up.",
}


def create_app(
    classifier: Classifier,
    *,
    workers: int = 1,
    limits: Limits | None = None,
    keys: Iterable[str] = (),
    origins: Sequence[str] = (),
    traffic: Traffic | None = None,
    log_requests: bool = False,
) -> ASGIApp:
    """Make the service, an ASGI application.

    Args:
        classifier: labels the sentences; load it with `threads=1` where there are several workers.
        workers: batches that are labelled side by side, above 0. Default: 1.
        limits: what a request may cost. Default: `Limits()`.
        keys: any of which a request must come with. Default: none are needed.
        origins: whose pages may ask from a browser (CORS). Default: the service's own alone.
        traffic: tells the server what is under way, and the service when it is to end. Default: its own.
        log_requests: log method, path, status and time of each request. Default: False.

    Raises:
        ModelError: the shipped model, whose embeddings ledgers need, is missing or damaged.
    """
    limits = limits or Limits()
    traffic = traffic or Traffic()
    metrics = Metrics(model=classifier.bundle.identity)
    batcher = Batcher(classifier, workers=workers, queue=limits.queue, observe=metrics.batch)
    ledgers = None
    if classifier.bundle.finds_acts:  # ledgers are made of acts
        ledgers = Ledgers(model=classifier.bundle.identity, workers=workers, queue=limits.queue)
    metrics.watch(under_way=lambda: traffic.under_way, waiting=lambda: batcher.waiting)
    app = _Service(
        title="stance",
        version=__version__,
        summary="Labels news sentences as allegation, confirmation, hedge or denial.",
        lifespan=_lifespan(batcher, ledgers),
        docs_url=None,
        redoc_url=None,
    )
    endpoints = Endpoints(classifier.bundle, batcher, ledgers, limits, traffic, metrics)
    with_body = {
        "/v1/classify": endpoints.classify,
        "/v1/read": endpoints.read,
        "/v1/ledger": endpoints.ledger,
    }
    _route(app, endpoints, with_body)
    pages.route(app)
    methods = {route.path: route.methods or set() for route in app.routes if isinstance(route, Route)}
    metrics.know(methods)
    guard = Guard(
        app,
        keys=Keys(keys),
        limits=limits,
        traffic=traffic,
        metrics=metrics,
        endpoints=with_body,
        log_requests=log_requests,
    )
    if not origins:
        return guard
    return CORSMiddleware(guard, allow_origins=origins, allow_methods=["GET", "POST"], allow_headers=["*"])


class _Service(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """Describe the service."""
        found = super().openapi()
        schemas.describe(found["components"]["schemas"])
        return found


def _lifespan(batcher: Batcher, ledgers: Ledgers | None) -> Any:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if ledgers:
            ledgers.start()
        batcher.start()
        try:
            await batcher.classify([WARM_UP], Kind(acts=ledgers is not None, abstain=False))
            yield
        finally:
            batcher.close()
            if ledgers:
                ledgers.close()

    return lifespan


def _route(app: FastAPI, endpoints: Endpoints, with_body: Mapping[str, Endpoint]) -> None:
    guarded: _Responses = {
        status: {"model": schemas.Refusal, "description": why} for status, why in REFUSALS.items()
    }
    mistakes: _Responses = {422: {"model": schemas.Mistakes, "description": "The body is not as expected."}}
    for path, endpoint in with_body.items():
        asked, answer = SHAPES[path]
        app.post(
            path,
            name=endpoint.__name__,
            description=endpoint.__doc__,
            responses={200: {"model": answer}, **mistakes, **guarded},
            openapi_extra=_body(asked),
        )(_unguarded)
    without_body: _Responses = {status: guarded[status] for status in (401, 503)}
    app.get("/v1/model", responses={200: {"model": schemas.ModelAnswer}, **without_body})(endpoints.model)
    app.get("/healthz", response_model=schemas.StatusAnswer)(endpoints.health)
    app.get(
        "/readyz",
        responses={
            200: {"model": schemas.StatusAnswer},
            503: {"model": schemas.StatusAnswer, "description": "It is about to end."},
        },
    )(endpoints.ready)
    app.get("/metrics", responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}})(
        endpoints.metrics
    )


async def _unguarded() -> Response:
    """Stand for each endpoint that the guard calls; what it lets by is for none, as no limit holds there."""
    raise HTTPException(404)


def _body(model: type[BaseModel]) -> dict[str, Any]:
    """Document a body, which the endpoint reads itself: it is checked once, as it comes from the socket."""
    schema = _inline(model.model_json_schema())
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _inline(schema: Any, types: Mapping[str, Any] | None = None) -> Any:
    """Put the types that a schema refers to in its `$defs` where they are meant."""
    if isinstance(schema, list):
        return [_inline(one, types) for one in schema]
    if not isinstance(schema, dict):
        return schema
    types = schema.get("$defs", {}) if types is None else types
    if name := schema.get("$ref"):
        schema = types[name.rpartition("/")[2]] | {
            key: value for key, value in schema.items() if key != "$ref"
        }
    return {key: _inline(value, types) for key, value in schema.items() if key != "$defs"}
