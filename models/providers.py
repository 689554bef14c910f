"""Which of onnxruntime's execution providers run the models, in our short names."""

import logging
from collections.abc import Mapping, Sequence
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

ORT_NAMES: Mapping[str, str] = {
    "tensorrt": "TensorrtExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "cpu": "CPUExecutionProvider",
}

BUILDS = ("onnxruntime", "onnxruntime-gpu", "onnxruntime-openvino")
"""Distributions that all own the folder `onnxruntime`: the one installed last wins, in part."""

DEFAULT_ORDER = ("cuda", "cpu")
"""TensorRT builds engines for minutes at the first start, so it is for those who ask. OpenVINO
2026.4 measured no gain over onnxruntime 1.32 on converted packs (one thread: YuNet 640x640 7.1 ms
against 5.6, SFace 7.3 against 8.2, CenterFace 39.7 against 38.6, results equal to 2e-5)."""


class NoProviderError(RuntimeError):
    """None of the providers that were asked for is in this installation of onnxruntime."""


def installed_builds() -> tuple[str, ...]:
    return tuple(name for name in BUILDS if any(distributions(name=name)))


def warn_of_overwritten(installed: Sequence[str]) -> None:
    if len(installed) > 1:
        log.warning(
            "%s overwrite each other; uninstall them all, then install one",
            " and ".join(installed),
        )


def choose_providers(wanted: Sequence[str], present: Sequence[str]) -> tuple[str, ...]:
    """Crosses the providers wanted with those that onnxruntime reports, and says which won."""
    unknown = [name for name in wanted if name not in ORT_NAMES]
    if unknown:
        raise NoProviderError(f"unknown providers {unknown}; known are {sorted(ORT_NAMES)}")
    order = tuple(wanted) or DEFAULT_ORDER
    chosen = tuple(name for name in order if ORT_NAMES[name] in present)
    if not chosen:
        raise NoProviderError(
            f"none of {list(order)} is present; onnxruntime has {list(map(short_name, present))}"
        )
    missing = [name for name in order if name not in chosen]
    reason = f"; not installed: {', '.join(missing)}" if missing else ""
    log.info("models run on %s (%s%s)", chosen[0], "wanted" if wanted else "default", reason)
    return chosen


def short_name(ort_name: str) -> str:
    return next((short for short, name in ORT_NAMES.items() if name == ort_name), ort_name)


def provider_options(
    provider: str, cache_dir: Path | None, gpu_memory_limit_bytes: int | None, threads: int = 1
) -> dict[str, Any]:
    match provider:
        case "cuda":
            return _cuda_options(gpu_memory_limit_bytes)
        case "tensorrt":
            return _tensorrt_options(cache_dir)
        case "openvino":
            # It heeds no session option, and would take every core for each call.
            return {"num_of_threads": str(threads)}
        case _:
            return {}


def _cuda_options(memory_limit_bytes: int | None) -> dict[str, Any]:
    options: dict[str, Any] = {
        # The default doubles the arena at each extension and never gives it back.
        "arena_extend_strategy": "kSameAsRequested",
        # EXHAUSTIVE runs every algorithm for each new shape: seconds in the middle of requests.
        "cudnn_conv_algo_search": "HEURISTIC",
    }
    if memory_limit_bytes is not None:
        options["gpu_mem_limit"] = memory_limit_bytes
    return options


def _tensorrt_options(cache_dir: Path | None) -> dict[str, Any]:
    # fp16 stays off: embeddings must equal those of the other providers.
    if cache_dir is None:
        return {}
    cache = cache_dir / "tensorrt"
    cache.mkdir(parents=True, exist_ok=True)
    return {
        "trt_engine_cache_enable": True,
        "trt_engine_cache_path": str(cache),
        "trt_timing_cache_enable": True,
        "trt_timing_cache_path": str(cache),
    }
