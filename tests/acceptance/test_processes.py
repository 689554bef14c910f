"""Several server processes behind one address are one server to its clients."""

import re
import signal
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
from botocore.exceptions import ClientError
from prometheus_client.parser import text_string_to_metric_families

from tests.acceptance.photos import person
from tests.acceptance.servers import COMMAND, FAKE, ServerProcess, as_environment, clean_environment
from tests.acceptance.test_crash import Worker, check

PROCESSES = 2
SECONDS_TO_RETURN = 30.0


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    settings = {**FAKE, "processes": PROCESSES}
    running = ServerProcess(tmp_path_factory.mktemp("several") / "data", settings).start()
    yield running
    running.close()


@pytest.fixture
def pair(several: ServerProcess, region: str) -> list[Any]:
    """Two clients, each with a connection to a process of its own: they are given out in turn."""
    clients = [several.client(region, max_pool_connections=1) for _ in range(PROCESSES)]
    for client in clients:
        client.list_collections()
    # A request is logged just after it is answered.
    wait_until(lambda: len(asked_processes(several, region)) == PROCESSES)
    return clients


def asked_processes(server: ServerProcess, region: str) -> set[str]:
    """The processes that answered requests for a region, as the log has them."""
    return set(re.findall(rf" region={region} pid=(\d+)$", server.log.read_text(), re.M))


def children(server: ServerProcess) -> list[psutil.Process]:
    assert server.process is not None
    return psutil.Process(server.process.pid).children()


def wait_until(true: Callable[[], bool], seconds: float = SECONDS_TO_RETURN) -> None:
    give_up = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < give_up, "it did not come to be in time"
        time.sleep(0.02)


def image(number: int) -> dict[str, bytes]:
    return {"Bytes": person(number)}


def test_is_ready_once_all_are(several: ServerProcess) -> None:
    said = several.log.read_text().splitlines()
    [ready] = [number for number, line in enumerate(said) if "is ready on http" in line]
    processes = {int(pid) for pid in re.findall(r"process ready process=(\d+)", "\n".join(said))}
    assert processes == {child.pid for child in children(several)}
    assert sum("process ready" in line for line in said[:ready]) == PROCESSES


def test_a_change_by_one_is_seen_by_the_other_at_once(pair: list[Any]) -> None:
    one, other = pair
    for number in range(10):
        one.create_collection(CollectionId=f"c{number}")
        assert f"c{number}" in other.list_collections()["CollectionIds"]
        made = one.index_faces(CollectionId=f"c{number}", Image=image(number))
        [found] = other.search_faces_by_image(CollectionId=f"c{number}", Image=image(number))[
            "FaceMatches"
        ]
        assert found["Face"]["FaceId"] == made["FaceRecords"][0]["Face"]["FaceId"]
        other.delete_collection(CollectionId=f"c{number}")
        with pytest.raises(one.exceptions.ResourceNotFoundException):
            one.describe_collection(CollectionId=f"c{number}")
        one, other = other, one


def test_pages_of_one_go_on_in_the_other(pair: list[Any]) -> None:
    one, other = pair
    for number in range(5):
        one.create_collection(CollectionId=f"c{number}")
    first = one.list_collections(MaxResults=2)
    second = other.list_collections(MaxResults=2, NextToken=first["NextToken"])
    last = one.list_collections(MaxResults=2, NextToken=second["NextToken"])
    seen = [name for page in (first, second, last) for name in page["CollectionIds"]]
    assert seen == [f"c{number}" for number in range(5)]


def test_a_repeated_request_is_known_to_the_other(pair: list[Any]) -> None:
    one, other = pair
    one.create_collection(CollectionId="people")
    user = {"CollectionId": "people", "UserId": "anna"}
    with ThreadPoolExecutor(PROCESSES) as pool:
        for answer in pool.map(lambda c: c.create_user(**user, ClientRequestToken="t1"), pair):
            assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    with pytest.raises(other.exceptions.ConflictException):
        other.create_user(**user, ClientRequestToken="t2")
    assert len(one.list_users(CollectionId="people")["Users"]) == 1


def test_nothing_is_lost_when_all_index_at_once(pair: list[Any]) -> None:
    pair[0].create_collection(CollectionId="people")
    numbers = range(60)

    def index(number: int) -> str:
        answer = pair[number % 2].index_faces(CollectionId="people", Image=image(number))
        return str(answer["FaceRecords"][0]["Face"]["FaceId"])

    with ThreadPoolExecutor(4) as pool:
        faces = list(pool.map(index, numbers))
    for client in pair:
        stored = client.list_faces(CollectionId="people")["Faces"]
        assert {face["FaceId"] for face in stored} == set(faces)
        assert client.describe_collection(CollectionId="people")["FaceCount"] == len(faces)
        for number in (0, 1, 58, 59):
            found = client.search_faces_by_image(CollectionId="people", Image=image(number))
            assert found["FaceMatches"][0]["Face"]["FaceId"] == faces[number]


