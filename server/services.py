"""Opens the long-lived parts of a server from its settings."""

from openrekog.collections_store.store import Store
from openrekog.models.capabilities import FaceAnalyzer
from openrekog.models.fake import FakeFaceAnalyzer
from openrekog.models.loading import load_face_analyzer
from openrekog.models.pack import check_licences, find
from openrekog.models.runtime import Observer, Runtime
from openrekog.models.store import PackStore
from openrekog.server.context import Services
from openrekog.server.media.images import ImageLoader
from openrekog.server.media.objects import FolderObjects, ObjectStore
from openrekog.server.media.pixels import PixelBudget
from openrekog.server.media.s3 import S3Objects
from openrekog.server.settings import Settings

FAKE_PACK = "fake"


def open_services(settings: Settings, observer: Observer | None = None) -> Services:
    """`observer` is told of every model call. The caller closes what it gets."""
    runtime = Runtime(
        settings.providers,
        cache_dir=settings.data_dir / "engines",
        gpu_memory_limit_bytes=settings.gpu_memory_limit_bytes,
        observer=observer,
    )
    return Services(
        settings=settings,
        store=open_store(settings),
        runtime=runtime,
        faces=open_faces(settings, runtime),
        images=ImageLoader(
            open_objects(settings),
            settings.image_formats,
            settings.max_image_pixels,
            PixelBudget(settings.max_pending_pixels),
        ),
    )


def open_faces(settings: Settings, runtime: Runtime) -> FaceAnalyzer:
    chosen = find(settings.packs)
    check_licences(chosen, settings.accept_licences)
    for pack in chosen:
        if pack.name == FAKE_PACK:
            return FakeFaceAnalyzer(pack.similarity)
    return load_face_analyzer(PackStore(settings.models_dir), runtime, settings.packs)


def open_store(settings: Settings) -> Store:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    url = settings.database_url or f"sqlite:///{settings.data_dir / 'openrekog.sqlite3'}"
    store = Store.open(
        url,
        settings.data_dir / "index",
        max_faces=settings.max_faces_per_collection,
        index_memory=settings.index_memory_bytes,
        index_gpu_memory=settings.index_gpu_memory_bytes,
    )
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
