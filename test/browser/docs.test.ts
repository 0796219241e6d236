/**
 * The reference at /docs in a real browser. It obeys its own Content-Security-Policy, contacts no other host, and sends
 * requests.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startBrowser } from "../harness/browser.ts";
import { startServer } from "../harness/server.ts";

const server = await startServer({ after });
const browser = await startBrowser({ after });

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
  // The viewer renders every operation after each input, which takes most of the time with all of them.
  await page.route("**/openapi.json", async (route) => {
    const response = await route.fetch();
    const document = (await response.json()) as { paths: Record<string, unknown> };
    const few = Object.entries(document.paths).filter(([path]) => path.startsWith("/v1/endpoints"));
    await route.fulfill({ response, json: { ...document, paths: Object.fromEntries(few) } });
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
