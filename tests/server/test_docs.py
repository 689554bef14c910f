"""The docs page: complete without the internet, and nothing on it comes from elsewhere."""

import re
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from openrekog.api_spec.service import load_service
from openrekog.server.access.auth import Authenticator
from openrekog.server.access.keys import KeyRing, KeysFile, generate_key, revealed
from openrekog.server.http.docs import ASSETS, OURS
from openrekog.server.wire import Request
from tests.server.conftest import Line


def test_the_page_links_only_to_what_we_serve(fake_server: Line) -> None:
    page = fake_server.get("/docs")
    assert page.status == 200
    assert "default-src 'self'" in page.headers["content-security-policy"]
    links = re.findall(r'(?:src|href)="([^"]+)"', page.body.decode())
    assert len(links) == 5
    for link in links:
        assert fake_server.get(f"/{link}").status == 200


@pytest.mark.parametrize("name", ASSETS)
def test_asset(fake_server: Line, name: str) -> None:
    found = fake_server.get(f"/docs/{name}")
    assert found.status == 200
    assert found.headers["content-type"].split(";")[0] == ASSETS[name][1]
    assert len(found.body) > 200


def test_our_scripts_import_what_we_serve(fake_server: Line) -> None:
    script = fake_server.get("/docs/docs.js").body.decode()
    imports = re.findall(r'from "\./([^"]+)"', script)
    assert sorted(imports) == ["pictures.js", "signing.js"]
    assert set(imports) <= ASSETS.keys()


@pytest.mark.parametrize("name", ["nope.js", "..%2Fapp.py", "docs.html"])
def test_nothing_else_is_served(fake_server: Line, name: str) -> None:
    assert fake_server.get(f"/docs/{name}").status in (403, 404)


def test_the_document_shows_every_operation_and_what_is_missing(fake_server: Line) -> None:
    document = fake_server.get("/openapi.json").json
    assert document["openapi"] == "3.1.0"
    paths = document["paths"]
    assert paths.keys() == {f"/{each.path}" for each in load_service().all_operations.values()}
    assert "not available" not in paths["/DetectFaces"]["post"]["summary"]
    assert paths["/StartStreamProcessor"]["post"]["summary"].endswith("(not available yet)")
    groups = [tag["name"] for tag in document["tags"]]
    assert groups.index("Bulk analysis") < groups.index("Stream processors")


SIGN = """
globalThis.location = {href: "http://127.0.0.1:8080/docs"};
const {sign} = await import(process.argv[1]);
const request = {url: "/DetectFaces", method: "POST", headers: {}, body: process.argv[3]};
console.log(JSON.stringify((await sign(request, JSON.parse(process.argv[2]))).headers));
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
@pytest.mark.parametrize("lifetime", [None, timedelta(hours=1)], ids=["key", "temporary key"])
def test_the_page_signs_as_an_sdk_does(tmp_path: Path, lifetime: timedelta | None) -> None:
    key, body = generate_key("123456789012", lifetime=lifetime), '{"Image":"ü"}'
    secrets = revealed(key)
    fields = {
        "accessKeyId": key.access_key_id,
        "secret": secrets["secret_access_key"],
        "sessionToken": secrets.get("session_token", ""),
        "region": "eu-west-1",
    }
    script = str(OURS / "signing.js")
    done = subprocess.run(
        ["node", "--input-type=module", "-e", SIGN, script, orjson.dumps(fields).decode(), body],
        capture_output=True,
        check=True,
    )
    headers = {"host": "127.0.0.1:8080", **orjson.loads(done.stdout)}
    request = Request(
        "id",
        "POST",
        b"/DetectFaces",
        b"",
        [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    )
    file = KeysFile(tmp_path / "keys.json")
    file.add(key)
    checks = Authenticator(
        KeyRing(file), service="rekognition", default_account="000000000000", clock_skew=300
    )
    caller = checks.confirm(checks.claim(request), request, body.encode())
    assert (caller.scope.account_id, caller.scope.region) == ("123456789012", "eu-west-1")
