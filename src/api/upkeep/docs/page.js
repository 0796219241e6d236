/* global SwaggerUIBundle */
// Swagger UI has a dark theme with this class, but ignores the system's setting.
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", follow);
follow();

// Requests go to the server of this page, under the name that the browser uses. The content security policy allows no other.
const here = new URL(".", location.href).href.replace(/\/$/, "");
const output = await fetch(`${here}/openapi.json`);
const reference = await output.json();

SwaggerUIBundle({
  dom_id: "#docs",
  spec: { ...reference, servers: [{ url: here }] },
  presets: [SwaggerUIBundle.presets.apis],
  deepLinking: true,
  docExpansion: "list",
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  filter: true,
  // Keep the key in memory only. The browser's storage would outlive the visit.
  persistAuthorization: false,
  validatorUrl: null,
});
