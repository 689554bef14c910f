"""The models alone: the same decoding and the same calls as the server makes, without HTTP."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count

from benchmarks.load import Outcome
from openrekog.api_spec.service import load_service
from openrekog.models.capabilities import FaceAnalyzer
from openrekog.models.custom.learning import CustomModel
from openrekog.models.loaded import Models as Loaded
from openrekog.models.results import Image
from openrekog.server.analysis import celebrities
from openrekog.server.analysis.equipment import find_persons
from openrekog.server.analysis.faces import ALL_ATTRIBUTES
from openrekog.server.analysis.labels import find_labels
from openrekog.server.analysis.moderation import moderate
from openrekog.server.media.images import ImageLoader


@dataclass(frozen=True, slots=True)
class Models:
    """What the work of a request is done with."""

    loaded: Loaded
    images: ImageLoader

    @property
    def faces(self) -> FaceAnalyzer:
        return self.loaded.faces

    def decode(self, data: bytes) -> Image:
        limits = load_service().operations["DetectFaces"].image
        if limits is None:
            raise ValueError("DetectFaces has no image limits")
        return self.images.decode(data, limits).pixels

    def detect(self, data: bytes) -> None:
        self.faces.find(self.decode(data))

    def detect_all(self, data: bytes) -> None:
        self.faces.find(self.decode(data), ALL_ATTRIBUTES)

    def embed(self, data: bytes) -> None:
        image = self.decode(data)
        self.faces.embed(image, self.faces.find(image)[:1])

    def compare(self, data: bytes) -> None:
        """A picture with another one, here itself: two of everything."""
        self.embed(data)
        self.embed(data)

    def label(self, data: bytes) -> None:
        find_labels(self.loaded, [self.decode(data)])

    def read(self, data: bytes) -> None:
        self.loaded.text.read([self.decode(data)])

    def moderate(self, data: bytes) -> None:
        moderate(self.loaded, [self.decode(data)])

    def dress(self, data: bytes) -> None:
        find_persons(self.loaded, [self.decode(data)])

    def recognise(self, data: bytes) -> None:
        image = self.decode(data)
        seen = self.faces.find(image, celebrities.ATTRIBUTES)[: celebrities.MOST_FACES]
        self.faces.embed(image, seen)

    def ask(self, custom: CustomModel, data: bytes) -> None:
        custom.detect([self.decode(data)])


Work = Callable[[bytes], None]


def run(
    work: Work, pictures: Sequence[bytes], threads: int, seconds: float
) -> tuple[Outcome, float]:
    """What so many threads get done, and the CPU seconds it took."""
    latencies: list[float] = []
    numbers = count()
    started, cpu = time.perf_counter(), time.process_time()

    def loop() -> None:
        while (begun := time.perf_counter()) < started + seconds:
            work(pictures[next(numbers) % len(pictures)])
            latencies.append(time.perf_counter() - begun)

    crew = [threading.Thread(target=loop) for _ in range(threads)]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    outcome = Outcome(time.perf_counter() - started, latencies, Counter({"200": len(latencies)}))
    return outcome, time.process_time() - cpu
