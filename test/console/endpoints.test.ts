/** The pages of endpoints in a real browser. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Page } from "playwright-core";
import { type RunningReceiver, startRunningReceiver } from "../harness/receiver.ts";
import { createEndpoint, publish } from "../harness/scene.ts";
import type { Client } from "../harness/server.ts";
import { startConsole, type Visit } from "./console.ts";
import { change, disappears, go, stepsOf } from "./waiting.ts";

const app = await startConsole({ after });
const HOSTILE = '<img src=x onerror="alert(1)"> \u202e';
const NOWHERE = "http://127.0.0.1:9/";

test("endpoints: registered, watched, changed, tested, recovered and deleted", async (t) => {
  const receiver = await startRunningReceiver(t);
  const visit = await app.visit("developer", "/console/endpoints/new");
  const owner = app.stage.server.as(visit.person.apiKey);
  const step = stepsOf(t, visit.page);
  await step("a person registers one by keyboard: faults are at their fields, and the secret is shown once", () =>
    register(visit, owner),
  );
  await step("its page says what it is doing, and pauses, resumes and tests it", () => watch(visit, owner, receiver));
  await step("settings show what would change, the secret is replaced, and deleting takes the name", () =>
    changeAndDelete(visit, owner),
  );
  receiver.answerWith(200);
  const fields = { url: receiver.url, name: "tested", event_types: ["order.lost", "order.sent"] };
  const id = await createEndpoint(owner, { ...fields, retry_schedule_seconds: [] });
  await step("a test sends any event and shows the exchange", () => sendTests(visit, owner, { id, receiver }));
  await step("recovering says the exact count and leads to its job", () => recover(visit));
  await step("a part that does not exist is said plainly", async () => {
    await go(visit.page, `/endpoints/${id}/nonsense`);
    await visit.page.getByText("This page has no part named nonsense").waitFor();
  });
  await step("selected endpoints are paused together", () => pauseSelected(visit));
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

async function register(visit: Visit, owner: Client): Promise<void> {
  const { page } = visit;
  for (const type of ["order.paid", "invoice.sent"]) await publish(owner, 0, { type });
  await page.getByLabel("URL").fill("ftp://example.com");
  await page.getByLabel("Timeout in seconds").fill("soon");
  await page.getByLabel("Timeout in seconds").press("Enter");
  await page.getByText("must be an integer from 1 to 30", { exact: true }).waitFor();
  await page.locator("[name=url]:focus").waitFor();
  await page.getByRole("alert").getByText("2 fields need a change.").waitFor();
  await page.getByLabel("Event types").fill("order.*");
  await page.getByText("1 event of the last 24 hours would have matched:").waitFor();
  await page.getByText('{"type":"order.created","timestamp":').waitFor();
  await page.getByLabel("Format").selectOption("pacspace");
  await page.getByText("X-PacSpace-Signature: v1=<signature>").waitFor();
  await visit.assertAccessible("endpoint-new");
  await page.getByLabel("URL").fill(NOWHERE);
  await page.getByLabel("Timeout in seconds").fill("5");
  await page.getByLabel("Timeout in seconds").press("Enter");
  await page.getByRole("heading", { name: "The endpoint was created.", level: 1 }).waitFor();
  await page.getByText(/^whsec_/).waitFor();
  await page.getByText('scheme: "standard"').waitFor();
  await visit.assertAccessible("endpoint-created");
  await page.getByText("Python", { exact: true }).click();
  await page.getByText("webhook.verify(body").waitFor();
  await page.getByText("Try it with curl").click();
  await page.getByText("openssl dgst -sha256").waitFor();
}

async function watch(visit: Visit, owner: Client, receiver: RunningReceiver): Promise<void> {
  const { page } = visit;
  receiver.answerWith(500);
  const id = await createEndpoint(owner, { url: receiver.url, name: HOSTILE });
  await publish(owner);
  await receiver.next();
  await go(page, `/endpoints/${id}`);
  await page.getByText("Its latest attempt failed.").waitFor();
  await page.getByText("0 succeeded and 1 failed.").waitFor();
  await visit.assertAccessible("endpoint");
  const dialog = page.getByRole("dialog");
  await page.getByRole("button", { name: "Pause" }).click();
  await dialog.getByText("New events are held").waitFor();
  await dialog.getByRole("button", { name: "Pause" }).click();
  await page.getByText("Paused: new events are held").waitFor();
  await page.getByRole("button", { name: "Resume" }).click();
  await dialog.getByText("1 delivery waits. What waits is sent, oldest first.").waitFor();
  await publish(owner);
  await dialog.getByText("2 deliveries wait. What waits is sent, oldest first.").waitFor();
  const speed = dialog.getByLabel("Attempts per second, at most");
  await speed.fill("0");
  await dialog.getByRole("button", { name: "Resume" }).click();
  await dialog
    .getByText(/^must be an integer/)
    .first()
    .waitFor();
  await speed.fill("5");
  await dialog.getByRole("button", { name: "Resume" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Send a test" }).click();
  await page.getByText(/Test event failed: the receiver answered HTTP 500/).waitFor();
  assert.equal((await owner.request("DELETE", `/v1/endpoints/${id}`)).status, 204);
  const { body } = await owner.request("GET", `/v1/deliveries?endpoint_id=${id}&limit=1`);
  await seeDeleted(page, body.results[0]?.id ?? "");
}

/** Somebody deleted the endpoint while its page was open. */
async function seeDeleted(page: Page, deliveryId: string): Promise<void> {
  // As if there had been an event of each kind.
  await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
  await page.getByText("This endpoint was deleted.").waitFor();
  assert.equal(await page.locator("main").getByRole("button").count(), 0);
  await go(page, `/deliveries/${deliveryId}`);
  await page.getByText("Its endpoint is deleted, so this delivery cannot be retried or replayed.").waitFor();
  assert.equal(await page.getByRole("button", { name: /^(Retry|Replay|Cancel)$/ }).count(), 0);
}

