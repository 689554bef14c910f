"""Bulk jobs that are broken off go on, write the same, and leave nothing behind."""

import time

from tests.acceptance.conftest import Launch
from tests.acceptance.media_jobs import (
    NO_MANIFEST,
    files,
    line,
    picture,
    put,
    start,
    wait,
)
from tests.acceptance.servers import ServerProcess


def lines_of_many(server: ServerProcess) -> list[bytes]:
    for number in range(20):
        put(server, "photos", f"{number}.png", picture(12 * number))
    return [b"broken" if number % 7 == 3 else line(f"{number % 20}.png") for number in range(600)]


def test_a_killed_server_goes_on_and_writes_the_same(launch: Launch) -> None:
    server = launch("undisturbed")
    job = start(server, server.client(), lines_of_many(server))
    expected = files(server, wait(server.client(), job))
    assert expected[1]["statistics"]["total-json-lines"] == 600
    killed = launch("killed")
    client = killed.client()
    job = start(killed, client, lines_of_many(killed))
    for moment in (0.0, 0.1, 0.2, 0.3, 0.4, 0.5):
        time.sleep(moment)
        killed.kill()
        killed.start()
    assert files(killed, wait(client, job)) == expected


def test_a_stopped_server_goes_on_and_writes_the_same(launch: Launch) -> None:
    server = launch("stopped")
    client = server.client()
    job = start(server, client, lines_of_many(server))
    for moment in (0.2, 0.4):
        time.sleep(moment)
        assert server.stop() == 0
        server.start()
    results, summary = files(server, wait(client, job))
    assert len(results) + len(summary["errors"]) == 600
    assert {error["code"] for error in summary["errors"]} == {NO_MANIFEST}


def test_the_server_forgets_what_the_files_have(launch: Launch) -> None:
    server = launch()
    put(server, "photos", "a.png", picture(0))
    job = start(server, server.client(), [line("a.png")] * 60)
    wait(server.client(), job)
    database = f"sqlite:///{server.data_dir / 'openrekog.sqlite3'}"
    give_up = time.monotonic() + 20
    while count_of(database, "findings"):
        assert time.monotonic() < give_up
        time.sleep(0.05)
    assert count_of(database, "jobs") == 1


def count_of(database: str, table: str) -> int:
    from sqlalchemy import create_engine, text

    engine = create_engine(database)
    try:
        with engine.connect() as connection:
            return int(connection.scalar(text(f"SELECT count(*) FROM {table}")))
    finally:
        engine.dispose()
