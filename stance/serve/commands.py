"""The command of the service; the command line loads it when it is asked for."""

from typing import Annotated

import typer

from stance.options import FirstStageOption, ModelOption
from stance.serve.limits import Limits
from stance.serve.server import serve

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

USUAL = Limits()


@app.callback()
def _stance() -> None:
    """Keep the command's name, which an application of one command would do without."""


@app.command("serve")
def serve_model(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any that is free.")] = 8000,
    model: ModelOption = None,
    first_stage: FirstStageOption = True,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Batches labelled side by side.", show_default="one a core")
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="Threads for each batch.")] = 1,
    body_bytes: Annotated[int, typer.Option(min=1, help="Of a request; else 413.")] = USUAL.body_bytes,
    sentences: Annotated[
        int, typer.Option(min=1, help="Of a request or an article; else 422.")
    ] = USUAL.sentences,
    queue: Annotated[int, typer.Option(min=1, help="Requests under way; else 429.")] = USUAL.queue,
    seconds: Annotated[float, typer.Option(help="For an answer; else 504.")] = USUAL.seconds,
    upload_seconds: Annotated[
        float, typer.Option(help="For a request to come in; else 408.")
    ] = USUAL.upload_seconds,
    origins: Annotated[
        list[str] | None,
        typer.Option(
            "--cors-origin", metavar="ORIGIN", help="Whose pages may ask from a browser, once for each."
        ),
    ] = None,
    log_requests: Annotated[
        bool, typer.Option("--log-requests", help="Log method, path, status and time of each request.")
    ] = False,
) -> None:
    """Serve the model over HTTP, with a page for people at /.

    Keys come from STANCE_API_KEYS, separated by commas.
    """
    serve(
        model,
        host=host,
        port=port,
        first_stage=first_stage,
        workers=workers,
        threads=threads,
        limits=Limits(
            body_bytes=body_bytes,
            sentences=sentences,
            queue=queue,
            seconds=seconds,
            upload_seconds=upload_seconds,
        ),
        origins=origins or (),
        log_requests=log_requests,
        announce=lambda message: typer.echo(f"stance: {message}", err=True),
    )
