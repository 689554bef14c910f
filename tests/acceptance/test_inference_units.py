"""What an inference unit bounds: requests that the model works on, and nothing else."""

import http.server
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError

from tests.acceptance.conftest import Launch
from tests.acceptance.custom_models import Trained, coloured, trained
from tests.acceptance.photos import jpeg

CROWD = 6
SECONDS = 30.0
THROTTLED = "ProvisionedThroughputExceededException"


def answer(model: Trained, _: int = 0) -> str:
    try:
        return str(model.ask("red")[0]["Name"])
    except ClientError as error:
        return str(error.response["Error"]["Code"])


def test_inference_units_bound_what_is_asked_at_once(launch: Launch) -> None:
    server = launch(request_threads=CROWD, inference_unit_requests=1, inference_unit_queue=0)
    model = trained(server, "us-east-1").start()
    found, give_up = set[str](), time.monotonic() + SECONDS
    with ThreadPoolExecutor(CROWD) as crowd:
        while THROTTLED not in found:
            assert time.monotonic() < give_up, f"nobody was throttled: {found}"
            found |= {*crowd.map(lambda _: answer(model), range(10 * CROWD))}
        assert found == {"red", THROTTLED}
        model.client.stop_project_version(ProjectVersionArn=model.arn)
        model.wait_until("STOPPED")
        model.start(MinInferenceUnits=1, MaxInferenceUnits=CROWD)
        assert {*crowd.map(lambda _: answer(model), range(10 * CROWD))} == {"red"}


@contextmanager
def slow_bucket(asked: threading.Semaphore, go_on: threading.Event) -> Iterator[str]:
    """An S3 endpoint that holds a picture back until it may go on."""

    class Slow(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked.release()
            go_on.wait(SECONDS)
            body = jpeg(coloured("blue"))
            self.send_response(200)
            self.send_header("ETag", '"1"')
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
            pass

    endpoint = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    threading.Thread(target=endpoint.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{endpoint.server_port}"
    finally:
        go_on.set()
        endpoint.shutdown()
        endpoint.server_close()


def test_a_slow_bucket_takes_no_inference_unit(launch: Launch) -> None:
    asked, go_on = threading.Semaphore(0), threading.Event()
    with slow_bucket(asked, go_on) as url, ThreadPoolExecutor(2) as pool:
        server = launch(
            s3_endpoint_url=url,
            s3_access_key_id="any",
            s3_secret_access_key="any",
            inference_unit_requests=1,
            inference_unit_queue=0,
        )
        model = trained(server, "us-east-1").start()
        image = {"S3Object": {"Bucket": "photos", "Name": "blue.jpg"}}
        waiting = pool.submit(
            model.client.detect_custom_labels, ProjectVersionArn=model.arn, Image=image
        )
        assert asked.acquire(timeout=SECONDS)
        assert answer(model) == "red"
        go_on.set()
        assert waiting.result(SECONDS)["CustomLabels"][0]["Name"] == "blue"
