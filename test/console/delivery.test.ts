/** The console's page of one delivery, in a real browser. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, test } from "node:test";
import { failOnce, patch, publish, stage } from "../harness/scene.ts";
import { startConsole } from "./console.ts";

const app = await startConsole({ after });
const { server } = app.stage;
const UNKNOWN = "del_00000000-0000-7000-8000-000000000000";

test("a delivery that waits shows why, its attempt with request and response, and the next attempt", async (t) => {
  const scene = await stage(t, server, {
    name: "shop",
    event_types: ["order.*"],
    retry_schedule_seconds: [3600, 7200],
  });
  const deliveryId = await failOnce(scene);
  const visit = await app.visit("developer", `/console/deliveries/${deliveryId}`, { tenant: scene.client });
  const { page } = visit;
  await page.getByText("order.paid matches order.*, a filter of shop.").waitFor();
  await page.getByText(/Attempt 2 comes next: first wait of the retry schedule, 3600 s/).waitFor();
  await page.getByText("no stock").waitFor();
  await page.getByText("x-request-id").waitFor();
  await page.getByText("(not stored)").waitFor();
  const timeline = page.getByRole("list", { name: "From the event to what comes next" });
  assert.deepEqual(
    await timeline
      .locator("li > span:first-child")
      .allTextContents()
      .then((all) => all.slice(0, -1)),
    ["Accepted", "Attempt 1", "Waits", "Attempt 2", "Expires"],
  );
  await visit.assertAccessible("delivery-scheduled");

  await page.getByRole("button", { name: "Copy as curl" }).click();
  await page.getByRole("menuitem", { name: "As it was sent" }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  const then = await page.evaluate<string>("navigator.clipboard.readText()");
  assert.match(then, /^curl -X POST 'http:\/\/127\.0\.0\.1:\d+/);
  assert.match(then, /--data-binary '\{"n":4711\}'$/);
  const sent = await scene.hooks.nth(1);
  assert.ok(then.includes(`webhook-timestamp: ${sent.headers["webhook-timestamp"]}'`), then);
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Download the request of attempt 1 as a fixture file" }).click(),
  ]);
  assert.equal(download.suggestedFilename(), `${deliveryId}-1.json`);
  const fixture = JSON.parse(await readFile(await download.path(), "utf8"));
  assert.deepEqual([fixture.method, fixture.url, fixture.body], ["POST", scene.hooks.url, sent.body]);
  const headers = new Map<string, string>(
    fixture.headers.map(([name, value]: [string, string]) => [name.toLowerCase(), value]),
  );
  for (const name of ["webhook-id", "webhook-timestamp", "webhook-signature", "content-length"])
    assert.equal(headers.get(name), sent.headers[name], name);
  await page
    .getByRole("button", { name: "Copied" })
    .or(page.getByRole("button", { name: "Copy as curl" }))
    .click();
  await page.getByRole("menuitem", { name: /Signed now/ }).click();
  await page.waitForFunction("navigator.clipboard.readText().then((text) => !text.includes('undefined'))");
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

test("retry, replay and cancel act by button and by key, and show what they did", async (t) => {
  const scene = await stage(t, server, { name: "shop", retry_schedule_seconds: [] });
  const { client, hooks, outcomes, endpointId } = scene;
  const deliveryId = await failOnce(scene);
  const visit = await app.visit("developer", `/console/deliveries/${deliveryId}`, { tenant: client });
  const { page } = visit;
  await page.getByText("The delivery ended FAILED: its endpoint has no retries.").waitFor();
  hooks.react((hook) => hook.answer(200));
  await page.getByRole("button", { name: "Retry" }).waitFor();
  await page.keyboard.press("r");
  await outcomes.until(deliveryId, "DELIVERED");
  await page.getByText("The delivery ended DELIVERED.").waitFor();
  assert.equal(await page.getByRole("button", { name: "Retry" }).count(), 0);
  await visit.assertAccessible("delivery-delivered");
  await page.getByRole("button", { name: "Replay" }).click();
  await page.getByText("A new delivery of the same event was created.").waitFor();

  await patch(client, endpointId, { status: "PAUSED" });
  const held = await publish(client, 1);
  await page.goto(`${app.url}/console/deliveries/${held.deliveryId}`);
  await page.getByText(/^shop is PAUSED\./).waitFor();
  await page.getByText("No attempt has been made yet.").waitFor();
  await page.getByText("On hold", { exact: true }).waitFor();
  await visit.assertAccessible("delivery-held");
  await page.keyboard.press("c");
  await page.getByRole("dialog").getByText("Cancel this delivery?").waitFor();
  await visit.assertAccessible("delivery-cancel");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Cancel", exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel", exact: true }).click();
  await page.getByText("The delivery ended CANCELLED: a caller cancelled it.").waitFor();
  await page.getByText("Cancelled", { exact: true }).waitFor();
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

test("a cancel that comes too late says so in the dialog", async (t) => {
  const { client, endpointId, outcomes } = await stage(t, server, { name: "shop" });
  await patch(client, endpointId, { status: "PAUSED" });
  const { deliveryId } = await publish(client, 1);
  const visit = await app.visit("developer", `/console/deliveries/${deliveryId}`, { tenant: client });
  const { page } = visit;
  await page.getByRole("button", { name: "Cancel", exact: true }).click();
  await page.getByRole("dialog").waitFor();
  await page.route("**/v1/deliveries/*/explain", (route) => route.abort());
  await patch(client, endpointId, { status: "ACTIVE" });
  await outcomes.until(deliveryId, "DELIVERED");
  await page.getByRole("dialog").getByRole("button", { name: "Cancel", exact: true }).click();
  await page.getByRole("dialog").getByText("The delivery has already ended.").waitFor();
  await page.unroute("**/v1/deliveries/*/explain");
  await visit.close();
});

test("hostile responses and names are text, and a response that never came is said so", async (t) => {
  const scene = await stage(t, server, {
    name: "shop \u202e<b>",
    url: "http://127.0.0.1:9/",
    retry_schedule_seconds: [],
  });
  const refused = await publish(scene.client, 1);
  await scene.outcomes.until(refused.deliveryId, "FAILED");
  const visit = await app.visit("developer", `/console/deliveries/${refused.deliveryId}`, { tenant: scene.client });
  const { page } = visit;
  await page.getByText("No response arrived.").waitFor();
  await page.getByText("connect refused", { exact: true }).waitFor();
  await page.getByText("⟨U+202E⟩").first().waitFor();
  await visit.assertAccessible("delivery-refused");

  const loud = await stage(t, server, { name: "loud", retry_schedule_seconds: [] });
  loud.hooks.react((hook) =>
    hook.answer(500, { "x-odd": "<script>alert(1)</script>" }, "<img src=x onerror=alert(1)>"),
  );
  const { deliveryId } = await publish(loud.client, 1);
  await loud.outcomes.until(deliveryId, "FAILED");
  const second = await app.visit("developer", `/console/deliveries/${deliveryId}`, { tenant: loud.client });
  await second.page.getByText("<img src=x onerror=alert(1)>").waitFor();
  await second.page.getByText("<script>alert(1)</script>").waitFor();
  assert.deepEqual([...visit.complaints, ...second.complaints], []);
  await visit.close();
  await second.close();
});

test("an unknown, a malformed and a foreign delivery are the same, and an error can be tried again", async (t) => {
  const { client, outcomes } = await stage(t, server);
  const { deliveryId } = await publish(client);
  await outcomes.until(deliveryId, "DELIVERED");
  const visit = await app.visit("developer", `/console/deliveries/${deliveryId}`);
  const { page } = visit;
  for (const id of [deliveryId, UNKNOWN, "nonsense"]) {
    await page.goto(`${app.url}/console/deliveries/${id}`);
    await page.getByText("There is no such delivery, or it belongs to another tenant.").waitFor();
  }
  await visit.assertAccessible("delivery-missing");
  await visit.close();
  const own = await app.visit("developer", "/console/", { tenant: client });
  const error = { error: { code: "INTERNAL_ERROR", message: "The server failed.", details: [] } };
  await own.page.route("**/v1/deliveries/*", (route) => route.fulfill({ status: 500, json: error }));
  await own.page.goto(`${app.url}/console/deliveries/${deliveryId}`);
  await own.page.getByText("The server failed.").waitFor();
  await own.page.unroute("**/v1/deliveries/*");
  await own.page.getByRole("button", { name: "Try again" }).click();
  await own.page.getByText("The delivery ended DELIVERED.").waitFor();
  await own.close();
});