async function changeAndDelete(visit: Visit, owner: Client): Promise<void> {
  const { page } = visit;
  const id = await createEndpoint(owner, { url: NOWHERE, name: "orders" });
  await go(page, `/endpoints/${id}/settings`);
  await page.getByLabel("Name", { exact: true }).fill("invoices");
  await page.getByText('name: "orders" becomes "invoices"').waitFor();
  await visit.assertAccessible("endpoint-settings");
  await page.getByRole("button", { name: "Save the changes" }).click();
  await page.getByRole("heading", { name: "invoices", level: 1 }).waitFor();
  await page.getByRole("link", { name: "Secret" }).click();
  await page.getByRole("button", { name: "Replace the secret" }).click();
  await page.getByText(/^whsec_/).waitFor();
  await visit.assertAccessible("endpoint-secret");
  assert.equal(await page.getByRole("link", { name: "Log" }).count(), 0);
  await change(page, `/endpoints/${id}/log`);
  await page.getByText("This page needs the role organization admin").waitFor();
  await page.getByRole("link", { name: "Delete", exact: true }).click();
  await page.getByText("No delivery waits, so none is cancelled. The history stays.").waitFor();
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByLabel("Type invoices to confirm").fill("invoices");
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.getByRole("heading", { name: "Endpoints", level: 1 }).waitFor();
  await page.locator("[data-row]").first().waitFor();
  await page.getByRole("link", { name: "invoices" }).waitFor({ state: "detached" });
}

interface Tested {
  readonly id: string;
  readonly receiver: RunningReceiver;
}

async function sendTests(visit: Visit, owner: Client, { id, receiver }: Tested): Promise<void> {
  const { page } = visit;
  await go(page, `/endpoints/${id}/test`);
  const send = page.getByRole("button", { name: "Send the test" });
  await page.getByLabel("What to send").selectOption("own");
  await page.getByLabel("Payload").fill("[1]");
  await send.click();
  await page.getByText("must be 1 to 128 letters").waitFor();
  await page.getByText("must be a JSON object").waitFor();
  await page.getByLabel("Event type").fill("order.refunded");
  await page.getByLabel("Payload").fill('{"amount": 1.20}');
  await send.click();
  await page.getByText("Test event sent successfully.").waitFor();
  const sent = await nextOf(receiver, "order.refunded");
  assert.equal(sent.body, '{"amount": 1.20}');
  await page.getByText("webhook-signature", { exact: true }).waitFor();
  await page.getByText("First byte").waitFor();
  await page.getByText("HTTP 200", { exact: true }).waitFor();
  await visit.assertAccessible("endpoint-test");
  await page.getByLabel("What to send").selectOption("latest");
  await page.getByLabel("Event type").fill("order.lost");
  await send.click();
  await page.getByText("No event of this type is stored.").waitFor();
  receiver.answerWith(500);
  await publish(owner, 4711, { type: "order.sent" });
  await nextOf(receiver, "order.sent");
  await page.getByLabel("Event type").fill("order.sent");
  await send.click();
  await page.getByText(/Test event failed: the receiver answered HTTP 500/).waitFor();
  assert.deepEqual(JSON.parse((await nextOf(receiver, "order.sent")).body), { n: 4711 });
}

