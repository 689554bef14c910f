// Starts Swagger UI with our two additions: picture files, and signed requests.
import { fillPictures, pictures } from "./pictures.js";
import { sign } from "./signing.js";

const form = document.querySelector("#signing form");

async function prepare(request) {
  if (request.method !== "POST") return request;
  request.body = fillPictures(request.body);
  const key = Object.fromEntries(new FormData(form));
  return key.accessKeyId && key.secret ? sign(request, key) : request;
}

window.ui = SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  defaultModelsExpandDepth: -1,
  docExpansion: "list",
  displayRequestDuration: true,
  validatorUrl: null,
  // The request as typed: the one sent may hold megabytes of base64.
  showMutatedRequest: false,
  requestInterceptor: prepare,
  plugins: [pictures],
});
