// Drives the server with the AWS SDK for JavaScript and prints what a program sees, as JSON.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [folder, endpoint, region, picture] = process.argv.slice(2);
const require = createRequire(join(folder, "package.json"));
const sdk = require("@aws-sdk/client-rekognition");

const client = new sdk.RekognitionClient({
  endpoint,
  region,
  credentials: { accessKeyId: "any", secretAccessKey: "any" },
});
const image = { Bytes: readFileSync(picture) };
const people = { CollectionId: "people" };

const call = (name, input) => client.send(new sdk[`${name}Command`](input));

async function refusal(name, input) {
  try {
    await call(name, input);
    return "no error";
  } catch (error) {
    return {
      name: error.name,
      message: error.message,
      typed: sdk[error.name] !== undefined && error instanceof sdk[error.name],
      service: error instanceof sdk.RekognitionServiceException,
      status: error.$metadata.httpStatusCode,
      attempts: error.$metadata.attempts,
      requestId: error.$metadata.requestId,
    };
  }
}

const seen = {};
const created = await call("CreateCollection", people);
seen.created = { status: created.StatusCode, requestId: created.$metadata.requestId };

const described = await call("DescribeCollection", people);
seen.timestamp = {
  isDate: described.CreationTimestamp instanceof Date,
  age: (Date.now() - described.CreationTimestamp.getTime()) / 1000,
};

const indexed = await call("IndexFaces", { ...people, Image: image, DetectionAttributes: ["ALL"] });
const faceId = indexed.FaceRecords[0].Face.FaceId;
seen.landmarks = indexed.FaceRecords[0].FaceDetail.Landmarks.length;

seen.emptyAnswer = Object.keys(await call("CreateUser", { ...people, UserId: "anna" }));
const associated = await call("AssociateFaces", { ...people, UserId: "anna", FaceIds: [faceId] });
seen.associated = associated.AssociatedFaces.length;

const found = await call("SearchFacesByImage", { ...people, Image: image });
seen.found = found.FaceMatches.map((match) => match.Face.FaceId === faceId);
const users = await call("SearchUsersByImage", { ...people, Image: image });
seen.users = users.UserMatches.map((match) => match.User.UserId);

for (const name of ["a", "b"]) await call("CreateCollection", { CollectionId: name });
seen.pages = [];
for await (const page of sdk.paginateListCollections({ client, pageSize: 2 }, {})) {
  seen.pages.push(page.CollectionIds.length);
}

seen.notFound = await refusal("DescribeCollection", { CollectionId: "nowhere" });
seen.exists = await refusal("CreateCollection", people);
seen.format = await refusal("DetectFaces", { Image: { Bytes: Buffer.from("no picture") } });
seen.validation = await refusal("CreateCollection", { CollectionId: "a b" });
seen.tooLarge = await refusal("DetectFaces", { Image: { Bytes: Buffer.alloc(5242881, 1) } });
seen.unknown = await refusal("ListStreamProcessors", {});

console.log(JSON.stringify(seen));
