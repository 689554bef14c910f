"""The example of docs/custom_labels.md: a model that tells brick, grass and gravel apart.

Run it beside a server: `make serve`, then

    .venv/bin/python docs/custom_labels_example.py http://127.0.0.1:8080 DATA_FOLDER
"""

import io
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import boto3
from PIL import Image
from PIL.ImageFilter import GaussianBlur

url, data = sys.argv[1], Path(sys.argv[2]).resolve()
client = boto3.client(
    "rekognition",
    endpoint_url=url,
    region_name="us-east-1",
    aws_access_key_id="any",
    aws_secret_access_key="any",
)
textures = Path(__file__).parent / "images" / "textures"


def pieces(name: str) -> list[Image.Image]:
    """A photograph cut into 25, each more or less out of focus: it would be too easy otherwise."""
    whole = Image.open(textures / f"{name}.jpg")
    return [
        whole.crop((left, top, left + 96, top + 96)).filter(
            GaussianBlur(1 + (left + top) // 96 % 5)
        )
        for top in range(0, 480, 96)
        for left in range(0, 480, 96)
    ]


def write_pictures(folder: Path) -> None:
    """5 pictures of each to learn from, 19 to test with; the last of the 25 is kept back."""
    for name in ("brick", "grass", "gravel"):
        for number, piece in enumerate(pieces(name)[:24]):
            path = folder / ("test" if number % 5 else "train") / name / f"{number}.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            piece.save(path)


def openrekog(*words: str) -> str:
    """What the command prints, as if it were typed."""
    command = [sys.executable, "-c", "from openrekog.server.cli import main; main()", *words]
    print("$ openrekog", *words)
    environment = {**os.environ, "OPENREKOG_DATA_DIR": str(data), "AWS_REGION": "us-east-1"}
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    print(done.stdout)
    return done.stdout


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    write_pictures(Path("textures"))
    openrekog("datasets", "import", "textures", "--project", "textures")

[project] = client.describe_projects(ProjectNames=["textures"])["ProjectDescriptions"]
version = client.create_project_version(
    ProjectArn=project["ProjectArn"],
    VersionName="v1",
    OutputConfig={"S3Bucket": "custom-labels", "S3KeyPrefix": "results"},
)["ProjectVersionArn"]
openrekog("projects", "watch", "textures/v1")

[trained] = client.describe_project_versions(ProjectArn=project["ProjectArn"], VersionNames=["v1"])[
    "ProjectVersionDescriptions"
]
place: Any = trained["EvaluationResult"]["Summary"]["S3Object"]
summary = json.loads((data / "buckets" / place["Bucket"] / place["Name"]).read_text())
for result in summary["LabelEvaluationResults"]:
    metrics, tested = result["Metrics"], result["NumberOfTestingImages"]
    print(
        f"{result['Label']:7} {tested} test pictures: "
        f"precision {metrics['Precision']:.0%}, recall {metrics['Recall']:.0%}"
    )

client.start_project_version(ProjectVersionArn=version, MinInferenceUnits=1)
client.get_waiter("project_version_running").wait(
    ProjectArn=project["ProjectArn"], VersionNames=["v1"], WaiterConfig={"Delay": 1}
)
print()
for name in ("brick", "grass", "gravel"):
    file = io.BytesIO()
    pieces(name)[-1].save(file, "JPEG")
    answer = client.detect_custom_labels(
        ProjectVersionArn=version, Image={"Bytes": file.getvalue()}
    )
    said = [f"{label['Name']} {label['Confidence']:.0f}" for label in answer["CustomLabels"]]
    print(f"A new picture of {name}: {', '.join(said)}")
client.stop_project_version(ProjectVersionArn=version)
