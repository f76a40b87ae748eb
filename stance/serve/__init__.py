"""Label sentences and articles over HTTP, with a page for people (extra `serve`)."""

from stance.errors import require_extra

require_extra(
    "the service", "serve", "docstring_parser", "fastapi", "httptools", "prometheus_client", "uvicorn"
)

from stance.serve.app import create_app  # noqa: E402 - only where the extra is there
from stance.serve.limits import Limits  # noqa: E402
from stance.serve.server import serve  # noqa: E402

__all__ = ["Limits", "create_app", "serve"]
