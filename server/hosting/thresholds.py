"""From which confidence on a label is taken to be there."""

from collections.abc import Mapping

import orjson

from openrekog.collections_store.records import ProjectVersion

UNTESTED = 50.0
"""Of a label that no test was made of."""


def thresholds_of(version: ProjectVersion) -> Mapping[str, float]:
    """The assumed thresholds that testing found, 0..100, by label."""
    if version.evaluation is None:
        return {}
    results = orjson.loads(version.evaluation)["LabelEvaluationResults"]
    return {result["Label"]: 100 * result["Metrics"]["Threshold"] for result in results}
