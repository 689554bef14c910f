"""Opens the long-lived parts of a server from its settings."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from openrekog.collections_store.jobs import IMAGE_ANALYSIS, MEDIA_ANALYSIS, TRAINING
from openrekog.collections_store.store import Store
from openrekog.models.custom.fine_tuning import FineTuningLearner
from openrekog.models.custom.opening import features_of
from openrekog.models.loaded import Models
from openrekog.models.loading import load_models
from openrekog.models.loading.opening import Opening
from openrekog.models.runtime import Observer, Runtime
from openrekog.models.store import PackStore
from openrekog.server import operations
from openrekog.server.access.keys import OWNER_ONLY
from openrekog.server.calls import Calls
from openrekog.server.context import Services
from openrekog.server.fine_tuning import fine_tuning_of
from openrekog.server.hosting.adapters import Adapters
from openrekog.server.hosting.neighbours import Neighbours, name_of_server
from openrekog.server.hosting.running import Hosting, HostingTerms
from openrekog.server.hosting.units import UnitSize
from openrekog.server.jobs import rehearsal
from openrekog.server.jobs.bulk import BulkWork
from openrekog.server.jobs.kinds import KINDS
from openrekog.server.jobs.queue import JobQueue, Worker
from openrekog.server.jobs.training.work import TrainingWork
from openrekog.server.jobs.video import VideoWork
from openrekog.server.jobs.work import JobWork, Parts
from openrekog.server.jobs.worker import JobWorker, Slot, name_of
from openrekog.server.media.images import ImageLoader
from openrekog.server.media.notifications import Channel, Notifier, SnsChannel, WebhookChannel
from openrekog.server.media.objects import FolderObjects, ObjectStore
from openrekog.server.media.pixels import PixelBudget
from openrekog.server.media.s3 import S3Objects
from openrekog.server.media.webhook import Webhook
from openrekog.server.operations.registry import find_handlers
from openrekog.server.packs import chosen_packs
from openrekog.server.settings import Settings

HOUSEKEEPING_INTERVAL = 30.0


def open_services(settings: Settings, observer: Observer | None = None) -> Services:
    """`observer` is told of every model call. The caller closes what it gets."""
    fine_tuning = fine_tuning_of(settings)
    runtime = open_runtime(settings, observer)
    store, models = open_store(settings), open_models(settings, runtime)
    neighbours = Neighbours(store, name_of_server(settings.data_dir), features_of(models))
    return Services(
        settings=settings,
        store=store,
        runtime=runtime,
        models=models,
        images=open_images(settings),
        jobs=JobQueue(jobs_url(settings)),
        hosting=Hosting(store, models, runtime, hosting_terms(settings), neighbours),
        adapters=Adapters(store, models, runtime, settings.custom_model_memory_bytes, neighbours),
        fine_tuning=fine_tuning,
    )


def hosting_terms(settings: Settings) -> HostingTerms:
    return HostingTerms(
        unit=UnitSize(settings.inference_unit_requests, settings.inference_unit_queue),
        memory_bytes=settings.custom_model_memory_bytes,
        on_demand=settings.custom_models_on_demand,
        idle_seconds=settings.custom_model_idle_seconds,
    )


def open_runtime(settings: Settings, observer: Observer | None = None) -> Runtime:
    return Runtime(
        settings.providers,
        cache_dir=settings.data_dir / "engines",
        gpu_memory_limit_bytes=settings.gpu_memory_limit_bytes,
        observer=observer,
    )


def open_images(settings: Settings) -> ImageLoader:
    return ImageLoader(
        open_objects(settings),
        settings.image_formats,
        settings.max_image_pixels,
        PixelBudget(settings.max_pending_pixels),
    )


def open_models(settings: Settings, runtime: Runtime) -> Models:
    store, packs = PackStore(settings.models_dir), chosen_packs(settings)
    return load_models(Opening(store, runtime, packs, frozenset(settings.packs)))


@contextmanager
def working(services: Services) -> Iterator[str]:
    """Works on background jobs beside whatever the block does; the worker's name."""
    settings = services.settings
    if settings.job_concurrency == 0:
        yield ""
        return
    slot = Slot(settings.data_dir / "workers")
    tuner = FineTuningLearner(services.fine_tuning) if services.fine_tuning else None
    work = open_work(services, tuner)
    name = settings.worker_name or name_of(slot)
    engine = Worker(jobs_url(settings), name, work, settings.job_concurrency)
    worker = JobWorker(services.store, services.jobs, engine, name, settings.worker_silence)
    try:
        worker.start()
        yield name
    finally:
        if tuner is not None:
            tuner.close()  # all else comes to its end by itself
        worker.close()
        work.close()
        slot.free()


def open_work(services: Services, tuner: FineTuningLearner | None = None) -> JobWork:
    settings = services.settings
    video = open_video_work(settings, services.store, services.models)
    calls = Calls(services, find_handlers(operations))
    bulk = BulkWork(services.store, services.images.objects, calls.answer)
    training = TrainingWork(
        services.store, services.models, services.runtime, services.images, tuner
    )
    kinds: dict[str, Parts] = {
        **dict.fromkeys(KINDS, video),
        **dict.fromkeys((MEDIA_ANALYSIS, IMAGE_ANALYSIS), bulk),
        TRAINING: training,
    }
    return JobWork(services.store, open_notifier(settings), kinds)


def open_video_work(settings: Settings, store: Store, models: Models) -> VideoWork:
    return VideoWork(
        store,
        models,
        open_objects(settings),
        settings.video_codecs,
        settings.celebrity_match_confidence,
        settings.video_stall_seconds,
        partial(rehearsal.survives, settings.model_dump_json().encode()),
    )


def open_notifier(settings: Settings) -> Notifier:
    channels: list[Channel] = []
    if settings.sns_endpoint_url is not None:
        channels.append(
            SnsChannel(
                settings.sns_endpoint_url,
                settings.sns_access_key_id,
                settings.sns_secret_access_key,
            )
        )
    if settings.notification_webhook_url is not None:
        channels.append(
            WebhookChannel(
                Webhook(settings.notification_webhook_url, settings.notification_webhook_secret)
            )
        )
    return Notifier(tuple(channels))


def jobs_url(settings: Settings) -> str:
    """Where the queue is: beside the tables on PostgreSQL, in a file of its own with SQLite, whose
    one writer would make requests wait."""
    url = settings.database_url or "sqlite:"
    return f"sqlite:///{settings.data_dir / 'jobs.sqlite3'}" if url.startswith("sqlite") else url


def open_store(settings: Settings, *, serving: bool = True) -> Store:
    """For a command rather than a server, nothing is warmed up and nobody tidies."""
    settings.data_dir.mkdir(mode=OWNER_ONLY, parents=True, exist_ok=True)
    url = settings.database_url or f"sqlite:///{settings.data_dir / 'openrekog.sqlite3'}"
    store = Store.open(
        url,
        settings.data_dir / "index",
        max_faces=settings.max_faces_per_collection,
        index_memory=settings.index_memory_bytes,
        index_gpu_memory=settings.index_gpu_memory_bytes,
        housekeeping_interval=HOUSEKEEPING_INTERVAL if serving else None,
    )
    if serving:
        store.warm()
    return store


def open_objects(settings: Settings) -> ObjectStore:
    if settings.s3_endpoint_url is not None:
        return S3Objects.connect(
            settings.s3_endpoint_url, settings.s3_access_key_id, settings.s3_secret_access_key
        )
    buckets = settings.data_dir / "buckets"
    buckets.mkdir(parents=True, exist_ok=True)
    return FolderObjects(buckets)
