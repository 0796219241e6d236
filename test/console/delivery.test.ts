/** The console's page of one delivery, in a real browser. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, test } from "node:test";
import { polled } from "../harness/deadline.ts";
import { createEndpoint, failOnce, patch, publish, type Scene, stage } from "../harness/scene.ts";
import { startConsole, type Visit } from "./console.ts";
import { change, go, stepsOf, tryAgain } from "./waiting.ts";

const app = await startConsole({ after });
const { server } = app.stage;

test("the page of one delivery, in every state", async (t) => {
  const scene = await stage(t, server, {
    name: "shop",
    event_types: ["order.*"],
    retry_schedule_seconds: [3600, 7200],
  });
  const deliveryId = await failOnce(scene);
  const visit = await app.visit("developer", `/console/deliveries/${deliveryId}`, { tenant: scene.client });
  const step = stepsOf(t, visit.page);
  await step("one that waits shows why, its attempt with request and response, and the next attempt", () =>
    showWaiting(visit),
  );
  await step("its request is copied as a command, and downloaded as a fixture file", () =>
    takeRequest(visit, scene, deliveryId),
  );
  await step("one that failed is retried by key and replayed", () => repeat(visit, scene));
  await step("one that is held is cancelled after a question", () => cancel(visit, scene));
  await step("a cancel that comes too late says so in the dialog", () => cancelTooLate(visit, scene));
  await step("a response that never came is said so, and the name of the endpoint is text", () =>
    showRefused(visit, scene),
  );
  await step("a hostile response is text, and a delivery that cannot be read is tried again", () =>
    showHostile(visit, scene),
  );
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

async function showWaiting({ page, assertAccessible }: Visit): Promise<void> {
  await page.getByText("order.paid matches order.*, a filter of shop.").waitFor();
  await page.getByText(/Attempt 2 comes next: first wait of the retry schedule, 3600 s/).waitFor();
  await page.getByText("no stock").waitFor();
  await page.getByText("x-request-id").waitFor();
  await page.getByText("(not stored)").waitFor();
  const bars = page.getByRole("list", { name: "From the event to what comes next" }).locator("li > span:first-child");
  assert.deepEqual((await bars.allTextContents()).slice(0, -1), [
    "Accepted",
    "Attempt 1",
    "Waits",
    "Attempt 2",
    "Expires",
  ]);
  await assertAccessible("delivery-scheduled");
}

async function takeRequest({ page }: Visit, { hooks }: Scene, deliveryId: string): Promise<void> {
  const sent = await hooks.nth(1);
  const copied = () => page.evaluate<string>("navigator.clipboard.readText()");
  await page.getByRole("button", { name: "Copy as curl" }).click();
  await page.getByRole("menuitem", { name: "As it was sent" }).click();
  const menu = page.getByRole("button", { name: "Copied" });
  await menu.waitFor();
  const then = await copied();
  assert.match(then, /^curl -X POST 'http:\/\/127\.0\.0\.1:\d+/);
  assert.match(then, /--data-binary '\{"n":4711\}'$/);
  assert.ok(then.includes(`webhook-timestamp: ${sent.headers["webhook-timestamp"]}'`), then);
  await page.evaluate(`navigator.clipboard.writeText("")`);
  // Within the second of the attempt, both commands are the same.
  const sentAt = Number(sent.headers["webhook-timestamp"]);
  await polled(async () => Date.now() >= (sentAt + 1) * 1000 || null, "the second after the attempt's");
  await menu.click();
  await page.getByRole("menuitem", { name: /Signed now/ }).click();
  const now = await polled(async () => (await copied()) || null, "the command that is signed now");
  const signedAt = Number(/webhook-timestamp: (\d+)'/.exec(now)?.[1]);
  assert.ok(signedAt > sentAt, now);
  assert.match(now, /webhook-signature: v1,/);
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Download the request of attempt 1 as a fixture file" }).click(),
  ]);
  assert.equal(download.suggestedFilename(), `${deliveryId}-1.json`);
  const fixture = JSON.parse(await readFile(await download.path(), "utf8"));
  assert.deepEqual([fixture.method, fixture.url, fixture.body], ["POST", hooks.url, sent.body]);
  const headers = new Map<string, string>(
    fixture.headers.map(([name, value]: [string, string]) => [name.toLowerCase(), value]),
  );
  for (const name of ["webhook-id", "webhook-timestamp", "webhook-signature", "content-length"])
    assert.equal(headers.get(name), sent.headers[name], name);
}

/** Another delivery's page, which has the same heading as the one before. */
async function show({ page }: Visit, deliveryId: string): Promise<void> {
  await change(page, `/deliveries/${deliveryId}`);
  // The first is in the facts; a header of the request has the id, too.
  await page.getByText(deliveryId, { exact: true }).first().waitFor();
}

