"""The README's example: describe a picture, compare two, index people, find one of them again, in a
picture and in a video.

Run it beside a server: `make serve`, then `.venv/bin/python docs/example.py`. The video goes into
the server's folder of buckets, which may be named after the server's URL.
"""

import io
import sys
import time
from pathlib import Path

import boto3
from film import IMAGES, write_film
from PIL import Image, ImageEnhance, ImageOps

BUCKETS = "~/.local/share/openrekog/buckets"
url = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8080"
buckets = Path(sys.argv[2] if len(sys.argv) > 2 else BUCKETS).expanduser()
client = boto3.client(
    "rekognition",
    endpoint_url=url,
    region_name="us-east-1",
    aws_access_key_id="any",
    aws_secret_access_key="any",
)

collins, hopper = ((IMAGES / name).read_bytes() for name in ("collins.jpg", "hopper.jpg"))


def another_photograph(of: bytes) -> bytes:
    """A smaller, mirrored, darker cut-out stands in for a second photograph of the person."""
    picture = ImageOps.mirror(Image.open(io.BytesIO(of)).crop((60, 0, 400, 400)).resize((220, 259)))
    file = io.BytesIO()
    ImageEnhance.Brightness(picture).enhance(0.6).save(file, "JPEG", quality=70)
    return file.getvalue()


print("What is known of a face:")
(face,) = client.detect_faces(Image={"Bytes": collins}, Attributes=["ALL"])["FaceDetails"]
print(
    f"  age {face['AgeRange']['Low']}-{face['AgeRange']['High']}, {face['Gender']['Value']},",
    end=" ",
)
print(f"{face['Emotions'][0]['Type']}, smiling: {face['Smile']['Value']},", end=" ")
print(f"{len(face['Landmarks'])} landmarks, confidence {face['Confidence']:.1f}")

print("What is in hopper.jpg?")
labels = client.detect_labels(Image={"Bytes": hopper}, MaxLabels=12)["Labels"]
print("  labels:", ", ".join(f"{label['Name']} {label['Confidence']:.0f}" for label in labels))
detections = client.detect_text(
    Image={"Bytes": hopper}, Filters={"WordFilter": {"MinConfidence": 80}}
)["TextDetections"]
lines = (found["DetectedText"] for found in detections if found["Type"] == "LINE")
print("  text:", ", ".join(lines))
warnings = client.detect_moderation_labels(Image={"Bytes": hopper})["ModerationLabels"]
print("  moderation:", ", ".join(warning["Name"] for warning in warnings) or "nothing to object to")

print("Are these two the same person?")
for name, target in {
    "another photograph": another_photograph(collins),
    "hopper.jpg": hopper,
}.items():
    answer = client.compare_faces(
        SourceImage={"Bytes": collins}, TargetImage={"Bytes": target}, SimilarityThreshold=0
    )
    print(f"  collins.jpg and {name}: similarity {answer['FaceMatches'][0]['Similarity']:.2f}")

print("Who is this?")
client.create_collection(CollectionId="people")
for name, photograph in {"Eileen_Collins": collins, "Grace_Hopper": hopper}.items():
    client.index_faces(CollectionId="people", Image={"Bytes": photograph}, ExternalImageId=name)
found = client.search_faces_by_image(
    CollectionId="people", Image={"Bytes": another_photograph(collins)}
)
for match in found["FaceMatches"]:
    print(f"  {match['Face']['ExternalImageId']}, similarity {match['Similarity']:.2f}")

print("When is who in a video?")
write_film(buckets / "films" / "people.mp4")
job = client.start_face_search(
    Video={"S3Object": {"Bucket": "films", "Name": "people.mp4"}}, CollectionId="people"
)["JobId"]
while (film := client.get_face_search(JobId=job))["JobStatus"] == "IN_PROGRESS":
    time.sleep(0.2)
for name in ("Eileen_Collins", "Grace_Hopper"):
    seen = [
        person["Timestamp"]
        for person in film["Persons"]
        if name in [match["Face"]["ExternalImageId"] for match in person["FaceMatches"]]
    ]
    print(f"  {name}: {min(seen)} to {max(seen)} ms")
client.delete_collection(CollectionId="people")
