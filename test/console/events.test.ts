/** The console's pages of events and event types, in a real browser. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { failOnce, patch, publish, stage } from "../harness/scene.ts";
import { startConsole } from "./console.ts";

const app = await startConsole({ after });
const { server } = app.stage;
const HOSTILE = '<img src=x onerror="document.title=1"> \u202egnp.exe \u0000 \u200b';

test("the list of events begins empty, and shows how to publish one", async () => {
  const visit = await app.visit("developer", "/console/events");
  await visit.page.getByText("No event has been published yet.").waitFor();
  await visit.assertAccessible("events-empty");
  await visit.page.getByRole("link", { name: "Publish" }).first().click();
  await visit.page.getByRole("heading", { name: "Publish an event" }).waitFor();
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

test("events are listed with their deliveries, filtered, and opened by keyboard", async (t) => {
  const { client, outcomes } = await stage(t, server, { event_types: ["order.*"], name: "shop" });
  const { deliveryId } = await publish(client, 1);
  await outcomes.until(deliveryId, "DELIVERED");
  await publish(client, 2, { type: "invoice.paid" });
  const visit = await app.visit("developer", "/console/events?status=x", { tenant: client });
  const { page } = visit;
  await page.getByText("The filter status=x is not valid here").waitFor();
  await page.getByText("1 delivered").waitFor();
  await page.getByText("no delivery", { exact: true }).waitFor();
  await visit.assertAccessible("events");
  await page.getByLabel("Deliveries", { exact: true }).selectOption("true");
  await page.waitForURL(/undelivered=true/);
  await page.getByText("1 delivered").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Clear filters" }).click();
  await page.getByText("1 delivered").waitFor();
  await page.getByLabel("Type", { exact: true }).fill("nothing.*");
  await page.getByText("Nothing matches these filters").waitFor();
  await page.getByLabel("Type", { exact: true }).fill("order.*");
  await page.getByText("1 delivered").waitFor();
  await page.getByLabel("Until").fill("2020-01-31T12:00:00");
  await page.keyboard.press("Enter");
  await page.waitForURL(/to=2020-01-31T11/);
  await page.getByText("Nothing matches these filters").waitFor();
  await page.goBack();
  await page.getByText("1 delivered").waitFor();
  await page.getByRole("heading", { level: 1 }).focus();
  await page.keyboard.press("j");
  await page.keyboard.press("e");
  await page.waitForURL(/publish\?like=evt_/);
  await page.goBack();
  await page.getByText("1 delivered").waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "order.paid", level: 1 }).waitFor();
  await page.goBack();
  await page.waitForURL(/type=order/);
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

test("a list that the server cannot send says so, and tries again", async () => {
  const visit = await app.visit("developer", "/console/");
  const { page } = visit;
  const error = { error: { code: "STORE_UNAVAILABLE", message: "The server cannot store anything now.", details: [] } };
  await page.route("**/v1/events?*", (route) => route.fulfill({ status: 500, json: error }));
  await page.goto(`${app.url}/console/events`);
  await page.getByRole("alert").getByText("The server cannot store anything now.").waitFor();
  await visit.assertAccessible("events-error");
  await page.unroute("**/v1/events?*");
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByText("No event has been published yet.").waitFor();
  await visit.close();
});