async function repeat(visit: Visit, scene: Scene): Promise<void> {
  const { page } = visit;
  await patch(scene.client, scene.endpointId, { retry_schedule_seconds: [] });
  await show(visit, await failOnce(scene));
  await page.getByText("The delivery ended FAILED: its endpoint has no retries.").waitFor();
  scene.hooks.react((hook) => hook.answer(200));
  const retry = page.getByRole("button", { name: "Retry" });
  await retry.waitFor();
  await page.keyboard.press("r");
  await page.getByText("The delivery ended DELIVERED.").waitFor();
  await retry.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Replay" }).click();
  await page.getByText("A new delivery of the same event was created.").waitFor();
}

async function cancel(visit: Visit, { client, endpointId }: Scene): Promise<void> {
  const { page } = visit;
  await patch(client, endpointId, { status: "PAUSED" });
  await show(visit, (await publish(client, 1)).deliveryId);
  await page.getByText(/^shop is PAUSED\./).waitFor();
  await page.getByText("No attempt has been made yet.").waitFor();
  await page.getByText("On hold", { exact: true }).waitFor();
  await page.keyboard.press("c");
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Cancel this delivery?").waitFor();
  await visit.assertAccessible("delivery-cancel");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Cancel", exact: true }).click();
  await dialog.getByRole("button", { name: "Cancel", exact: true }).click();
  await page.getByText("The delivery ended CANCELLED: a caller cancelled it.").waitFor();
  await page.getByText("Cancelled", { exact: true }).waitFor();
}

async function cancelTooLate(visit: Visit, { client, endpointId, outcomes }: Scene): Promise<void> {
  const { page } = visit;
  const { deliveryId } = await publish(client, 1);
  await show(visit, deliveryId);
  await page.getByRole("button", { name: "Cancel", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  // The page must not learn of it before the click.
  await page.route("**/v1/deliveries/*/explain", (route) => route.abort());
  await patch(client, endpointId, { status: "ACTIVE" });
  await outcomes.until(deliveryId, "DELIVERED");
  await dialog.getByRole("button", { name: "Cancel", exact: true }).click();
  await dialog.getByText("The delivery has already ended.").waitFor();
  await page.unroute("**/v1/deliveries/*/explain");
}

async function showRefused({ page, assertAccessible }: Visit, { client, endpointId, outcomes }: Scene): Promise<void> {
  await patch(client, endpointId, { status: "PAUSED" });
  await createEndpoint(client, { name: "gone \u202e<b>", url: "http://127.0.0.1:9/", retry_schedule_seconds: [] });
  const { deliveries } = await publish(client, 1, { type: "nowhere" });
  const deliveryId = deliveries[0]?.delivery_id ?? assert.fail();
  await outcomes.until(deliveryId, "FAILED");
  await go(page, `/deliveries/${deliveryId}`);
  await page.getByText("No response arrived.").waitFor();
  await page.getByText("connect refused", { exact: true }).waitFor();
  await page.getByText("⟨U+202E⟩").first().waitFor();
  await assertAccessible("delivery-refused");
}

async function showHostile({ page }: Visit, { client, endpointId, hooks, outcomes }: Scene): Promise<void> {
  await patch(client, endpointId, { status: "ACTIVE", event_types: ["loud"] });
  hooks.react((hook) => hook.answer(500, { "x-odd": "<script>alert(1)</script>" }, "<img src=x onerror=alert(1)>"));
  const { deliveries } = await publish(client, 1, { type: "loud", endpoint_ids: [endpointId] });
  const deliveryId = deliveries[0]?.delivery_id ?? assert.fail();
  await outcomes.until(deliveryId, "FAILED");
  await tryAgain(page, "**/v1/deliveries/*", () => change(page, `/deliveries/${deliveryId}`));
  await page.getByText("<img src=x onerror=alert(1)>").waitFor();
  await page.getByText("<script>alert(1)</script>").waitFor();
}
