/** The pages of endpoints in a real browser. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startRunningReceiver } from "../harness/receiver.ts";
import { startConsole, type Visit } from "./console.ts";

const app = await startConsole({ after });
const HOSTILE = '<img src=x onerror="alert(1)"> \u202e';
/** Endpoints of one tenant. Nothing of them may be left out without a word. */
const MANY = 1000;
const PAUSED = 20;

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
  for (const type of ["order.paid", "invoice.sent"])
    await ownerOf(visit).request("POST", "/v1/events", { body: { type, payload: {} } });
  await page.getByLabel("URL").fill("ftp://example.com");
  await page.getByLabel("Timeout in seconds").fill("soon");
  await page.keyboard.press("Enter");
  await page.getByText("must be an integer from 1 to 30", { exact: true }).waitFor();
  assert.equal(await page.evaluate("document.activeElement.name"), "url");
  await page.getByLabel("Event types").fill("order.*");
  await page.getByText("1 event of the last 24 hours would have matched:").waitFor();
  await page.getByText('{"type":"order.created","timestamp":').waitFor();
  await page.getByLabel("Format").selectOption("pacspace");
  await page.getByText("X-PacSpace-Signature: v1=<signature>").waitFor();
  await visit.assertAccessible("endpoint-new");
  await page.getByLabel("URL").fill("http://127.0.0.1:9/hook");
  await page.getByLabel("Timeout in seconds").fill("5");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "The endpoint was created.", level: 1 }).waitFor();
  await page.getByText(/^whsec_/).waitFor();
  await page.getByText('scheme: "standard"').waitFor();
  await visit.assertAccessible("endpoint-created");
  await page.getByText("Python", { exact: true }).click();
  await page.getByText("webhook.verify(body").waitFor();
  await page.getByText("Try it with curl").click();
  await page.getByText("openssl dgst -sha256").waitFor();
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
  await page.getByRole("link", { name: "Log" }).click();
  await page.getByText("This page takes the role organization admin").waitFor();
  await page.getByRole("link", { name: "Delete", exact: true }).click();
  await page.getByText("No delivery waits, so none is cancelled. The history stays.").waitFor();
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByLabel("Type invoices to confirm").fill("invoices");
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.getByText("No endpoint receives events yet.").waitFor();
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

