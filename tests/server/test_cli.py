"""The command as a user runs it."""

import os
import re
import shlex
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import orjson
import pytest

from openrekog.models.pack import default_packs, find
from openrekog.models.store import PackStore
from openrekog.server.settings import Settings
from tests.acceptance.servers import COMMAND, ServerProcess, clean_environment, completed
from tests.models.graphs import GraphBuilder

POLICY = {"Statement": [{"Effect": "Allow", "Action": "rekognition:List*", "Resource": "*"}]}


def run(*arguments: str | Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [COMMAND, *arguments],
        env=clean_environment() | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def run_by_fork(*arguments: str | Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Sooner, for tables of many runs."""
    return completed([*map(str, arguments)], environment)


@pytest.mark.parametrize("word", ["version", "--version"])
def test_version(word: str) -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*\n", run(word).stdout)


def test_a_command_waits_for_no_library_that_it_does_not_need() -> None:
    heavy = {"av", "botocore", "cv2", "faiss", "fastapi", "numpy", "onnxruntime", "sqlalchemy"}
    program = f"import sys, openrekog.server.cli; print(*{heavy} & {{*sys.modules}})"
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "\n"


def test_a_misspelt_setting_is_told() -> None:
    done = run("models", "list", OPENREKOG_MODEL_DIR="/tmp")
    assert done.returncode == 0
    assert "OPENREKOG_MODEL_DIR is no setting; did you mean OPENREKOG_MODELS_DIR?" in done.stderr


def test_keys_from_making_to_deleting(tmp_path: Path) -> None:
    policy = tmp_path / "policy.json"
    policy.write_bytes(orjson.dumps(POLICY))
    where = ("--data-dir", tmp_path)
    assert "no keys" in run("keys", "list", *where).stdout
    made = run("keys", "create", "--account", "123456789012", "--policy", policy, *where)
    key = orjson.loads(made.stdout)
    assert key["account_id"] == "123456789012"
    assert len(key["secret_access_key"]) == 40
    assert key["policy"]["Statement"][0]["Action"] == ["rekognition:List*"]
    assert stat.S_IMODE((tmp_path / "keys.json").stat().st_mode) == 0o600

    listed = run("keys", "list", *where).stdout
    assert key["access_key_id"] in listed
    assert key["secret_access_key"] not in listed
    assert run("keys", "delete", key["access_key_id"], *where).returncode == 0
    again = run("keys", "delete", key["access_key_id"], *where)
    assert (again.returncode, again.stderr) == (1, f"There is no key {key['access_key_id']}.\n")


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (None, "Cannot read "),
        ("{", "is not a policy that can be used:\n"),
        ('{"Statement": [{"Effect": "Maybe"}]}', "Statement.0.Effect: Input should be 'Allow'"),
    ],
    ids=["no file", "no json", "no policy"],
)
def test_a_bad_policy_makes_no_key(tmp_path: Path, policy: str | None, said: str) -> None:
    path = tmp_path / "policy.json"
    if policy is not None:
        path.write_text(policy)
    command = ["keys", "create", "--account", "123456789012", "--policy", path]
    done = run_by_fork(*command, "--data-dir", tmp_path)
    assert done.returncode == 1
    assert said in done.stderr
    assert not (tmp_path / "keys.json").exists()


def test_models_list_and_verify(tmp_path: Path) -> None:
    where = ("--models-dir", tmp_path)
    listed = run("models", "list", *where)
    assert re.search(r"^sface +default +38\.7 MB +not here +Apache-2\.0$", listed.stdout, re.M)
    assert "face embedder" in listed.stdout
    columns = {line.index(" MB") for line in listed.stdout.splitlines() if " MB" in line}
    assert len(columns) == 1
    verified = run("models", "verify", "sface", *where)
    assert verified.returncode == 1
    assert "is missing" in verified.stderr
    unknown = run("models", "verify", "nope", *where)
    assert (unknown.returncode, unknown.stderr[:12]) == (1, "no pack nope")


def test_a_licence_must_be_accepted_by_name(tmp_path: Path) -> None:
    done = run("models", "pull", "buffalo_l", "--models-dir", tmp_path)
    assert done.returncode == 1
    assert "LicenseRef-InsightFace-NonCommercial" in done.stderr
    served = run("serve", "--pack", "buffalo_l", "--port", "0", "--data-dir", tmp_path)
    assert served.returncode == 1
    assert "LicenseRef-InsightFace-NonCommercial" in served.stderr


def test_packs_of_own_files(tmp_path: Path) -> None:
    models, own = tmp_path / "models", tmp_path / "own"
    own.mkdir()
    where = ("--models-dir", models)
    listed = run("models", "list", *where)
    assert re.search(r"^rf_detr +opt-in +own files +not here +Apache-2\.0$", listed.stdout, re.M)
    asked = run("models", "pull", "rf_detr", *where)
    assert asked.returncode == 1
    assert "`openrekog models pull rf_detr --own-files FOLDER`" in asked.stderr
    refused = run("models", "pull", "yolo11", *where, "--own-files", own)
    assert (refused.returncode, "AGPL-3.0-only" in refused.stderr) == (1, True)
    graph = GraphBuilder()
    graph.node("Identity", "x", output="y")
    graph.save(own / "rf_detr.onnx", {"x": [1, 2]}, {"y": [1, 2]})
    pulled = run("models", "pull", "rf_detr", *where, "--own-files", own)
    assert (pulled.returncode, pulled.stderr.splitlines()[0]) == (
        0,
        f"Fetching 1 pack into {models}, once.",
    )
    listed = run("models", "list", *where)
    assert re.search(r"^rf_detr +opt-in +own files +here +Apache-2\.0$", listed.stdout, re.M)


def test_a_server_says_which_graph_it_cannot_use(tmp_path: Path) -> None:
    store = PackStore(Settings().models_dir)
    if store.missing(default_packs()):
        pytest.skip("the default packs are not fetched; `openrekog models pull` does it")
    models, own = tmp_path / "models", tmp_path / "own"
    for folder in (models, own):
        folder.mkdir()
    for pack in default_packs():
        (models / pack.name).symlink_to(store.models_dir / pack.name)
    graph = GraphBuilder()
    graph.node("Identity", "x", output="y")
    graph.save(own / "rf_detr.onnx", {"x": [1, 2]}, {"y": [1, 2]})
    PackStore(models).pull(find(["rf_detr"]), own_files=own)
    folders = ("--models-dir", models, "--data-dir", tmp_path / "data")
    done = run("serve", "--pack", "rf_detr", "--port", "0", *folders)
    assert done.returncode == 1
    assert "\nrf_detr/rf_detr is not RF-DETR" in done.stderr
    assert "it takes x 1x2 and gives y 1x2" in done.stderr


def test_an_open_address_needs_keys(tmp_path: Path) -> None:
    done = run(
        "serve", "--host", "0.0.0.0", "--port", "0", "--pack", "fake", "--data-dir", tmp_path
    )
    assert done.returncode == 1
    assert "OPENREKOG_RUN_OPEN" in done.stderr
    hint = re.search(r"`openrekog (keys create .+)`", done.stderr)
    assert hint is not None
    run(*hint[1].split())
    assert (tmp_path / "keys.json").exists()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("OPENREKOG_PORT", "x", "  port: Input should be a valid integer"),
        ("OPENREKOG_CLOCK_SKEW", "-1", "  clock_skew: Input should be greater than 0"),
        ("OPENREKOG_PACKS", '["nope"]', "no pack nope"),
        ("OPENREKOG_PACKS", "fake", "OPENREKOG_PACKS is no JSON: write a list as '["),
        ("OPENREKOG_S3_ENDPOINT_URL", "minio:9000", "  s3_endpoint_url: Value error, not http://"),
        ("OPENREKOG_DATABASE_URL", "nonsense", "the database URL cannot be used"),
        ("OPENREKOG_DATABASE_URL", "sqlite:///:memory:", "is a database in memory"),
        ("OPENREKOG_DATABASE_URL", "oracle://db/x", "which is not installed"),
        ("OPENREKOG_DATABASE_URL", f"sqlite:///{__file__}", "file is not a database"),
        ("OPENREKOG_KEYS_FILE", "/dev/null/keys.json", "/dev/null/keys.json cannot be used"),
        ("OPENREKOG_PROVIDERS", '["nope"]', "unknown providers ['nope']"),
        ("OPENREKOG_MODELS_DIR", "/dev/null/x", "Not a directory"),
        ("OPENREKOG_RATE_LIMITS", '{"Nope": 1}', "Image, Stored video, Stream processors"),
    ],
)
def test_a_bad_setting_is_told(tmp_path: Path, name: str, value: str, said: str) -> None:
    packs = {"OPENREKOG_PACKS": '["sface"]' if "MODELS" in name else '["fake"]', name: value}
    done = run_by_fork("serve", "--data-dir", tmp_path, **({"OPENREKOG_PORT": "0"} | packs))
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("models", "list"),
        ("models", "verify", "yunet"),
        ("models", "pull", "yunet"),
        ("keys", "list"),
        ("keys", "create", "--account", "123456789012"),
        ("keys", "delete", "AKIAIOSFODNN7EXAMPLE"),
    ],
    ids=" ".join,
)
def test_a_folder_that_is_none_is_told(command: tuple[str, ...]) -> None:
    nowhere = {"OPENREKOG_MODELS_DIR": "/dev/null/models", "OPENREKOG_DATA_DIR": "/dev/null/data"}
    done = run_by_fork(*command, **nowhere)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "/dev/null/" in done.stderr + done.stdout


@pytest.fixture
def server(tmp_path: Path) -> Any:
    running = ServerProcess(tmp_path / "data", by_command=True).start()
    yield running
    running.close()


def test_the_ready_lines_say_how_to_go_on(server: ServerProcess) -> None:
    text = server.log.read_text()
    assert f"docs page   {server.url}/docs" in text
    assert "Could not load" not in text  # FAISS tells so of what it tries in vain
    line = re.search(r"try it +(.+)", text)
    assert line is not None
    command = shlex.split(line[1])
    assert Path(command[0]).absolute().parent == COMMAND.parent  # many systems have no `python`
    done = subprocess.run(
        command,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"


def test_a_port_in_use_is_told_at_once(server: ServerProcess, tmp_path: Path) -> None:
    done = run("serve", "--port", str(server.port), "--pack", "fake", "--data-dir", tmp_path)
    assert done.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{server.port}: Address already in use." in done.stderr
    assert "--port" in done.stderr


def test_the_first_key_closes_a_running_server(server: ServerProcess) -> None:
    stranger = server.client()
    stranger.list_collections()
    key = server.create_key("123456789012")
    with pytest.raises(stranger.exceptions.ClientError, match="UnrecognizedClientException"):
        stranger.list_collections()
    server.client(key=key).create_collection(CollectionId="team")


def test_sigterm_finishes_what_was_accepted(server: ServerProcess) -> None:
    assert server.process is not None
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as line:
        line.sendall(
            b"POST /ListCollections HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: 2\r\n\r\n{"
        )
        time.sleep(0.2)  # until the server has read the head
        os.kill(server.process.pid, signal.SIGTERM)
        wait_until_closed(server.port)
        line.sendall(b"}")
        assert line.recv(4096).startswith(b"HTTP/1.1 200 ")
    assert server.process.wait(20) == 0
    assert "Traceback" not in server.log.read_text()


def wait_until_closed(port: int) -> None:
    give_up = time.monotonic() + 10
    while time.monotonic() < give_up:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            return
        time.sleep(0.02)
    raise AssertionError("the server still listens")
