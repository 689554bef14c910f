"""Log lines for people or machines: ours and every library's, in one form.

Our own go straight to stderr: by way of the standard library, the one line of a small request took
as long as all the rest of it (16 clients: 1,335 requests/s, and 2,385 now).
"""

import logging
import sys
import warnings
from typing import Any

import orjson
import structlog
from structlog.typing import EventDict, Processor

from openrekog.server.settings import Settings

# These tell of every start and stop; below a warning our own lines are enough.
CHATTY = ("uvicorn", "alembic", "botocore", "faiss", "urllib3")


def configure_logs(settings: Settings, **everywhere: Any) -> None:
    """Called once by the process that serves; libraries and tests leave logging alone.

    What is given `everywhere` stands in every line."""
    level = getattr(logging, settings.log_level.upper())
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    rendering = renderers(settings)
    if everywhere:
        rendering.insert(0, lambda _logger, _method, event: {**event, **everywhere})
    structlog.configure(
        processors=[structlog.processors.add_log_level, stamp, *rendering],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_logger_name,
                structlog.stdlib.add_log_level,
                stamp,
            ],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    logging.captureWarnings(True)
    # What Pillow finds odd in a picture is told to nobody: senders could fill the log with it.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    for name in CHATTY:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


def renderers(settings: Settings) -> list[Processor]:
    if settings.log_format == "json":
        # No local variables: secrets and pictures are among them.
        traces = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        return [
            structlog.processors.ExceptionRenderer(traces),
            structlog.processors.JSONRenderer(to_json),
        ]
    if sys.stderr.isatty():
        # Plain traces, here too without local variables.
        plain = structlog.dev.plain_traceback
        return [structlog.dev.ConsoleRenderer(pad_event_to=0, exception_formatter=plain)]
    return [structlog.processors.format_exc_info, plain_line]


def plain_line(_logger: Any, _method: str, event: EventDict) -> str:
    """The console's form without colours, for files and journals. structlog's own renderer takes
    three times as long (40 microseconds a line), and every request waits for its line."""
    stamp, level, text = event.pop("timestamp"), event.pop("level"), event.pop("event")
    exception = event.pop("exception", None)
    words = [f"{name}={plain_value(value)}" for name, value in event.items()]
    line = " ".join([stamp, f"[{level:9}]", str(text), *words])
    return line if exception is None else f"{line}\n{exception}"


def plain_value(value: Any) -> str:
    """As it is, or quoted where a client's text could pass for other fields or other lines."""
    text = str(value)
    return text if text.isprintable() and " " not in text else repr(text)


def to_json(event: Any, default: Any = None, **_: Any) -> str:
    return orjson.dumps(event, default=default).decode()