test("header values are masked, and a changed filter says first what of the last day would no longer match", async () => {
  const visit = await app.visit("org_admin", "/console/endpoints");
  const { page } = visit;
  const owner = ownerOf(visit);
  const settings = { url: "http://127.0.0.1:9/", name: "orders", headers_json: { "X-Token": "hunter2-secret" } };
  const id = await endpointOf(visit, { ...settings, event_types: ["order.*"], retry_schedule_seconds: [] });
  for (const type of ["order.paid", "order.paid", "order.sent", "invoice.sent"])
    await owner.request("POST", "/v1/events", { body: { type, payload: {} } });
  await page.goto(`${app.url}/console/endpoints/${id}/settings`);
  await page.getByText("X-Token: ••••").waitFor();
  assert.equal((await page.content()).includes("hunter2"), false);
  await page.getByLabel("Event types").fill("order.sent\ninvoice.*");
  await page.getByText("2 events of the last 24 hours would no longer match:").waitFor();
  await page.getByText("order.paid (2)").waitFor();
  await page.getByText("1 event of the last 24 hours would newly match:").waitFor();
  await visit.assertAccessible("endpoint-filter-effect");
  await page.getByLabel("Event types").fill("order paid");
  await page.getByText("would no longer match").waitFor({ state: "detached" });
  await page.getByLabel("Event types").fill("");
  await page.getByText("newly match:").waitFor();
  await page.getByLabel("Event types").fill("order.sent");
  await page.getByRole("button", { name: "Save the changes" }).click();
  await page.getByText("Saved.").waitFor();
  const saved = (await owner.request("GET", `/v1/endpoints/${id}`)).body;
  assert.deepEqual(saved, { ...saved, event_types: ["order.sent"], headers_json: settings.headers_json });
  await page.getByRole("button", { name: "Show the values" }).click();
  await page.getByLabel("Headers").fill("X-Token: other");
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

test("a test sends any event, shows the exchange, and recovering says the exact count and leads to its job", async (t) => {
  const receiver = await startRunningReceiver(t);
  const visit = await app.visit("developer", "/console/endpoints");
  const { page } = visit;
  const owner = ownerOf(visit);
  const id = await endpointOf(visit, { url: receiver.url, event_types: ["order.*"], retry_schedule_seconds: [] });
  await page.goto(`${app.url}/console/endpoints/${id}/test`);
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
  const sent = await receiver.next();
  assert.deepEqual([sent.headers["x-webhook-event"], sent.body], ["order.refunded", '{"amount": 1.20}']);
  await page.getByText("webhook-signature", { exact: true }).waitFor();
  await page.getByText("First byte").waitFor();
  await page.getByText("HTTP 200", { exact: true }).waitFor();
  await visit.assertAccessible("endpoint-test");
  await page.getByLabel("What to send").selectOption("latest");
  await page.getByLabel("Event type").fill("order.lost");
  await send.click();
  await page.getByText("No event of this type is stored.").waitFor();
  receiver.answerWith(500);
  await owner.request("POST", "/v1/events", { body: { type: "order.paid", payload: { number: 4711 } } });
  await receiver.next();
  await page.getByLabel("Event type").fill("order.paid");
  await send.click();
  await page.getByText(/Test event failed: the receiver answered HTTP 500/).waitFor();
  assert.deepEqual(JSON.parse((await receiver.next()).body), { number: 4711 });
  await page.getByRole("link", { name: "Recover" }).click();
  await page.getByRole("button", { name: "Count", exact: true }).click();
  await page.getByText("2 deliveries failed since then.").waitFor();
  await page.getByRole("button", { name: "Send again" }).click();
  await page.getByText("The job has started.").waitFor();
  await visit.assertAccessible("endpoint-recover");
  await page.getByRole("link", { name: "Show the job" }).click();
  await page.waitForURL(/\/jobs\/job_/);
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

test("a thousand endpoints: the overview names the urgent ones, lists are in pages, and search finds the last one", async () => {
  const visit = await app.visit("developer", "/console/health");
  const { page, person } = visit;
  const owner = app.stage.server.as(person.apiKey);
  const ids: string[] = [];
  for (let from = 0; from < MANY; from += 20) {
    const made = await Promise.all(
      Array.from({ length: 20 }, (_, index) => {
        const body = {
          name: `Shop ${from + index}`,
          url: `http://127.0.0.1:9/${from + index}`,
          event_types: ["order.paid"],
        };
        return owner.request("POST", "/v1/endpoints", { body });
      }),
    );
    ids.push(...made.map(({ body }) => body.id));
  }
  await Promise.all(
    ids.slice(-PAUSED).map((id) => owner.request("PATCH", `/v1/endpoints/${id}`, { body: { status: "PAUSED" } })),
  );
  await page.goto(`${app.url}/console/`);
  await page
    .getByRole("link", { name: /^Shop 9[89]\d$/ })
    .first()
    .waitFor();
  await page
    .getByText(/\d+ more/)
    .first()
    .waitFor();
  await visit.assertAccessible("overview-many");
  await page.goto(`${app.url}/console/endpoints?state=paused`);
  await page
    .locator("[data-row]")
    .nth(PAUSED - 1)
    .waitFor();
  assert.equal(await page.locator("[data-row]").count(), PAUSED);
  await page.goto(`${app.url}/console/endpoints`);
  await page.getByRole("button", { name: "Next page" }).click();
  await page.waitForURL(/cursor=/);
  await page.keyboard.press("Control+k");
  await page.getByRole("dialog").getByRole("combobox").fill("Shop 777");
  await page.getByRole("option", { name: /^Shop 777/ }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Shop 777", level: 1 }).waitFor();
  await page.goto(`${app.url}/console/deliveries`);
  await page.getByRole("button", { name: /^Endpoint:/ }).click();
  await page.getByText("900 more. Type to find them.").waitFor();
  await page
    .getByRole("textbox", { name: "Endpoint" })
    .or(page.getByRole("searchbox", { name: "Endpoint" }))
    .fill("Shop 555");
  await page.getByRole("menuitemcheckbox", { name: "Shop 555" }).click();
  await page.waitForURL(/endpoint_id=ep_/);
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});
