// Signs a request of this page with AWS Signature Version 4, by the browser's own cryptography.

const SERVICE = "rekognition";
const encoder = new TextEncoder();

const hex = (buffer) =>
  Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");

const digest = async (text) => hex(await crypto.subtle.digest("SHA-256", encoder.encode(text)));

async function hmac(key, text) {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", key, algorithm, false, ["sign"]);
  return crypto.subtle.sign("HMAC", imported, encoder.encode(text));
}

export async function sign(request, { accessKeyId, secret, sessionToken, region }) {
  if (!globalThis.crypto?.subtle) {
    throw new Error("Browsers sign only on pages from https:// or from this machine.");
  }
  const url = new URL(request.url, location.href);
  const time = new Date().toISOString().replace(/[-:]|\.\d{3}/g, "");
  const scope = `${time.slice(0, 8)}/${region}/${SERVICE}/aws4_request`;
  const headers = { host: url.host, "x-amz-date": time };
  if (sessionToken) headers["x-amz-security-token"] = sessionToken;

  const names = Object.keys(headers).sort();
  const canonical = [
    "POST",
    url.pathname,
    "",
    ...names.map((name) => `${name}:${headers[name]}`),
    "",
    names.join(";"),
    await digest(request.body ?? ""),
  ].join("\n");
  const text = ["AWS4-HMAC-SHA256", time, scope, await digest(canonical)].join("\n");

  let key = encoder.encode(`AWS4${secret}`);
  for (const part of scope.split("/")) key = await hmac(key, part);
  const signature = hex(await hmac(key, text));

  delete headers.host; // The browser sends it by itself.
  Object.assign(request.headers, headers, {
    Authorization:
      `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, ` +
      `SignedHeaders=${names.join(";")}, Signature=${signature}`,
  });
  return request;
}
