"""Label sentences and articles over HTTP, with a page for people (extra `serve`)."""

from importlib.util import find_spec

from stance.errors import MissingExtraError

_NEEDED = ("fastapi", "httptools", "prometheus_client", "uvicorn")

if not all(map(find_spec, _NEEDED)):
    raise MissingExtraError("the service", "serve")

from stance.serve.app import create_app  # noqa: E402 - only where the extra is there
from stance.serve.limits import Limits  # noqa: E402
from stance.serve.server import serve  # noqa: E402

__all__ = ["Limits", "create_app", "serve"]
