"""Health, readiness and metrics of a whole server."""

import base64
import io
import time

import orjson
import PIL.Image
import pytest
from prometheus_client.parser import text_string_to_metric_families

from openrekog.server.http.metrics import FACES_SECONDS, Seldom
from tests.server.conftest import Line


def picture() -> str:
    gradient = PIL.Image.linear_gradient("L").convert("RGB")
    file = io.BytesIO()
    gradient.save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def call(server: Line, operation: str, **members: object) -> int:
    headers = {"content-type": "application/json"}
    return server.request("POST", f"/{operation}", orjson.dumps(members), headers).status


def samples(server: Line) -> dict[str, float]:
    text = server.get("/metrics").body.decode()
    return {
        sample.name
        + "".join(f" {value}" for _, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_health(fake_server: Line) -> None:
    answer = fake_server.get("/healthz")
    assert (answer.status, answer.json) == (200, {"status": "alive"})


def test_readiness(fake_server: Line) -> None:
    answer = fake_server.get("/readyz")
    assert answer.status == 200
    assert answer.json["status"] == "ready"
    assert answer.json["database"] == "ok"
    assert answer.json["face_model"] == "fake"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics", "/docs", "/openapi.json"])
def test_the_head_alone_may_be_asked_for(fake_server: Line, path: str) -> None:
    answer = fake_server.request("HEAD", path)
    assert (answer.status, answer.body) == (200, b"")
    assert int(answer.headers["content-length"]) > 0


def test_metrics(fake_server: Line) -> None:
    before = samples(fake_server)
    assert call(fake_server, "CreateCollection", CollectionId="metrics") == 200
    image = {"Bytes": picture()}
    assert call(fake_server, "IndexFaces", CollectionId="metrics", Image=image) == 200
    assert call(fake_server, "IndexFaces", CollectionId="nope", Image=image) == 400
    time.sleep(FACES_SECONDS)
    after = samples(fake_server)
    assert after["openrekog_faces_stored"] == before["openrekog_faces_stored"] + 1
    assert after["openrekog_requests_total OK IndexFaces"] == 1
    assert after["openrekog_requests_total ResourceNotFoundException IndexFaces"] == 1
    assert after["openrekog_request_seconds_count IndexFaces"] == 2
    assert after["openrekog_requests_running"] == 0
    assert after["openrekog_requests_queued"] == 0
    assert after["openrekog_body_bytes"] == 0


def test_not_every_scrape_asks_the_database() -> None:
    asked = iter(range(9))
    seldom, always = Seldom(lambda: next(asked), 60), Seldom(lambda: next(asked), 0)
    assert [seldom(), seldom(), always(), always()] == [0, 0, 1, 2]
