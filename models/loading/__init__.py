"""Builds the models of a server out of packs: one module an area, one door for all."""

from openrekog.models.fake import FAKE_PACK, fake_models
from openrekog.models.loaded import Models
from openrekog.models.loading.classifiers import concept_scorer
from openrekog.models.loading.equipment import load_face_covers, load_poses
from openrekog.models.loading.faces import load_face_analyzer
from openrekog.models.loading.labels import (
    load_classifiers,
    load_dense_extractor,
    load_object_detector,
    with_features,
)
from openrekog.models.loading.moderation import load_exposure_detector, load_nudity_classifier
from openrekog.models.loading.opening import Opening
from openrekog.models.loading.text import load_text_reader
from openrekog.models.loading.videos import load_shot_detector


def load_models(opening: Opening) -> Models:
    """Every capability, by the packs chosen; the fake pack, once named, answers for all."""
    if FAKE_PACK in opening.named:
        return fake_models(opening.pack(FAKE_PACK))
    classifiers = load_classifiers(opening)
    return Models(
        faces=load_face_analyzer(opening),
        objects=load_object_detector(opening),
        classes=classifiers[0],
        classifiers=classifiers,
        features=with_features(classifiers),
        dense=load_dense_extractor(opening),
        shots=load_shot_detector(opening),
        text=load_text_reader(opening),
        poses=load_poses(opening),
        face_covers=load_face_covers(opening),
        nudity=load_nudity_classifier(opening),
        exposures=load_exposure_detector(opening),
        concepts=concept_scorer(classifiers),
    )
