"""The only door to onnxruntime: opens models on the best provider present, with bounded memory, and
times every call."""

import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Any, Self

import cv2
import onnxruntime as ort

from openrekog.models.batching import Batcher, BatchPolicy
from openrekog.models.providers import (
    ORT_NAMES,
    NoProviderError,
    choose_providers,
    installed_builds,
    provider_options,
    short_name,
    warn_of_overwritten,
)
from openrekog.models.session import Array, Feeds, Session, Shape

log = logging.getLogger(__name__)

Observer = Callable[[str, float, int], None]
"""Told the model's name, the seconds of the call and its batch size."""


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """What the health page says of a session."""

    name: str
    provider: str
    batched: bool


class OnnxSession:
    """One onnxruntime session, each call timed; `gate` bounds the calls under way at once."""

    def __init__(
        self,
        name: str,
        session: ort.InferenceSession,
        gate: AbstractContextManager[object],
        observer: Observer,
    ) -> None:
        self.name = name
        self.provider = short_name(session.get_providers()[0])
        self.inputs: Mapping[str, Shape] = _shapes(session.get_inputs())
        self.outputs: Mapping[str, Shape] = _shapes(session.get_outputs())
        self._session = session
        self._gate = gate
        self._observe = observer

    def run(self, feeds: Feeds) -> list[Array]:
        with self._gate:
            start = perf_counter()
            outputs: list[Array] = self._session.run(None, dict(feeds))
            seconds = perf_counter() - start
        self._observe(self.name, seconds, next(iter(feeds.values())).shape[0])
        return outputs


class Runtime:
    """Opens models on the best provider present, and closes what it opened."""

    def __init__(
        self,
        providers: Sequence[str] = (),
        *,
        threads: int = 1,
        cache_dir: Path | None = None,
        gpu_memory_limit_bytes: int | None = None,
        observer: Observer | None = None,
        batch_policy: BatchPolicy | None = None,
    ) -> None:
        """`threads` is per model call: requests already run side by side. `batch_policy` of None
        batches on GPUs only, where it pays."""
        warn_of_overwritten(installed_builds())
        self.providers = choose_providers(providers, ort.get_available_providers())
        self._threads = threads
        self._cache_dir = cache_dir
        self._gpu_memory_limit_bytes = gpu_memory_limit_bytes
        self._observer = observer or _ignore
        self._batch_policy = batch_policy
        self._loaded: list[OnnxSession | Batcher] = []
        # More calls at once than cores give no more speed and take each its own memory: two cores,
        # four threads, YuNet up to 1280x1280 and SFace up to eight faces held 940 MB, gated 495 MB.
        cores = len(os.sched_getaffinity(0))
        self._cpu_gate = threading.BoundedSemaphore(max(1, cores // threads))
        # OpenCV's own threads would spin beside them: 1.7 of a small DetectFaces' 6.5 ms of CPU.
        cv2.setNumThreads(threads)
        _share_arena()
        if "cuda" in self.providers:
            ort.preload_dlls()

    def load(self, path: Path, name: str | None = None) -> Session:
        return self._load(str(path), name or path.stem)

    def load_graph(self, graph: bytes, name: str) -> Session:
        """A graph that was made of another one just now."""
        return self._load(graph, name)

    def _load(self, source: str | bytes, name: str) -> Session:
        model = self._batched(self._open(source, name))
        self._loaded.append(model)
        return model

    def load_learnt(self, graph: bytes, name: str) -> Session:
        """A whole network that was learnt here, freed with the last reference to it."""
        return self._open(graph, name)

    def _open(self, source: str | bytes, name: str) -> OnnxSession:
        session = ort.InferenceSession(
            source,
            self._session_options(),
            providers=[
                (ORT_NAMES[provider], self._provider_options(provider))
                for provider in self.providers
            ],
        )
        provider = short_name(session.get_providers()[0])
        self._give_up_before(provider)
        gate = self._cpu_gate if provider in ("cpu", "openvino") else nullcontext()
        return OnnxSession(name, session, gate, self._observer)

    def load_head(self, graph: bytes, name: str) -> Session:
        """A small graph that was learnt here. It runs on the CPU, to which its input has come
        already, and is freed with the last reference to it."""
        providers = [(ORT_NAMES["cpu"], self._provider_options("cpu"))]
        session = ort.InferenceSession(graph, self._session_options(), providers=providers)
        return OnnxSession(name, session, self._cpu_gate, self._observer)

    @property
    def loaded(self) -> tuple[LoadedModel, ...]:
        return tuple(
            LoadedModel(model.name, model.provider, isinstance(model, Batcher))
            for model in self._loaded
        )

    @property
    def queued(self) -> int:
        """Items that wait for their batch, over all models."""
        return sum(model.queued for model in self._loaded if isinstance(model, Batcher))

    def close(self) -> None:
        """Finishes the batches that wait and frees the sessions."""
        while self._loaded:
            model = self._loaded.pop()
            if isinstance(model, Batcher):
                model.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _batched(self, model: OnnxSession) -> OnnxSession | Batcher:
        policy = self._batch_policy
        if policy is None:
            policy = BatchPolicy() if model.provider in ("cuda", "tensorrt") else BatchPolicy(1)
        free_batch = all(shape and not isinstance(shape[0], int) for shape in model.inputs.values())
        return Batcher(model, policy) if policy.max_batch > 1 and free_batch else model

    def _give_up_before(self, provider: str) -> None:
        """onnxruntime quietly goes on with the next provider, at last the CPU, when one does not
        start, such as CUDA without a driver: say so once, and do not try again for each model."""
        if provider not in self.providers:
            raise NoProviderError(
                f"{', '.join(self.providers)} did not start; onnxruntime's messages say why"
            )
        failed = self.providers[: self.providers.index(provider)]
        if failed:
            log.warning("%s did not start; models run on %s", ", ".join(failed), provider)
            self.providers = self.providers[len(failed) :]

    def _provider_options(self, provider: str) -> dict[str, Any]:
        return provider_options(
            provider, self._cache_dir, self._gpu_memory_limit_bytes, self._threads
        )

    def _session_options(self) -> ort.SessionOptions:
        options = ort.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # A pattern is one block for all of a call's tensors, kept for each input shape: over every
        # analysis of mixed pictures 1,729 MB and growing, without 1,368 MB and still, as fast.
        options.enable_mem_pattern = False
        options.add_session_config_entry("session.use_env_allocators", "1")
        # Waiting threads would burn the cores that other requests need.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.add_session_config_entry("session.inter_op.allow_spinning", "0")
        return options


@cache
def _share_arena() -> None:
    """One arena for all CPU sessions of the process, which grows by what is asked for.

    The default is one a session, doubling: the same load went on growing (818, 836, 849 MB) and was
    slower, where the shared arena stood still.
    """
    arena = ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR
    grow_as_requested = 1
    ort.create_and_register_allocator(
        ort.OrtMemoryInfo("Cpu", arena, 0, ort.OrtMemType.DEFAULT),
        ort.OrtArenaCfg(
            {
                "max_mem": 0,
                "arena_extend_strategy": grow_as_requested,
                "initial_chunk_size_bytes": -1,
                "max_dead_bytes_per_chunk": -1,
            }
        ),
    )


def _shapes(values: Sequence[Any]) -> dict[str, Shape]:
    return {value.name: tuple(value.shape) for value in values}


def _ignore(name: str, seconds: float, batch: int) -> None:
    """Observes nothing."""
