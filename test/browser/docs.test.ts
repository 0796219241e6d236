/**
 * The reference at /docs in a real browser. It obeys its own Content-Security-Policy, contacts no other host, and sends
 * requests.
 */
import assert from "node:assert/strict";
import { link, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { startBrowser } from "../harness/browser.ts";
import { nameFontsOf } from "../harness/chromium.ts";
import { startServer } from "../harness/server.ts";

const server = await startServer({ after });
const browser = await startBrowser({ after });

interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

/** The document with the list of endpoints, and the schemas that it refers to. */
function withOneOperation(document: ApiDocument): ApiDocument {
  const paths = { "/v1/endpoints": { get: document.paths["/v1/endpoints"]?.get } };
  const schemas: Record<string, unknown> = {};
  const addReferred = (part: unknown): void => {
    for (const [, name = ""] of JSON.stringify(part).matchAll(/#\/components\/schemas\/(\w+)/g)) {
      if (name in schemas) continue;
      schemas[name] = document.components.schemas[name];
      addReferred(schemas[name]);
    }
  };
  addReferred(paths);
  return { ...document, paths, components: { ...document.components, schemas } };
}

test("a copied checkout uses its own fonts, and leaves those of the first alone", async (t) => {
  const folder = await mkdtemp(path.join(tmpdir(), "signalbox-fonts-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const [first, copy] = [path.join(folder, "first"), path.join(folder, "copy")];
  for (const place of [first, copy]) await mkdir(place);
  await nameFontsOf(first);
  await link(path.join(first, "fonts.conf"), path.join(copy, "fonts.conf"));
  await nameFontsOf(copy);
  for (const place of [first, copy]) {
    assert.match(await readFile(path.join(place, "fonts.conf"), "utf8"), new RegExp(`<dir>${place}/fonts</dir>`));
  }
});

test("/docs lists the operations and sends a request with a key, without violating its policy", async (t) => {
  const context = await browser.newContext({ colorScheme: "dark", viewport: { width: 390, height: 844 } });
  t.after(() => context.close());
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    if (!/^data:/.test(request.url()) && new URL(request.url()).origin !== server.url) complaints.push(request.url());
  });
  // The viewer resolves every schema at the start, and renders every operation after each input.
  await page.route("**/openapi.json", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: withOneOperation((await response.json()) as ApiDocument) });
  });
  await page.goto(`${server.url}/docs`);
  await page.locator("#operations-Endpoints-listEndpoints").waitFor();
  assert.equal(await page.locator("html").getAttribute("class"), "dark-mode");
  await page.locator("button.authorize").click();
  await page.getByLabel("auth-bearer-value").fill(server.apiKey);
  await page.locator(".auth-btn-wrapper button[type=submit]").first().click();
  await page.locator(".auth-btn-wrapper .btn-done").first().click();
  await page.locator("#operations-Endpoints-listEndpoints .opblock-summary-control").click();
  await page.getByRole("button", { name: "Try it out" }).click();
  const answered = page.waitForResponse((response) => new URL(response.url()).pathname === "/v1/endpoints");
  await page.locator("button.execute").click();
  const answer = await answered;
  assert.deepEqual([answer.status(), await answer.json()], [200, []]);
  assert.deepEqual(complaints, []);
});
