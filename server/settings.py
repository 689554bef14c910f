"""Every setting of the server, each by environment (`OPENREKOG_...`) or by an option of `serve`."""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

MIB = 1024 * 1024

ImageFormat = Literal["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"]

HomePath = Annotated[Path, AfterValidator(Path.expanduser)]


def checked_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise ValueError("not http://HOST/PATH or https://HOST/PATH (and no user: set a secret)")
    if parts.port == 0 or not url.isprintable() or " " in url:
        raise ValueError("neither port 0 nor blanks")
    return url


HttpUrl = Annotated[str, AfterValidator(checked_url)]

LogLevel = Annotated[
    Literal["debug", "info", "warning", "error"],
    # Other programs want it in capitals.
    BeforeValidator(lambda level: level.lower() if isinstance(level, str) else level),
]


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="OPENREKOG_", extra="forbid", validate_default=True
    )

    host: str = Field("127.0.0.1", min_length=1, description="Address to listen on.")
    port: int = Field(8080, ge=0, le=65535, description="Port to listen on; 0 picks a free one.")
    data_dir: HomePath = Field(
        Path("~/.local/share/openrekog"),
        description="Folder for the database, the vector index, keys.json and the buckets.",
    )
    models_dir: HomePath = Field(
        Path("~/.cache/openrekog/models"),
        description="Folder for fetched and converted model files.",
    )
    database_url: str | None = Field(
        None,
        description="SQLAlchemy URL of the database; unset is SQLite in the data folder.",
    )
    max_faces_per_collection: int = Field(
        20_000_000, ge=1, description="Faces that a collection may hold; the default is AWS's."
    )
    celebrity_match_confidence: float = Field(
        98.0,
        gt=0,
        le=100,
        description="Least MatchConfidence by which RecognizeCelebrities names a face; raise it "
        "for a gallery of many thousand people.",
    )
    index_memory_bytes: int = Field(
        8192 * MIB,
        ge=MIB,
        description="Memory for vector indexes; those not searched for longest make room.",
    )
    index_gpu_memory_bytes: int = Field(
        2048 * MIB,
        ge=0,
        description="GPU memory for vector indexes where FAISS sees a GPU; 0 keeps to the CPU.",
    )
    packs: tuple[str, ...] = Field(
        (), description="Packs to use besides, or instead of, the defaults (JSON list)."
    )
    accept_licences: tuple[str, ...] = Field(
        (), description="Licences of opt-in packs that you accept, by name (JSON list)."
    )
    providers: tuple[str, ...] = Field(
        (),
        description="Execution providers in order of preference (JSON list of tensorrt, cuda, "
        "openvino, cpu); empty picks the best that is present.",
    )
    gpu_memory_limit_bytes: int | None = Field(
        None, ge=MIB, description="GPU memory that each model may take; unset is no limit."
    )
    processes: int = Field(
        1,
        ge=0,
        description="Server processes, each with its own models in memory; 0 is one for each core. "
        "What bounds the whole server is divided among them.",
    )
    request_threads: int = Field(
        0,
        ge=0,
        description="Requests worked on at once; 0 is one for each core, eight for each "
        "with an S3 endpoint, and 32 on a GPU.",
    )
    max_queued_requests: int = Field(
        256, ge=0, description="Requests that may wait; one more is throttled."
    )
    max_body_bytes: int = Field(
        16 * MIB, ge=1024, description="Largest request body; a longer one is refused unread."
    )
    max_pending_body_bytes: int = Field(
        512 * MIB,
        ge=MIB,
        description="Bytes of request bodies held in memory at once; one more is throttled.",
    )
    body_timeout: float = Field(
        30.0, gt=0, description="Seconds that a client may take to send a body."
    )
    shutdown_timeout: int = Field(
        60, ge=1, description="Seconds that accepted requests get to finish after SIGTERM."
    )
    keys_file: HomePath | None = Field(
        None, description="Access keys; unset is keys.json in the data folder."
    )
    run_open: bool = Field(
        False,
        description="Accept any signature on an address other than loopback, with no keys.",
    )
    default_account: str = Field(
        "000000000000", pattern=r"^\d{12}$", description="Account of requests when no keys exist."
    )
    clock_skew: float = Field(
        300.0, gt=0, description="Seconds that a signature's date may differ from the clock."
    )
    cors_origins: tuple[str, ...] = Field(
        (),
        description="Web origins whose pages may call (JSON list; * is any); empty is any when "
        "signatures are verified or run_open is set, else pages on this machine.",
    )
    rate_limits: dict[str, float] = Field(
        {},
        description="Requests per second and account, by operation or operation group "
        "(JSON object); empty is no limit.",
    )
    s3_endpoint_url: HttpUrl | None = Field(
        None,
        description="S3 endpoint that S3Object reads from; unset is the folder of buckets.",
    )
    s3_access_key_id: str | None = Field(None, description="Access key for the S3 endpoint.")
    s3_secret_access_key: str | None = Field(None, description="Secret for the S3 endpoint.")
    sns_endpoint_url: HttpUrl | None = Field(
        None, description="SNS endpoint that ended jobs are told to; unset sends none."
    )
    sns_access_key_id: str | None = Field(None, description="Access key for the SNS endpoint.")
    sns_secret_access_key: str | None = Field(None, description="Secret for the SNS endpoint.")
    notification_webhook_url: HttpUrl | None = Field(
        None, description="Address that ended jobs are posted to, besides or instead of SNS."
    )
    notification_webhook_secret: str | None = Field(
        None,
        min_length=1,
        description="Key of the HMAC-SHA256 in X-Openrekog-Signature; unset sends no signature.",
    )
    job_concurrency: int = Field(
        1,
        ge=0,
        description="Background jobs that this process works on at once; 0 leaves them to "
        "`openrekog worker`.",
    )
    worker_name: str | None = Field(
        None,
        description="Name of this process among those that work on jobs, the same over restarts; "
        "unset is the host's name and a number.",
    )
    worker_silence: float = Field(
        30.0,
        gt=0,
        description="Seconds after which a worker that is not heard of counts as dead, and others "
        "go on with its jobs.",
    )
    max_open_jobs: int = Field(
        20, ge=1, description="Jobs of an account that may be open at once; the default is AWS's."
    )
    max_trainings: int = Field(
        2, ge=1, description="Trainings of an account in a region at once; the default is AWS's."
    )
    max_video_bytes: int = Field(
        10 * 1024**3, ge=1, description="Largest stored video; the default is AWS's."
    )
    max_manifest_bytes: int = Field(
        50 * MIB, ge=1, description="Largest manifest of a bulk job; AWS does not tell its limit."
    )
    video_codecs: tuple[str, ...] = Field(
        ("h264",),
        description="Accepted video codecs, by FFmpeg's names (JSON list); AWS takes H.264.",
    )
    video_stall_seconds: float = Field(
        60.0,
        gt=0,
        description="Seconds after which a decoder that comes no further in a video hangs.",
    )
    inference_unit_requests: int = Field(
        8,
        ge=1,
        description="Requests to a custom model that each server process works on at once, for "
        "each of its inference units.",
    )
    inference_unit_queue: int = Field(
        8,
        ge=0,
        description="Requests that may wait for those, for each inference unit; one more is "
        "throttled.",
    )
    custom_model_memory_bytes: int = Field(
        512 * MIB,
        ge=MIB,
        description="Files of custom models that are kept in memory; those not asked for longest "
        "make room.",
    )
    custom_models_on_demand: bool = Field(
        False, description="Start a custom model when it is asked something and does not run."
    )
    custom_model_idle_seconds: float = Field(
        0,
        ge=0,
        description="Seconds after which a custom model that is asked nothing is stopped; 0 never "
        "stops one.",
    )
    fine_tuning_weights: HomePath | None = Field(
        None,
        description="A .pt file of YOLO11 or YOLOv8, from which objects are learnt by ultralytics; "
        "unset uses the built-in learner.",
    )
    fine_tuning_epochs: int = Field(
        100, ge=1, description="How often fine-tuning goes through all pictures."
    )
    fine_tuning_side: int = Field(
        640,
        ge=32,
        le=1280,
        multiple_of=32,
        description="Pixels a side at which fine-tuned models learn and look.",
    )
    fine_tuning_seconds: float = Field(
        86_400.0, gt=0, description="Seconds after which a fine-tuning that is not done fails."
    )
    image_formats: tuple[ImageFormat, ...] = Field(
        ("JPEG", "PNG"), description="Accepted image formats (JSON list); AWS takes JPEG and PNG."
    )
    max_image_pixels: int = Field(
        100_000_000, ge=6400, description="Largest width x height that is decoded."
    )
    max_pending_pixels: int = Field(
        400_000_000,
        ge=6400,
        description="Pixels of decoded images held in memory at once, about 4 bytes each; one more "
        "is throttled.",
    )
    human_loop_webhook_url: HttpUrl | None = Field(
        None,
        description="Address that is sent what a HumanLoopConfig asks to review; unset refuses it.",
    )
    human_loop_webhook_secret: str | None = Field(
        None,
        min_length=1,
        description="Key of the HMAC-SHA256 in X-Openrekog-Signature; unset sends no signature.",
    )
    log_format: Literal["console", "json"] = Field(
        "console", description="Log lines for people or for machines."
    )
    log_level: LogLevel = Field("info", description="Least severe level that is logged.")

    @property
    def notifies(self) -> bool:
        """Whether there is a way to tell anybody that a job has ended."""
        return self.sns_endpoint_url is not None or self.notification_webhook_url is not None

    @property
    def keys_path(self) -> Path:
        return self.keys_file or self.data_dir / "keys.json"
