import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, save

from openrekog.models.batching import BatchPolicy
from openrekog.models.providers import (
    NoProviderError,
    choose_providers,
    installed_builds,
    provider_options,
    warn_of_overwritten,
)
from openrekog.models.runtime import LoadedModel, Runtime

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"


def graph(path: Path, batch: int | str = "batch") -> Path:
    """x of (batch, 4) to twice x and to the sum of each row."""
    nodes = [
        helper.make_node("Add", ["x", "x"], ["twice"]),
        helper.make_node("ReduceSum", ["x", "axes"], ["total"], keepdims=0),
    ]
    tensors = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in (("x", [batch, 4]), ("twice", [batch, 4]), ("total", [batch]))
    ]
    axes = helper.make_tensor("axes", TensorProto.INT64, [1], [1])
    made = helper.make_graph(nodes, "small", tensors[:1], tensors[1:], [axes])
    opset = [helper.make_opsetid("", 17)]
    save(helper.make_model(made, opset_imports=opset, ir_version=10), path)
    return path


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return graph(tmp_path / "small.onnx")


def test_a_model_runs_and_is_timed(small: Path) -> None:
    seen: list[tuple[str, float, int]] = []
    with Runtime(["cpu"], observer=lambda *call: seen.append(call)) as runtime:
        session = runtime.load(small, "pack/small")
        assert session.inputs == {"x": ("batch", 4)}
        assert list(session.outputs) == ["twice", "total"]
        twice, total = session.run({"x": np.arange(8, dtype=np.float32).reshape(2, 4)})
        assert runtime.loaded == (LoadedModel("pack/small", "cpu", batched=False),)
    np.testing.assert_array_equal(twice[1], [8, 10, 12, 14])
    assert total.tolist() == [6, 22]
    ((name, seconds, batch),) = seen
    assert (name, batch) == ("pack/small", 2)
    assert 0 < seconds < 5


def test_models_are_batched_when_the_policy_says_so(small: Path, tmp_path: Path) -> None:
    fixed = graph(tmp_path / "fixed.onnx", batch=1)
    with Runtime(["cpu"], batch_policy=BatchPolicy(max_batch=4)) as runtime:
        session = runtime.load(small)
        runtime.load(fixed)
        assert [model.batched for model in runtime.loaded] == [True, False]
        assert session.run({"x": np.ones((1, 4), np.float32)})[1].tolist() == [4]
        assert runtime.queued == 0
    assert not any(thread.name.startswith("batches of") for thread in threading.enumerate())


def test_no_more_calls_at_once_than_cores(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: {0, 1})
    inside, most, lock = 0, 0, threading.Lock()

    class Counting:
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            self.real = ort_session(*args, **kwargs)
            self.barrier = threading.Barrier(2)

        def __getattr__(self, name: str) -> Any:
            return getattr(self.real, name)

        def run(self, *args: Any) -> Any:
            nonlocal inside, most
            with lock:
                inside += 1
                most = max(most, inside)
            self.barrier.wait(5)
            answer = self.real.run(*args)
            with lock:
                inside -= 1
            return answer

    ort_session = ort.InferenceSession
    monkeypatch.setattr(ort, "InferenceSession", Counting)
    with Runtime(["cpu"]) as runtime:
        session = runtime.load(small)
        feeds = {"x": np.ones((1, 4), np.float32)}
        callers = [threading.Thread(target=session.run, args=(feeds,)) for _ in range(6)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
    assert most == 2


def test_a_provider_that_does_not_start_is_given_up_once(
    small: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """CUDA in the installation, but no driver: onnxruntime then opens the session on the CPU."""
    asked: list[list[str]] = []

    def without_driver(
        path: str, options: ort.SessionOptions, providers: list[tuple[str, dict[str, str]]]
    ) -> ort.InferenceSession:
        asked.append([name for name, _ in providers])
        return ort_session(path, options, providers=[CPU])

    ort_session: Callable[..., ort.InferenceSession] = ort.InferenceSession
    monkeypatch.setattr(ort, "InferenceSession", without_driver)
    monkeypatch.setattr(ort, "get_available_providers", lambda: [CUDA, CPU])
    monkeypatch.setattr(ort, "preload_dlls", lambda: None)
    with Runtime() as runtime:
        assert runtime.providers == ("cuda", "cpu")
        runtime.load(small)
        runtime.load(small)
        assert [model.provider for model in runtime.loaded] == ["cpu", "cpu"]
        assert asked == [[CUDA, CPU], [CPU]]
        assert caplog.messages == ["cuda did not start; models run on cpu"]
    with Runtime(["cuda"]) as runtime, pytest.raises(NoProviderError, match="cuda did not start"):
        runtime.load(small)


@pytest.mark.parametrize(
    ("wanted", "present", "chosen"),
    [
        ([], [CPU], ("cpu",)),
        ([], ["TensorrtExecutionProvider", CUDA, CPU], ("cuda", "cpu")),
        (["cpu"], [CUDA, CPU], ("cpu",)),
        (
            ["tensorrt", "cuda", "cpu"],
            ["TensorrtExecutionProvider", CUDA, CPU],
            ("tensorrt", "cuda", "cpu"),
        ),
        (["cuda", "cpu"], ["AzureExecutionProvider", CPU], ("cpu",)),
        (["openvino"], ["OpenVINOExecutionProvider", CPU], ("openvino",)),
    ],
)
def test_providers_are_those_wanted_and_present(
    wanted: list[str], present: list[str], chosen: tuple[str, ...]
) -> None:
    assert choose_providers(wanted, present) == chosen


def test_what_won_and_why_is_said(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        choose_providers(["tensorrt", "cpu"], [CPU])
    assert caplog.messages == ["models run on cpu (wanted; not installed: tensorrt)"]


def test_a_wanted_gpu_that_is_absent_is_an_error() -> None:
    with pytest.raises(NoProviderError, match=r"none of \['cuda'\] is present.*cpu"):
        choose_providers(["cuda"], [CPU])


def test_an_unknown_provider_is_an_error() -> None:
    with pytest.raises(NoProviderError, match=r"unknown providers \['gpu'\]"):
        choose_providers(["gpu"], [CPU])


def test_gpu_memory_is_bounded() -> None:
    options = provider_options("cuda", None, gpu_memory_limit_bytes=1 << 30)
    assert options["gpu_mem_limit"] == 1 << 30
    assert options["arena_extend_strategy"] == "kSameAsRequested"


def test_tensorrt_keeps_its_engines(tmp_path: Path) -> None:
    options = provider_options("tensorrt", tmp_path, None)
    assert Path(options["trt_engine_cache_path"]).is_dir()
    assert Path(options["trt_engine_cache_path"]).is_relative_to(tmp_path)


def test_openvino_keeps_to_the_threads_of_a_call() -> None:
    assert provider_options("openvino", None, None, threads=2)["num_of_threads"] == "2"


def test_one_build_of_onnxruntime_is_installed() -> None:
    assert len(installed_builds()) == 1


def test_builds_that_overwrite_each_other_are_reported(caplog: pytest.LogCaptureFixture) -> None:
    warn_of_overwritten(["onnxruntime-gpu"])
    assert not caplog.messages
    warn_of_overwritten(["onnxruntime", "onnxruntime-gpu"])
    assert caplog.messages == [
        "onnxruntime and onnxruntime-gpu overwrite each other; uninstall them all, then install one"
    ]
