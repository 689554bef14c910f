"""`python -m openrekog.server.rehearsal JOB_ID`: does the next part of a job on a video, stores
nothing of it, and may end by it (`jobs/rehearsal.py`). The settings come on stdin, as a line of
JSON; when stdin ends, so does this process."""

import os
import sys
import threading
from contextlib import closing

from openrekog.server.jobs.video import VideoWork
from openrekog.server.logs import configure_logs
from openrekog.server.media.trial import be_the_first_to_die
from openrekog.server.services import open_models, open_runtime, open_store, open_video_work
from openrekog.server.settings import Settings


def main(job_id: str) -> None:
    be_the_first_to_die()
    settings = Settings.model_validate_json(sys.stdin.buffer.readline())
    threading.Thread(target=end_with_server, daemon=True).start()
    configure_logs(settings, rehearsal=job_id)
    with open_runtime(settings) as runtime, closing(open_store(settings, serving=False)) as store:
        models = open_models(settings, runtime)
        work: VideoWork = open_video_work(settings, store, models)
        work.rehearsal(job_id)


def end_with_server() -> None:
    # Past Python's own stdin, whose lock a thread must not hold when the interpreter ends.
    os.read(0, 1)
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
