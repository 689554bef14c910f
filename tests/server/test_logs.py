"""Log lines: one form for ours and every library's."""

import subprocess
import sys

import orjson
import pytest

PROGRAM = """
import logging, structlog, warnings
from openrekog.server.logs import configure_logs
from openrekog.server.settings import Settings
ours = structlog.get_logger("ours")
configure_logs(Settings(log_format="{form}", log_level="{level}"))
def divide(secret):
    1 / 0
try:
    divide("hush")
except ZeroDivisionError as error:
    ours.error("failed", request_id="r1", exc_info=error)
ours.info("request", request_id="r2", status=200)
ours.info("forged", operation="x status=200\\x85y")
logging.getLogger("library").warning("careful with %s", "this")
logging.getLogger("uvicorn.error").info("chatter")
warnings.warn("old")
"""


def lines(form: str, level: str) -> list[str]:
    program = PROGRAM.format(form=form, level=level)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
    return done.stderr.rstrip("\n").split("\n")


def test_json() -> None:
    written = lines("json", "info")
    assert "hush" not in "".join(written)
    found = [orjson.loads(line) for line in written]
    assert [line["event"] for line in found[:3]] == ["failed", "request", "forged"]
    failed, request, _, library, warning = found
    assert failed["exception"][0]["exc_type"] == "ZeroDivisionError"
    assert (request["request_id"], request["status"], request["level"]) == ("r2", 200, "info")
    assert (library["logger"], library["level"]) == ("library", "warning")
    assert "UserWarning: old" in warning["event"]
    assert all(line["timestamp"].endswith("Z") for line in found)


def test_console() -> None:
    text = "\n".join(lines("console", "INFO"))
    assert "ZeroDivisionError" in text
    assert "request_id=r2" in text
    assert "operation='x status=200\\x85y'" in text
    assert "[warning  ] careful with this" in text
    assert "chatter" not in text


@pytest.mark.parametrize("form", ["json", "console"])
def test_level(form: str) -> None:
    assert "request_id=r2" not in "\n".join(lines(form, "warning"))
    assert '"r2"' not in "\n".join(lines(form, "warning"))
