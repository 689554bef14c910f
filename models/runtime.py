"""The only door to onnxruntime: chooses where models run, opens them with bounded memory, and times
every call."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Any, Literal, Self

import onnxruntime as ort

from openrekog.models.batching import Batcher, BatchPolicy
from openrekog.models.session import Array, Feeds, Session, Shape

log = logging.getLogger(__name__)

ProviderName = Literal["tensorrt", "cuda", "openvino", "cpu"]

Observer = Callable[[str, float, int], None]
"""Told the model's name, the seconds of the call and its batch size."""

_ORT_NAMES: Mapping[str, str] = {
    "tensorrt": "TensorrtExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "cpu": "CPUExecutionProvider",
}

DEFAULT_ORDER: tuple[ProviderName, ...] = ("cuda", "cpu")
"""TensorRT builds engines for minutes at the first start, so it is for those who ask. OpenVINO
2026.4 measured no gain over onnxruntime 1.32 on converted packs (one thread: YuNet 640x640 7.1 ms
against 5.6, SFace 7.3 against 8.2, results equal to 1e-5)."""


class NoProviderError(RuntimeError):
    """None of the providers that were asked for is in this installation of onnxruntime."""


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """What the health page says of a session."""

    name: str
    provider: str
    batched: bool


class OnnxSession:
    """One onnxruntime session, each call timed."""

    def __init__(
        self, name: str, provider: str, session: ort.InferenceSession, observer: Observer
    ) -> None:
        self.name = name
        self.provider = provider
        self.inputs: Mapping[str, Shape] = _shapes(session.get_inputs())
        self.outputs: Mapping[str, Shape] = _shapes(session.get_outputs())
        self._session = session
        self._observe = observer

    def run(self, feeds: Feeds) -> list[Array]:
        start = perf_counter()
        outputs: list[Array] = self._session.run(None, dict(feeds))
        batch = next(iter(feeds.values())).shape[0]
        self._observe(self.name, perf_counter() - start, batch)
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
        self.providers = choose_providers(providers, ort.get_available_providers())
        self._threads = threads
        self._cache_dir = cache_dir
        self._gpu_memory_limit_bytes = gpu_memory_limit_bytes
        self._observer = observer or _ignore
        self._batch_policy = batch_policy
        self._loaded: list[OnnxSession | Batcher] = []
        if "cuda" in self.providers:
            ort.preload_dlls()

    def load(self, path: Path, name: str | None = None) -> Session:
        name = name or path.stem
        session = ort.InferenceSession(
            str(path),
            self._session_options(),
            providers=[
                (_ORT_NAMES[provider], self._provider_options(provider))
                for provider in self.providers
            ],
        )
        provider = _short_name(session.get_providers()[0])
        self._give_up_before(provider)
        model = OnnxSession(name, provider, session, self._observer)
        loaded = self._batched(model)
        self._loaded.append(loaded)
        return loaded

    @property
    def loaded(self) -> tuple[LoadedModel, ...]:
        return tuple(
            LoadedModel(model.name, model.provider, isinstance(model, Batcher))
            for model in self._loaded
        )

    @property
    def queued(self) -> int:
        """Calls that wait for their batch, over all models."""
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
        free_batch = all(not isinstance(shape[0], int) for shape in model.inputs.values() if shape)
        return Batcher(model, policy) if policy.max_batch > 1 and free_batch else model

    def _give_up_before(self, provider: str) -> None:
        """onnxruntime quietly goes on with the next provider when one does not start, such as CUDA
        without a driver: say so once, and do not try again for each model."""
        if provider in self.providers and provider != self.providers[0]:
            failed = self.providers[: self.providers.index(provider)]
            log.warning("%s did not start; models run on %s", ", ".join(failed), provider)
            self.providers = self.providers[len(failed) :]

    def _session_options(self) -> ort.SessionOptions:
        options = ort.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Waiting threads would burn the cores that other requests need.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.add_session_config_entry("session.inter_op.allow_spinning", "0")
        return options

    def _provider_options(self, provider: str) -> dict[str, Any]:
        match provider:
            case "cuda":
                return self._cuda_options()
            case "tensorrt":
                return self._tensorrt_options()
            case _:
                return {}

    def _cuda_options(self) -> dict[str, Any]:
        options: dict[str, Any] = {
            # The default doubles the arena at each extension and never gives it back.
            "arena_extend_strategy": "kSameAsRequested",
            # EXHAUSTIVE runs every algorithm for each new shape: seconds in the middle of requests.
            "cudnn_conv_algo_search": "HEURISTIC",
        }
        if self._gpu_memory_limit_bytes is not None:
            options["gpu_mem_limit"] = self._gpu_memory_limit_bytes
        return options

    def _tensorrt_options(self) -> dict[str, Any]:
        # fp16 stays off: embeddings must equal those of the other providers.
        if self._cache_dir is None:
            return {}
        cache = self._cache_dir / "tensorrt"
        cache.mkdir(parents=True, exist_ok=True)
        return {
            "trt_engine_cache_enable": True,
            "trt_engine_cache_path": str(cache),
            "trt_timing_cache_enable": True,
            "trt_timing_cache_path": str(cache),
        }


def choose_providers(wanted: Sequence[str], present: Sequence[str]) -> tuple[str, ...]:
    """Crosses the providers wanted with those that onnxruntime reports, and says which won."""
    unknown = [name for name in wanted if name not in _ORT_NAMES]
    if unknown:
        raise NoProviderError(f"unknown providers {unknown}; known are {sorted(_ORT_NAMES)}")
    order = tuple(wanted) or DEFAULT_ORDER
    chosen = tuple(name for name in order if _ORT_NAMES[name] in present)
    if not chosen:
        raise NoProviderError(
            f"none of {list(order)} is present; onnxruntime has {list(map(_short_name, present))}"
        )
    missing = [name for name in order if name not in chosen]
    reason = f"; not installed: {', '.join(missing)}" if missing else ""
    log.info("models run on %s (%s%s)", chosen[0], "wanted" if wanted else "default", reason)
    return chosen


def _short_name(ort_name: str) -> str:
    return next((short for short, name in _ORT_NAMES.items() if name == ort_name), ort_name)


def _shapes(values: Sequence[Any]) -> dict[str, Shape]:
    return {value.name: tuple(value.shape) for value in values}


def _ignore(name: str, seconds: float, batch: int) -> None:
    """Observes nothing."""
