"""Reads labels of whole images."""

from openrekog.server.analysis.manifests.annotations import LONGEST_LABEL, LabelMetadata
from openrekog.server.analysis.manifests.entries import Attribute, ManifestEntry, checked


def read_label(entry: ManifestEntry, attribute: Attribute) -> None:
    if isinstance(attribute.value, bool) or not isinstance(attribute.value, int):
        entry.note("ERROR_INVALID_LABEL_ATTRIBUTE_FORMAT", attribute.metadata, attribute.name)
        return
    code = "ERROR_INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT"
    metadata = checked(entry, attribute, LabelMetadata, attribute.metadata, code)
    if metadata is None:
        return
    if not 0 < len(metadata.class_name) <= LONGEST_LABEL:
        entry.note("ERROR_INVALID_LABEL_NAME_LENGTH", attribute.metadata)
    elif metadata.class_name not in entry.labels:
        entry.labels.append(metadata.class_name)
