/* global SwaggerUIBundle */
// Swagger UI switches to its dark theme by this class, and does not look at the system's setting itself.
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

// Requests go to the server that this page came from, by whatever name: the policy allows no other.
const here = new URL(".", location.href).href.replace(/\/$/, "");
const answer = await fetch(`${here}/openapi.json`);
const reference = await answer.json();

SwaggerUIBundle({
  dom_id: "#docs",
  spec: { ...reference, servers: [{ url: here }] },
  presets: [SwaggerUIBundle.presets.apis],
  deepLinking: true,
  docExpansion: "list",
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  filter: true,
  // A key stays in the page's memory: what is in the browser's storage outlives the visit.
  persistAuthorization: false,
  validatorUrl: null,
});
