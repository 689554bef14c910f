"""The operation that looks for protective equipment on persons."""

from openrekog.api_spec.shapes import (
    DetectProtectiveEquipmentRequest,
    DetectProtectiveEquipmentResponse,
)
from openrekog.server.analysis.equipment import find_persons, person_report
from openrekog.server.analysis.equipment_summary import summarise
from openrekog.server.context import Context
from openrekog.server.operations import pictures
from openrekog.server.operations.registry import operation

MODEL_VERSION = "1.0"  # AWS's of today, which clients may compare


@operation
def detect_protective_equipment(
    context: Context, request: DetectProtectiveEquipmentRequest
) -> DetectProtectiveEquipmentResponse:
    image = pictures.load(context, request["Image"])
    with context.timed("model"):
        (persons,) = find_persons(context.services.models, [image.pixels])
    answer: DetectProtectiveEquipmentResponse = {
        "ProtectiveEquipmentModelVersion": MODEL_VERSION,
        "Persons": [person_report(number, person) for number, person in enumerate(persons)],
    }
    if "SummarizationAttributes" in request:
        answer["Summary"] = summarise(persons, request["SummarizationAttributes"])
    return answer