def metrics(server: ServerProcess) -> dict[str, float]:
    with urllib.request.urlopen(f"{server.url}/metrics") as answer:
        families = list(text_string_to_metric_families(answer.read().decode()))
    return {
        " ".join((sample.name, *sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


def test_metrics_are_of_all_processes(several: ServerProcess, pair: list[Any]) -> None:
    name = "openrekog_requests_total OK DescribeCollection"
    before = metrics(several).get(name, 0.0)
    pair[0].create_collection(CollectionId="people")
    for client in pair:
        for _ in range(3):
            client.describe_collection(CollectionId="people")
    # Asked by a new connection each time, so each process in turn.
    for _ in range(PROCESSES):
        assert metrics(several)[name] == before + 3 * PROCESSES
        assert metrics(several)["openrekog_requests_running"] == 0
    pair[1].index_faces(CollectionId="people", Image=image(1))
    wait_until(lambda: metrics(several)["openrekog_faces_stored"] >= 1)


def test_one_that_is_killed_comes_back(launch: Any) -> None:
    """Only its own clients notice, and nothing that was acknowledged is lost."""
    server = launch(processes=PROCESSES)
    server.client().create_collection(CollectionId="people")
    workers = [Worker(number) for number in range(4)]
    clients = [server.client(max_pool_connections=1) for _ in workers]
    stop = threading.Event()
    with ThreadPoolExecutor(len(workers)) as pool:
        running = [
            pool.submit(worker.work, client, stop)
            for worker, client in zip(workers, clients, strict=True)
        ]
        time.sleep(0.7)
        victim, survivor = children(server)
        victim.kill()
        wait_until(lambda: any(one.done() for one in running))
        # The others go on meanwhile, and new connections go to whom is there.
        assert server.client().list_collections()["CollectionIds"] == ["people"]
        wait_until(lambda: len(ready_children(server) - {victim.pid}) == PROCESSES)
        cut_off = sum(one.done() for one in running)
        stop.set()
        assert all(one.result() > 0 for one in running)
    assert 1 <= cut_off < len(workers)
    assert survivor.pid in ready_children(server)
    check(server, workers)
    assert server.stop() == 0


def ready_children(server: ServerProcess) -> set[int]:
    said = re.findall(r"process ready process=(\d+)", server.log.read_text())
    return {child.pid for child in children(server)} & set(map(int, said))


def test_an_orderly_end_finishes_what_was_accepted(launch: Any) -> None:
    server = launch(processes=PROCESSES)
    server.client().create_collection(CollectionId="people")
    workers = [Worker(number) for number in range(4)]
    clients = [server.client(max_pool_connections=1) for _ in workers]
    stop, processes = threading.Event(), children(server)
    with ThreadPoolExecutor(len(workers)) as pool:
        running = [
            pool.submit(worker.work, client, stop)
            for worker, client in zip(workers, clients, strict=True)
        ]
        time.sleep(1)
        assert server.stop() == 0
        assert not any(process.is_running() for process in processes)
        stop.set()
        assert sum(one.result() for one in running) > len(workers)
    server.start()
    check(server, workers)


def test_none_outlives_the_supervisor(launch: Any) -> None:
    server = launch(processes=PROCESSES)
    processes = children(server)
    server.kill()
    _, alive = psutil.wait_procs(processes, SECONDS_TO_RETURN)
    assert alive == []


def test_why_it_does_not_start_is_told_once(tmp_path: Path) -> None:
    settings = {**FAKE, "processes": PROCESSES, "database_url": "sqlite:////no/such/folder/x.db"}
    done = subprocess.run(
        [COMMAND, "serve", "--port", "0", "--data-dir", tmp_path],
        env=clean_environment() | as_environment(settings),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stderr.count("unable to open database file") == 1
    assert "ready" not in done.stdout


def test_a_process_that_comes_later_is_not_open(launch: Any) -> None:
    """Keys that are emptied must not open a running server, whichever process answers."""
    server = launch(processes=PROCESSES)
    server.create_key("111122223333")
    with pytest.raises(ClientError, match="UnrecognizedClient"):
        server.client().list_collections()
    (server.data_dir / "keys.json").unlink()
    first = children(server)
    for child in first:
        child.kill()
    wait_until(lambda: len(ready_children(server) - {child.pid for child in first}) == PROCESSES)
    for _ in range(PROCESSES):
        with pytest.raises(ClientError, match="UnrecognizedClient"):
            server.client().list_collections()


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_while_it_starts(tmp_path: Path, signal_number: signal.Signals) -> None:
    settings = {**FAKE, "processes": PROCESSES}
    with subprocess.Popen(
        [COMMAND, "serve", "--port", "0", "--data-dir", tmp_path],
        env=clean_environment() | as_environment(settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        wait_until(lambda: len(psutil.Process(process.pid).children()) == PROCESSES)
        begun = psutil.Process(process.pid).children()
        process.send_signal(signal_number)
        assert process.wait(SECONDS_TO_RETURN) == 0
        _, alive = psutil.wait_procs(begun, SECONDS_TO_RETURN)
        assert alive == []
