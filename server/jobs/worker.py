"""A process that works on jobs: its name, its heartbeat, and care for what others left behind."""

import fcntl
import socket
import threading
from pathlib import Path
from typing import BinaryIO

import structlog

from openrekog.collections_store.store import Store
from openrekog.server.jobs.queue import JobQueue, Worker

log = structlog.get_logger(__name__)

BEATS = 6
"""Heartbeats in the time after which a worker counts as dead."""


class Slot:
    """A number that no other living process of this machine has: the lowest that is free, so that
    a process that is started again finds its own."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.number, self._file = self._take(folder)

    def _take(self, folder: Path) -> tuple[int, BinaryIO]:
        number = 0
        while True:
            file = (folder / f"{number}.lock").open("ab")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()
                number += 1
            else:
                return number, file

    def free(self) -> None:
        self._file.close()


class JobWorker:
    """Runs until it is closed. What it has begun it finishes after a restart, part by part."""

    def __init__(
        self, store: Store, queue: JobQueue, worker: Worker, name: str, silence: float
    ) -> None:
        """`silence` is the seconds after which a worker that is not heard of counts as dead."""
        self._store = store
        self._queue = queue
        self._worker = worker
        self._name = name
        self._silence = silence
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Begins in the background: with a full disk the jobs wait, and requests are served."""
        self._thread.start()

    def close(self) -> None:
        self._closing.set()
        self._thread.join()
        self._worker.close()

    def _watch(self) -> None:
        while True:
            try:
                self._beat()
                self._worker.start()
                self._look_after_others()
            except Exception:
                # A full disk, a busy or restarting database: the next beat must come.
                log.exception("the worker of jobs is held up, and tries again")
            if self._closing.wait(self._silence / BEATS):
                return

    def _beat(self) -> None:
        with self._store.write() as rows:
            rows.workers.beat(self._name)

    def _look_after_others(self) -> None:
        with self._store.read() as rows:
            silent, unfinished = rows.workers.silent(self._silence), rows.jobs.unfinished()
        for name in silent:
            with self._store.write() as rows:
                known = rows.workers.forget(name)
            if known:
                log.warning("worker is silent; its jobs are taken over", worker=name)
                self._worker.take_over(name)
        self._worker.forget_stopped(unfinished)
        # A process may have died between storing a job and putting it into the queue.
        for job_id in unfinished:
            self._queue.put(job_id)


def name_of(slot: Slot) -> str:
    return f"{socket.gethostname()}-{slot.number}"
