"""Every table, in portable SQL. The migrations build the same; a test compares them."""

from openrekog.collections_store.tables.datasets import dataset_entries, dataset_labels, datasets
from openrekog.collections_store.tables.faces import celebrities, collections, faces, users
from openrekog.collections_store.tables.jobs import findings, jobs, servers, workers
from openrekog.collections_store.tables.projects import (
    project_policies,
    project_versions,
    projects,
    trained_models,
    training_images,
)
from openrekog.collections_store.tables.requests import requests, secrets, tags
from openrekog.collections_store.tables.shared import metadata

__all__ = [
    "celebrities",
    "collections",
    "dataset_entries",
    "dataset_labels",
    "datasets",
    "faces",
    "findings",
    "jobs",
    "metadata",
    "project_policies",
    "project_versions",
    "projects",
    "requests",
    "secrets",
    "servers",
    "tags",
    "trained_models",
    "training_images",
    "users",
    "workers",
]