/** Other requests are of an earlier endpoint with the same receiver. */
async function nextOf(receiver: RunningReceiver, type: string) {
  for (;;) {
    const received = await receiver.next();
    if (received.headers["x-webhook-event"] === type) return received;
  }
}

async function recover(visit: Visit): Promise<void> {
  const { page } = visit;
  await page.getByRole("link", { name: "Recover" }).click();
  await page.getByRole("button", { name: "Count", exact: true }).click();
  await page.getByText("2 deliveries failed since then.").waitFor();
  await page.getByRole("button", { name: "Send again" }).click();
  await page.getByText("The job has started.").waitFor();
  await visit.assertAccessible("endpoint-recover");
  await page.getByRole("link", { name: "Show the job" }).click();
  await page.waitForURL(/\/jobs\/job_/);
  await disappears(page.getByRole("heading", { name: "tested", level: 1 }));
}

async function pauseSelected(visit: Visit): Promise<void> {
  const { page } = visit;
  await go(page, "/endpoints");
  const boxes = page.getByRole("checkbox", { name: /^Select (127\.0|tested)/ });
  for (const index of [0, 1]) await boxes.nth(index).check();
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByText("2 endpoints done.").waitFor();
}

test("header values are masked, and a changed filter says first what of the last day would no longer match", async () => {
  const visit = await app.visit("org_admin", "/console/settings");
  const { page } = visit;
  const owner = app.stage.server.as(visit.person.apiKey);
  const headers = { "X-Token": "hunter2-secret" };
  const fields = { url: NOWHERE, name: "orders", headers_json: headers, event_types: ["order.*"] };
  const id = await createEndpoint(owner, { ...fields, retry_schedule_seconds: [] });
  for (const type of ["order.paid", "order.paid", "order.sent", "invoice.sent"]) await publish(owner, 0, { type });
  await go(page, `/endpoints/${id}/settings`);
  await page.getByText("X-Token: ••••").waitFor();
  assert.equal((await page.content()).includes("hunter2"), false);
  await page.getByLabel("Event types").fill("order.sent\ninvoice.*");
  await page.getByText("2 events of the last 24 hours would no longer match:").waitFor();
  await page.getByText("order.paid (2)").waitFor();
  await page.getByText("1 event of the last 24 hours would newly match:").waitFor();
  await page.getByLabel("Event types").fill("order paid");
  await page.getByText("would no longer match").waitFor({ state: "detached" });
  await page.getByLabel("Event types").fill("");
  await page.getByText("newly match:").waitFor();
  await page.getByLabel("Event types").fill("order.sent");
  await page.getByRole("button", { name: "Save the changes" }).click();
  await page.getByText("Saved.").waitFor();
  const saved = (await owner.request("GET", `/v1/endpoints/${id}`)).body;
  assert.deepEqual(saved, { ...saved, event_types: ["order.sent"], headers_json: headers });
  await page.getByRole("button", { name: "Show the values" }).click();
  await page.getByLabel("Headers").fill("X-Token: other");
  await page.getByText("Saved.").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Save the changes" }).click();
  await page.getByText("Saved.").waitFor();
  assert.deepEqual((await owner.request("GET", `/v1/endpoints/${id}`)).body.headers_json, { "X-Token": "other" });

  await page.getByRole("link", { name: "Log" }).click();
  await page.getByText("3 entries").waitFor();
  await page.getByText("changed", { exact: true }).first().waitFor();
  await page.getByText("headers_json", { exact: true }).waitFor();
  await visit.assertAccessible("endpoint-log");
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});
