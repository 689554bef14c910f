"""Searching a collection by a stored face, a user, or a picture."""

from typing import get_args

from openrekog.api_spec import errors
from openrekog.api_spec.shapes import (
    FaceMatch,
    SearchFacesByImageRequest,
    SearchFacesByImageResponse,
    SearchFacesRequest,
    SearchFacesResponse,
    SearchUsersByImageRequest,
    SearchUsersByImageResponse,
    SearchUsersRequest,
    SearchUsersResponse,
    UnsearchedFace,
    UserMatch,
)
from openrekog.collections_store.errors import NotFound
from openrekog.collections_store.store import Collection, Match, Transaction
from openrekog.collections_store.store import UserMatch as FoundUser
from openrekog.models.results import Vectors
from openrekog.server.analysis import faces as report
from openrekog.server.analysis import quality
from openrekog.server.context import Context
from openrekog.server.operations import pictures
from openrekog.server.operations.registry import operation
from openrekog.server.operations.resources import searchable_collection
from openrekog.server.operations.stored_faces import listed_face
