/** The pages of endpoints in a real browser. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startRunningReceiver } from "../harness/receiver.ts";
import { startConsole, type Visit } from "./console.ts";

const app = await startConsole({ after });
const HOSTILE = '<img src=x onerror="alert(1)"> \u202e';

function ownerOf({ person }: Visit) {
  return app.stage.server.as(person.apiKey);
}

async function endpointOf(visit: Visit, body: object): Promise<string> {
  const made = await ownerOf(visit).request("POST", "/v1/endpoints", { body });
  assert.equal(made.status, 201, made.text);
  return made.body.id;
}

test("a person registers an endpoint by keyboard: faults are at their fields, and the secret is shown once", async () => {
  const visit = await app.visit("developer", "/console/endpoints/new");
  const { page } = visit;
  await page.getByLabel("URL").fill("ftp://example.com");
  await page.getByLabel("Timeout in seconds").fill("soon");
  await page.keyboard.press("Enter");
  await page.getByText("must be an integer from 1 to 30", { exact: true }).waitFor();
  assert.equal(await page.evaluate("document.activeElement.name"), "url");
  await visit.assertAccessible("endpoint-new");
  await page.getByLabel("URL").fill("http://127.0.0.1:9/hook");
  await page.getByLabel("Timeout in seconds").fill("5");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "The endpoint was created.", level: 1 }).waitFor();
  await page.getByText(/^whsec_/).waitFor();
  await visit.assertAccessible("endpoint-created");
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

test("an endpoint's page says what it is doing, and pauses, resumes and tests it", async (t) => {
  const receiver = await startRunningReceiver(t);
  receiver.answerWith(500);
  const visit = await app.visit("developer", "/console/endpoints");
  const { page } = visit;
  const id = await endpointOf(visit, { url: receiver.url, name: HOSTILE });
  const event = { type: "order.paid", payload: {} };
  await ownerOf(visit).request("POST", "/v1/events", { body: event });
  await receiver.next();
  await page.goto(`${app.url}/console/endpoints/${id}`);
  await page.getByText("Its latest attempt failed.").waitFor();
  await page.getByText("0 succeeded and 1 failed.").waitFor();
  await visit.assertAccessible("endpoint");
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("dialog").getByText("New events are held").waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Pause" }).click();
  await page.getByText("Paused: new events are held").waitFor();
  await page.getByRole("button", { name: "Resume" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("1 delivery waits. What waits is sent, oldest first.").waitFor();
  await dialog.getByLabel("Attempts per second, at most").fill("0");
  await dialog.getByRole("button", { name: "Resume" }).click();
  await dialog
    .getByText(/^must be an integer/)
    .first()
    .waitFor();
  await dialog.getByLabel("Attempts per second, at most").fill("5");
  await dialog.getByRole("button", { name: "Resume" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Send a test" }).click();
  await page.getByText(/Test event failed: the receiver answered HTTP 500/).waitFor();
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

test("settings show what would change, the secret is replaced, and deleting takes the name", async () => {
  const visit = await app.visit("developer", "/console/endpoints");
  const { page } = visit;
  const id = await endpointOf(visit, { url: "http://127.0.0.1:9/", name: "orders" });
  await page.goto(`${app.url}/console/endpoints/${id}/settings`);
  await page.getByLabel("Name", { exact: true }).fill("invoices");
  await page.getByText('name: "orders" becomes "invoices"').waitFor();
  await visit.assertAccessible("endpoint-settings");
  await page.getByRole("button", { name: "Save the changes" }).click();
  await page.getByRole("heading", { name: "invoices", level: 1 }).waitFor();
  await page.getByRole("link", { name: "Secret" }).click();
  await page.getByRole("button", { name: "Replace the secret" }).click();
  await page.getByText(/^whsec_/).waitFor();
  await visit.assertAccessible("endpoint-secret");
  await page.getByRole("link", { name: "Recover" }).click();
  await page.getByRole("button", { name: "Count", exact: true }).click();
  await page.getByText("0 deliveries failed since then.").waitFor();
  await visit.assertAccessible("endpoint-recover");
  await page.getByRole("link", { name: "Delete", exact: true }).click();
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByLabel("Type invoices to confirm").fill("invoices");
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.getByText("No endpoint receives events yet.").waitFor();
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

test("an unknown endpoint, another tenant's, and an unknown part are said plainly", async () => {
  const other = await app.visit("developer", "/console/endpoints");
  const foreign = await endpointOf(other, { url: "http://127.0.0.1:9/", name: "theirs" });
  const visit = await app.visit("developer", `/console/endpoints/${foreign}`);
  const { page } = visit;
  const missing = "There is no such endpoint, or it belongs to another tenant.";
  await page.getByText(missing).waitFor();
  await page.goto(`${app.url}/console/endpoints/nonsense`);
  await page.getByText(missing).waitFor();
  const id = await endpointOf(visit, { url: "http://127.0.0.1:9/", name: "own" });
  await page.goto(`${app.url}/console/endpoints/${id}/nonsense`);
  await page.getByText("This endpoint has no part named nonsense").waitFor();
  assert.deepEqual(visit.complaints, []);
  await visit.close();
  await other.close();
});

test("selected endpoints are paused together", async () => {
  const visit = await app.visit("developer", "/console/endpoints");
  const { page } = visit;
  for (const name of ["one", "two"]) await endpointOf(visit, { url: "http://127.0.0.1:9/", name });
  await page.reload();
  for (const name of ["one", "two"]) await page.getByRole("checkbox", { name: `Select ${name}` }).check();
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByText("2 endpoints done.").waitFor();
  await visit.assertAccessible("endpoints-selected");
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});