test("an event shows who got it and who did not, adds to a filter, retries and replays", async (t) => {
  const scene = await stage(t, server, { name: "shop", event_types: ["order.*"], retry_schedule_seconds: [] });
  const { client, hooks, outcomes } = scene;
  const other = await client.request("POST", "/v1/endpoints", {
    body: { name: `ware${HOSTILE.replaceAll(/\p{Cc}/gu, "")}`, url: hooks.url, event_types: ["stock.*"] },
  });
  assert.equal(other.status, 201, other.text);
  const deliveryId = await failOnce(scene);
  const { body: delivery } = await client.request("GET", `/v1/deliveries/${deliveryId}`);
  const visit = await app.visit("developer", `/console/events/${delivery.event_id}`, { tenant: client });
  const { page } = visit;
  await page.getByText("HTTP 500").waitFor();
  await page.getByText("order.paid matched none of its filters.").waitFor();
  await page.getByText("4711").waitFor();
  await visit.assertAccessible("event");

  await page.getByRole("button", { name: /^Why ware/ }).click();
  await page.getByText(/order\.paid matched none of the filters that/).waitFor();
  await page.getByText(/would not get an event of this type now either/).waitFor();
  await page.getByRole("button", { name: /^Add to filter of ware/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Add to filter" }).click();
  await page.getByText("The filter has order.paid now.").waitFor();
  const changed = await client.request("GET", `/v1/endpoints/${other.body.id}`);
  assert.deepEqual((changed.body as unknown as { event_types: string[] }).event_types, ["stock.*", "order.paid"]);

  hooks.react((hook) => hook.answer(200));
  await page.getByRole("button", { name: "Retry 1 failed" }).click();
  await page.getByText("1 delivery is queued again.").waitFor();
  await outcomes.until(deliveryId, "DELIVERED");
  await page.getByRole("checkbox", { name: "Select the delivery to shop" }).check();
  await page.getByRole("button", { name: "Replay to 1 endpoint" }).click();
  await page.getByText("1 new delivery was created.").waitFor();
  await page.getByRole("checkbox").nth(1).waitFor();
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

test("a retry that somebody else was faster with says why, and shows the state of now", async (t) => {
  const scene = await stage(t, server, { name: "shop", retry_schedule_seconds: [] });
  const deliveryId = await failOnce(scene);
  const { body: delivery } = await scene.client.request("GET", `/v1/deliveries/${deliveryId}`);
  const visit = await app.visit("developer", `/console/events/${delivery.event_id}`, { tenant: scene.client });
  const { page } = visit;
  const button = page.getByRole("button", { name: "Retry 1 failed" });
  await button.waitFor();
  // The page must not learn of it before the click.
  await page.route("**/v1/events/*", (route) => route.abort());
  scene.hooks.react((hook) => hook.answer(200));
  await scene.client.request("POST", `/v1/deliveries/${deliveryId}/retry`);
  await scene.outcomes.until(deliveryId, "DELIVERED");
  await button.click();
  await page.getByText("INVALID_STATE").waitFor();
  await page.unroute("**/v1/events/*");
  await visit.close();
});

test("a hostile payload is text, its invisible characters are seen, and a large one is folded", async (t) => {
  const { client } = await stage(t, server, { event_types: ["none"] });
  const payload = `{ "n": 1.0, "t": ${JSON.stringify(HOSTILE)} }`;
  const headers = { "content-type": "application/json" };
  const { body } = await client.request("POST", "/v1/events", { body: `{"type":"a","payload":${payload}}`, headers });
  const visit = await app.visit("developer", `/console/events/${body.event_id}`, { tenant: client });
  const { page } = visit;
  await page.getByText("⟨U+202E⟩").first().waitFor();
  await page.getByText("Raw", { exact: true }).click();
  await page.getByText('"n": 1.0').waitFor();
  assert.equal(await page.locator("img[src=x]").count(), 0);
  assert.equal(await page.title(), "a · Signalbox");
  const large = { text: "x".repeat(261_000) };
  const second = await publish(client, 0, { type: "large", payload: large });
  await page.goto(`${app.url}/console/events/${second.eventId}`);
  await page.getByText("261", { exact: false }).first().waitFor();
  await visit.assertAccessible("event-large");
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

test("an event is published once by its form, which shows faults at their fields and who would get it", async (t) => {
  const { client, hooks } = await stage(t, server, { event_types: ["order.*"], name: "shop" });
  const visit = await app.visit("developer", "/console/events/publish?type=bad%20type", { tenant: client });
  const { page } = visit;
  await page.getByLabel("Payload").fill("{");
  await page.getByRole("button", { name: "Publish" }).click();
  await page.getByText("is not valid JSON").waitFor();
  assert.equal(await page.evaluate("document.activeElement.name"), "type");
  await visit.assertAccessible("publish-faults");
  await page.getByLabel("Type").fill("pause.responded");
  await page.getByLabel("Payload").fill('{"n": 1.0}');
  await page.getByRole("button", { name: "Publish" }).click();
  await page
    .getByText(/must not be one that Signalbox publishes itself/)
    .first()
    .waitFor();
  await page.getByLabel("Type").fill("order.paid");
  await page.getByText("shop would get it: order.paid matches order.*.").waitFor();
  await visit.assertAccessible("publish");
  const key = await page.getByLabel("Idempotency key").inputValue();
  await page.getByRole("button", { name: "Publish" }).click();
  await page.getByText("The event is stored, with 1 delivery.").waitFor();
  assert.equal((await hooks.nth(1)).body, '{"n": 1.0}');
  await page.getByRole("button", { name: "Publish another" }).click();
  await page.getByLabel("Idempotency key").fill(key);
  await page.getByRole("button", { name: "Publish" }).click();
  await page.getByText("This key was used before with the same event").waitFor();
  await page.getByRole("link", { name: "Open the event" }).click();
  await page.getByRole("heading", { name: "order.paid", level: 1 }).waitFor();
  await page.getByRole("link", { name: "Publish again" }).click();
  await page.getByRole("heading", { name: "Publish an event" }).waitFor();
  assert.equal(await page.getByLabel("Payload").inputValue(), '{"n": 1.0}');
  assert.equal(hooks.all.length, 1);
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

test("event types show how often they come and who takes them, and lead to their events", async (t) => {
  const { client, endpointId } = await stage(t, server, { event_types: ["order.*"], name: "shop" });
  await patch(client, endpointId, { status: "PAUSED" });
  for (const type of ["order.paid", "order.paid", "bill"]) await publish(client, 1, { type });
  const empty = await app.visit("developer", "/console/event-types");
  await empty.page.getByText("No event has been published yet.").waitFor();
  await empty.assertAccessible("event-types-empty");
  await empty.close();
  const visit = await app.visit("developer", "/console/event-types?search=%25", { tenant: client });
  const { page } = visit;
  await page.getByText("The filter search=% is not valid here").waitFor();
  await page.getByRole("link", { name: "order.paid", exact: true }).waitFor();
  await visit.assertAccessible("event-types");
  await page.getByLabel("Beginning of the name").fill("bill");
  await page.getByRole("link", { name: "order.paid", exact: true }).waitFor({ state: "detached" });
  await page.getByRole("link", { name: "bill", exact: true }).click();
  await page.waitForURL(/\/events\?type=bill/);
  await page.getByText("no delivery", { exact: true }).waitFor();
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});
