/** The overview and the health page in a real browser. What a global admin sees of the latter is in `urls.test.ts`. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { type RunningReceiver, startRunningReceiver } from "../harness/receiver.ts";
import { createEndpoint, publish } from "../harness/scene.ts";
import type { Client } from "../harness/server.ts";
import { startConsole, type Visit } from "./console.ts";
import { change, go, stepsOf } from "./waiting.ts";

const app = await startConsole({ after });
const NOWHERE = "http://127.0.0.1:9/";
/** The deliveries of a span of a chart. */
const OF_A_TIME = /\/deliveries\?from=\S+Z&to=\S+Z$/;

test("the overview, from the first steps to an endpoint that fails", async (t) => {
  const receiver = await startRunningReceiver(t);
  const visit = await app.visit("org_admin", "/console/");
  const owner = app.stage.server.as(visit.person.apiKey);
  const step = stepsOf(t, visit.page);
  await step("it begins with three steps, and ticks each when it happened", () => begin(visit, owner, receiver));
  await step("a part that cannot be read says so, and is tried again", () => tryAgain(visit));
  await step("it shows attempts as they happen, what waits, and which endpoint fails", () =>
    showFailing(visit, owner, receiver),
  );
  await step("a span of a chart, or a row of its table, leads to the deliveries of that time", () =>
    leadFromCharts(visit),
  );
  await step("health shows an org_admin the tenant's part", async () => {
    await go(visit.page, "/health");
    await visit.page.getByText("The server stores events and delivers them.").waitFor();
    await visit.page.getByText("shown to a global admin").waitFor();
    await visit.page.getByText("Set SMTP_URL and SIGNALBOX_MAIL_FROM.").waitFor();
    await visit.assertAccessible("health-part");
  });
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

async function begin({ page, assertAccessible }: Visit, owner: Client, receiver: RunningReceiver): Promise<void> {
  await page.getByRole("heading", { name: "Get started" }).waitFor();
  await page.getByText("to do").nth(2).waitFor();
  await assertAccessible("overview-empty");
  await page.getByText("Live", { exact: true }).waitFor();
  // With the next attempt in an hour, the numbers of failures do not grow.
  const id = await createEndpoint(owner, { url: receiver.url, name: "orders", retry_schedule_seconds: [3600] });
  await owner.request("POST", `/v1/endpoints/${id}/test`, { body: {} });
  await receiver.next();
  // The types of events are fresh for ten seconds.
  await page.reload();
  await page.getByText("done").nth(1).waitFor();
}

async function tryAgain({ page, assertAccessible }: Visit): Promise<void> {
  const error = { code: "INTERNAL_ERROR", message: "The server cannot read its store.", details: [] };
  await page.route("**/v1/analytics/**", (route) => route.fulfill({ status: 500, json: { error } }));
  await change(page, "/?span=7d");
  await page.getByText("The one endpoint is healthy.").waitFor();
  await page.getByText(error.message).first().waitFor();
  await assertAccessible("overview-broken");
  await page.unroute("**/v1/analytics/**");
  await page.getByRole("button", { name: "Try again" }).first().click();
  await page.getByText("There were no attempts.").waitFor();
}

async function showFailing({ page, assertAccessible }: Visit, owner: Client, receiver: RunningReceiver): Promise<void> {
  receiver.answerWith(500);
  const events = Array.from({ length: 3 }, () => ({ type: "order.paid", payload: {} }));
  await owner.request("POST", "/v1/events/batch", { body: { events } });
  for (const _ of events) await receiver.next();
  await page.goto(`${app.url}/console/`);
  await page.getByText("0 succeeded and 3 failed.").waitFor();
  await page.getByRole("link", { name: "orders" }).waitFor();
  await page.getByText("0% of 3", { exact: true }).waitFor();
  await page.getByText("None has ended. 3 are still being tried.").waitFor();
  await page.getByText("The most frequent cause was “HTTP status”: 3 of 3.").waitFor();
  await page.getByText("Last failure: HTTP 500 · 3 waiting").waitFor();
  await page.locator("figure .recharts-surface").first().waitFor();
  await assertAccessible("overview-failing");
}

/** Goes on with the charts of the overview. */
async function leadFromCharts({ page }: Visit): Promise<void> {
  const chart = page.locator("figure").filter({ hasText: "0 succeeded and 3 failed." });
  const drawing = chart.locator(".recharts-surface").first();
  await drawing.scrollIntoViewIfNeeded();
  const { x, y, width } = (await drawing.boundingBox()) ?? assert.fail();
  await page.mouse.move(x + width * 0.5, y + 40);
  await page.mouse.down();
  await page.mouse.move(x + width * 0.7, y + 40);
  await page.mouse.move(x + width - 12, y + 40);
  await page.mouse.up();
  await page.waitForURL(OF_A_TIME);
  await page.getByText("order.paid").first().waitFor();
  await page.goBack();
  await page.getByRole("button", { name: "As table: Attempts" }).click();
  const row = page.getByRole("region", { name: "Attempts" }).getByRole("link").first();
  assert.match((await row.getAttribute("href")) ?? "", OF_A_TIME);
  await page.getByRole("button", { name: "As table: Failed attempts by cause" }).click();
  await page.getByRole("link", { name: "HTTP status" }).press("Enter");
  await page.waitForURL(/\/deliveries\?classification=http_status&from=/);
  await page.getByText("order.paid").nth(2).waitFor();
}

test("of more than a page of endpoints, nothing is left out without a word, and each is found", async (t) => {
  const visit = await app.visit("developer", "/console/settings");
  const owner = app.stage.server.as(visit.person.apiKey);
  const numbers = Array.from({ length: 110 }, (_, number) => number);
  const ids = await Promise.all(
    numbers.map((number) =>
      createEndpoint(owner, { name: `customer ${number}.`, url: NOWHERE, event_types: ["none"] }),
    ),
  );
  const paused = { body: { status: "PAUSED" } };
  await Promise.all(ids.slice(-8).map((id) => owner.request("PATCH", `/v1/endpoints/${id}`, paused)));
  const step = stepsOf(t, visit.page);
  await step("the overview names the urgent ones, and leads to all of them", () => nameUrgent(visit));
  await step("an event with many deliveries shows the first ones, and more when asked", () =>
    showSome(visit, ids.slice(0, 60)),
  );
  await step("the list has pages, and the palette and the filters search", () => search(visit));
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

async function nameUrgent({ page }: Visit): Promise<void> {
  await go(page, "/");
  await page.getByRole("link", { name: "customer 102.", exact: true }).waitFor();
  await page.getByRole("link", { name: "2 more" }).waitFor();
  await page.getByRole("link", { name: "2 more" }).click();
  await page.getByText("110 endpoints, of which 102 are healthy.").waitFor();
  const rows = page.locator("[data-row]").filter({ hasText: "paused" });
  await rows.nth(7).waitFor();
  assert.equal(await rows.count(), 8);
  await page.getByLabel("Name or URL").fill("customer 105");
  await page.getByLabel("Name or URL").press("Enter");
  await page.waitForURL(/q=customer/);
  await page.getByRole("link", { name: "customer 104.", exact: true }).waitFor({ state: "detached" });
  await page.getByRole("link", { name: "customer 105.", exact: true }).waitFor();
}

async function showSome({ page, person }: Visit, endpointIds: readonly string[]): Promise<void> {
  const { eventId } = await publish(app.stage.server.as(person.apiKey), 0, { endpoint_ids: endpointIds });
  await go(page, `/events/${eventId}`);
  const boxes = page.getByRole("main").getByRole("checkbox");
  await page.getByRole("button", { name: "Show 10 more" }).waitFor();
  assert.equal(await boxes.count(), 50);
  await page.getByRole("button", { name: "Show 10 more" }).click();
  await boxes.nth(59).waitFor();
}

async function search({ page }: Visit): Promise<void> {
  await change(page, "/endpoints");
  await page.getByRole("button", { name: "Next page" }).click();
  await page.waitForURL(/cursor=/);
  await page.keyboard.press("Control+k");
  await page.getByRole("dialog").getByRole("combobox").fill("customer 77.");
  await page.getByRole("option", { name: /^customer 77\./ }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "customer 77.", level: 1 }).waitFor();
  await go(page, "/deliveries");
  await page.getByRole("button", { name: /^Endpoint:/ }).click();
  await page.getByText("10 more. Type to find them.").waitFor();
  await page
    .getByRole("textbox", { name: "Endpoint" })
    .or(page.getByRole("searchbox", { name: "Endpoint" }))
    .fill("customer 55.");
  await page.getByRole("menuitemcheckbox", { name: "customer 55." }).click();
  await page.waitForURL(/endpoint_id=ep_/);
}
