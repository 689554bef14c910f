"""The example of docs/video.md: shots, labels and a known face in a short video.

Run it beside a server: `make serve`, then

    .venv/bin/python docs/video_example.py http://127.0.0.1:8080 DATA_FOLDER/buckets
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
from film import IMAGES, write_film

url, buckets = sys.argv[1], Path(sys.argv[2])
client = boto3.client(
    "rekognition",
    endpoint_url=url,
    region_name="us-east-1",
    aws_access_key_id="any",
    aws_secret_access_key="any",
)


def wait_for(get: Callable[..., Any], job: str) -> Any:
    """The first page of an ended job. With a NotificationChannel there is no need to ask again."""
    while (answer := get(JobId=job))["JobStatus"] == "IN_PROGRESS":
        time.sleep(0.2)
    return answer


write_film(buckets / "films" / "people.mp4")
video: Any = {"S3Object": {"Bucket": "films", "Name": "people.mp4"}}

client.create_collection(CollectionId="people")
client.index_faces(
    CollectionId="people",
    Image={"Bytes": (IMAGES / "collins.jpg").read_bytes()},
    ExternalImageId="Eileen_Collins",
)

# Jobs that wait for one video are done in one pass over it.
shots = client.start_segment_detection(Video=video, SegmentTypes=["SHOT"])["JobId"]
labels = client.start_label_detection(Video=video, MinConfidence=80)["JobId"]
known = client.start_face_search(Video=video, CollectionId="people")["JobId"]

answer = wait_for(client.get_segment_detection, shots)
(metadata,) = answer["VideoMetadata"]
print(f"{metadata['Codec']}, {metadata['DurationMillis']} ms, {metadata['FrameRate']} a second")
for segment in answer["Segments"]:
    print(f"  shot from {segment['StartTimecodeSMPTE']} to {segment['EndTimecodeSMPTE']}")

wait_for(client.get_label_detection, labels)
print("In view:")
for seen in client.get_label_detection(JobId=labels, AggregateBy="SEGMENTS")["Labels"][:3]:
    start, end = seen["StartTimestampMillis"], seen["EndTimestampMillis"]
    print(f"  {seen['Label']['Name']}, {start} to {end} ms")

print("Known faces:")
for person in wait_for(client.get_face_search, known)["Persons"][::4]:
    names = [match["Face"]["ExternalImageId"] for match in person["FaceMatches"]]
    when, who = person["Timestamp"], person["Person"]["Index"]
    print(f"  {when} ms, person {who}: {', '.join(names) or 'nobody known'}")
client.delete_collection(CollectionId="people")
