"""What `make accuracy` measures: each part with the labelled data that it needs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.adapter_teaching import measure_adapters
from benchmarks.celebrity_matching import measure_celebrities
from benchmarks.custom_images import measure_custom_images
from benchmarks.custom_objects import measure_custom_objects
from benchmarks.equipment import measure_equipment
from benchmarks.face_attributes import measure_age_and_gender, measure_emotions
from benchmarks.face_finding import measure_finding
from benchmarks.face_matching import measure_matching
from benchmarks.identity import measure_identity
from benchmarks.image_labels import measure_labels
from benchmarks.labelled import LabelledFaces
from benchmarks.moderation_alarms import measure_alarms
from benchmarks.object_finding import measure_objects
from benchmarks.photographs import INSTANCES
from benchmarks.picture_classes import measure_classes
from benchmarks.poses import KEYPOINTS, measure_poses
from benchmarks.shot_changes import FILM, measure_shots
from benchmarks.strange_pictures import measure_strange
from benchmarks.text_nowhere import PORTRAITS, measure_nowhere
from benchmarks.text_reading import MARKS, measure_text
from openrekog.models.capabilities import FaceAnalyzer
from openrekog.models.loaded import Models

Measure = Callable[[Path, Models], str]
"""Takes the folder of all data (sub-folders faces, labels, text, video) and gives Markdown."""


@dataclass(frozen=True, slots=True)
class Part:
    """`needed` is a pattern of files of the data folder; without any the part is left out."""

    needed: str
    measure: Measure


def _faces(needed: str, measure: Callable[[LabelledFaces, FaceAnalyzer], str]) -> Part:
    return Part(
        f"faces/{needed}",
        lambda folder, models: measure(LabelledFaces(folder / "faces"), models.faces),
    )


PARTS: Mapping[str, Part] = {
    "Finding faces": _faces("detection/*.xml", measure_finding),
    "Matching faces": _faces("lfw_pairs.csv", measure_matching),
    "Recognising celebrities": _faces("lfw_pairs.csv", measure_celebrities),
    "Age and gender": _faces("utkface.csv", measure_age_and_gender),
    "Emotions": _faces("emotions.csv", measure_emotions),
    "Finding objects": Part(INSTANCES, measure_objects),
    "Classes of pictures": Part(INSTANCES, measure_classes),
    "Labels of pictures": Part(INSTANCES, measure_labels),
    "Labels of strange pictures": Part(INSTANCES, measure_strange),
    "Bodies": Part(KEYPOINTS, measure_poses),
    "Protective equipment": Part(
        "faces/lfw_pairs.csv",
        lambda folder, models: measure_equipment(LabelledFaces(folder / "faces"), models),
    ),
    "Shots of videos": Part(FILM, measure_shots),
    "People followed through videos": Part(INSTANCES, measure_identity),
    "Moderation of ordinary photographs": Part("labels/images/*.jpg", measure_alarms),
    "Reading text": Part(MARKS, measure_text),
    "Words where nothing is written": Part(PORTRAITS, measure_nowhere),
    "Custom Labels, images": Part(INSTANCES, measure_custom_images),
    "Moderation adapters": Part(INSTANCES, measure_adapters),
    "Custom Labels, objects": Part(INSTANCES, measure_custom_objects),
}
"""By title, in the order of the report."""
