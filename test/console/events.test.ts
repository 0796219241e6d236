/** The console's pages of events and event types, in a real browser. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Page } from "playwright-core";
import { failOnce, publish, type Scene, stage } from "../harness/scene.ts";
import { startConsole, type Visit } from "./console.ts";
import { go, settled, stepsOf, tryAgain, until } from "./waiting.ts";

const app = await startConsole({ after });
const { server } = app.stage;
const HOSTILE = '<img src=x onerror="document.title=1"> \u202egnp.exe \u0000 \u200b';

test("before the first event, the lists say how to publish one, and a list that cannot be read is tried again", async () => {
  const visit = await app.visit("developer", "/console/events");
  const { page } = visit;
  await page.getByText("No event has been published yet.").waitFor();
  await visit.assertAccessible("events-empty");
  const filter = page.getByLabel("Deliveries", { exact: true });
  await tryAgain(page, "**/v1/events?*", () => filter.selectOption("true"));
  await page.getByText("Nothing matches these filters").waitFor();
  await go(page, "/event-types");
  await page.getByText("No event has been published yet.").waitFor();
  await page.getByRole("link", { name: "Publish" }).first().click();
  await page.getByRole("heading", { name: "Publish an event" }).waitFor();
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

test("events: listed, opened, delivered again, and published", async (t) => {
  const scene = await stage(t, server, { name: "shop", event_types: ["order.*"], retry_schedule_seconds: [] });
  const { deliveryId } = await publish(scene.client, 1);
  await scene.outcomes.until(deliveryId, "DELIVERED");
  await publish(scene.client, 2, { type: "invoice.paid" });
  const visit = await app.visit("developer", "/console/events", { tenant: scene.client });
  const step = stepsOf(t, visit.page);
  await step("the list shows what became of each event, and is filtered", () => filterList(visit));
  await step("the list works by keyboard", () => useKeys(visit));
  await step("an event shows who got it and who did not, and adds to a filter", () => explain(visit, scene));
  await step("an event is retried and replayed", () => repeat(visit, scene));
  await step("a retry that somebody else was faster with says why", () => retryTooLate(visit, scene));
  await step("a hostile payload is text with visible marks, and a large one is folded", () =>
    showPayloads(visit, scene),
  );
  await step("an event is published once by its form, which shows faults at their fields", () =>
    publishOnce(visit, scene),
  );
  await step("event types lead to their events", () => listTypes(visit));
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

const LISTS = /\/v1\/events\?.*(payload_contains|cursor)=/;

/** A payload that is in no event that the server has visited so far. The stream does not repeat the whole search. */
async function searchFar(page: Page): Promise<void> {
  let read = 0;
  await page.route(LISTS, (route) => {
    const isSearch = route.request().url().includes("payload_contains");
    if (isSearch) read += 1;
    const found = isSearch ? [] : [{ created_at: "2026-01-31T11:00:00Z" }];
    return route.fulfill({ json: { results: found, has_more: true, next_cursor: `further${read}` } });
  });
  await page.getByLabel("Text in the payload").fill("far away");
  await page.getByText("Nothing matches these filters so far").waitFor();
  await page.getByText("Searched back to 31 Jan 2026, 12:00:00 CET").waitFor();
  assert.equal(read, 10);
  const again = page.waitForResponse((response) => LISTS.test(response.url()));
  // As if there had been an event of each kind.
  await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
  await again;
  await settled(page);
  assert.equal(read, 11);
  await page.getByRole("button", { name: "Search further" }).click();
  await page.waitForURL(/cursor=further10$/);
  await page.getByRole("button", { name: "Clear filters" }).first().click();
  await page.getByText("1 delivered").waitFor();
  await page.unroute(LISTS);
}

async function filterList({ page, assertAccessible }: Visit): Promise<void> {
  const delivered = page.getByText("1 delivered");
  const nothing = page.getByText("Nothing matches these filters");
  await delivered.waitFor();
  await page.getByText("no delivery", { exact: true }).waitFor();
  await assertAccessible("events");
  await page.getByLabel("Deliveries", { exact: true }).selectOption("true");
  await page.waitForURL(/undelivered=true/);
  await delivered.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Clear filters" }).click();
  await delivered.waitFor();
  await page.keyboard.press("Control+k");
  const search = page.getByRole("combobox", { name: "Search or jump to" });
  // Each key press asks for it and shows it: of a long text, only the beginning.
  await search.fill("\u202e".repeat(30_000));
  await page.getByRole("option", { name: /^Events with “(⟨U\+202E⟩){80}…”/ }).waitFor();
  assert.ok((await search.inputValue()).length <= 200);
  await search.fill('"n":1}');
  await page.getByRole("option", { name: "in the payload" }).waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL(/payload_contains=/);
  await page.getByText("no delivery", { exact: true }).waitFor({ state: "detached" });
  await delivered.waitFor();
  await page.getByRole("button", { name: "Clear filters" }).click();
  await page.getByText("no delivery", { exact: true }).waitFor();
  await page.getByLabel("Until").fill("2020-01-31T12:00:00");
  await page.keyboard.press("Enter");
  await page.waitForURL(/to=2020-01-31T11/);
  await nothing.waitFor();
  await page.locator("[type=datetime-local]:focus").waitFor();
  await page.goBack();
  await delivered.waitFor();
  await typeSlowly(page);
  await searchFar(page);
  await page.getByLabel("Type", { exact: true }).fill("order.*");
  await page.waitForURL(/type=order/);
  await page.getByText("no delivery", { exact: true }).waitFor({ state: "detached" });
}

/** What is typed keeps its spaces, and is one step back however often the person paused. */
async function typeSlowly(page: Page): Promise<void> {
  const field = page.getByLabel("Text in the payload");
  await field.pressSequentially("n ");
  await page.waitForURL(/payload_contains=n$/);
  await field.pressSequentially("1");
  await page.waitForURL(/payload_contains=n\+1$/);
  assert.equal(await field.inputValue(), "n 1");
  await page.goBack();
  await page.waitForURL(/\/events$/);
  await until(
    page,
    "[...document.querySelectorAll('[data-filter-field]')].every(({ value }) => value === '')",
    "no text",
  );
}

async function useKeys({ page }: Visit): Promise<void> {
  await page.getByRole("heading", { level: 1 }).focus();
  await page.keyboard.press("j");
  await page.locator("[data-row]:focus").waitFor();
  await page.keyboard.press("e");
  await page.waitForURL(/publish\?like=evt_/);
  await page.getByRole("heading", { name: "Publish an event" }).waitFor();
  await page.goBack();
  await page.getByText("1 delivered").waitFor();
  await page.keyboard.press("j");
  await page.locator("[data-row]:focus").waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "order.paid", level: 1 }).waitFor();
}

async function explain(visit: Visit, scene: Scene): Promise<void> {
  const { client, hooks } = scene;
  const { page } = visit;
  const other = await client.request("POST", "/v1/endpoints", {
    body: { name: `ware${HOSTILE.replaceAll(/\p{Cc}/gu, "")}`, url: hooks.url, event_types: ["stock.*"] },
  });
  assert.equal(other.status, 201, other.text);
  await go(page, `/events/${await failedEvent(scene)}`);
  await page.getByText("HTTP 500").waitFor();
  await page.getByText("order.paid matched none of its filters.").waitFor();
  await page.getByText('"n": 4711').waitFor();
  await visit.assertAccessible("event");
  await page.getByRole("button", { name: /^Why ware/ }).click();
  await page.getByText(/order\.paid matched none of the filters that/).waitFor();
  await page.getByText(/would not get an event of this type now either/).waitFor();
  await page.getByRole("button", { name: /^Add to filter of ware/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Add to filter" }).click();
  await page.getByText(/^The filter of .+ has order\.paid now\.$/).waitFor();
  const changed = await client.request("GET", `/v1/endpoints/${other.body.id}`);
  assert.deepEqual((changed.body as unknown as { event_types: string[] }).event_types, ["stock.*", "order.paid"]);
  assert.equal((await client.request("DELETE", `/v1/endpoints/${other.body.id}`)).status, 204);
}

/** Publishes an event whose only delivery fails. */
async function failedEvent(scene: Scene): Promise<string> {
  const deliveryId = await failOnce(scene);
  return (await scene.client.request("GET", `/v1/deliveries/${deliveryId}`)).body.event_id;
}

/** Goes on with the event that `explain` has opened. */
async function repeat({ page }: Visit, { hooks }: Scene): Promise<void> {
  hooks.react((hook) => hook.answer(200));
  await page.getByRole("button", { name: "Retry 1 failed" }).click();
  await page.getByText("1 delivery is queued again.").waitFor();
  const rows = page.getByRole("region", { name: "Deliveries" }).getByRole("listitem");
  await rows.getByText("delivered").waitFor();
  await page.getByRole("checkbox", { name: "Select the delivery to shop" }).check();
  await page.getByRole("button", { name: "Replay to 1 endpoint" }).click();
  await page.getByText("1 new delivery was created.").waitFor();
  await rows.nth(1).waitFor();
}

async function retryTooLate(visit: Visit, scene: Scene): Promise<void> {
  const { page } = visit;
  const id = await failedEvent(scene);
  await go(page, `/events/${id}`);
  const button = page.getByRole("button", { name: "Retry 1 failed" });
  await button.waitFor();
  // The page must not learn of it before the click.
  await page.route("**/v1/events/*", (route) => route.abort());
  const { client, hooks, outcomes } = scene;
  hooks.react((hook) => hook.answer(200));
  const deliveryId = (await client.request("GET", `/v1/events/${id}`)).body.deliveries[0]?.id ?? assert.fail();
  await client.request("POST", `/v1/deliveries/${deliveryId}/retry`);
  await outcomes.until(deliveryId, "DELIVERED");
  await button.click();
  await page.getByText("INVALID_STATE").waitFor();
  await page.unroute("**/v1/events/*");
}

async function showPayloads(visit: Visit, { client }: Scene): Promise<void> {
  const { page } = visit;
  const payload = `{ "n": 1.0, "t": ${JSON.stringify(HOSTILE)} }`;
  const headers = { "content-type": "application/json" };
  const { body } = await client.request("POST", "/v1/events", { body: `{"type":"a","payload":${payload}}`, headers });
  await go(page, `/events/${body.event_id}`);
  await page.getByText("⟨U+202E⟩").first().waitFor();
  await page.getByText("Raw", { exact: true }).click();
  await page.getByText('"n": 1.0').waitFor();
  assert.equal(await page.locator("img[src=x]").count(), 0);
  assert.equal(await page.title(), "a · Signalbox");
  const large = await publish(client, 0, { type: "large", payload: { text: "x".repeat(261_000) } });
  await go(page, `/events/${large.eventId}`);
  await page.getByText("261", { exact: false }).first().waitFor();
}

async function publishOnce(visit: Visit, { hooks }: Scene): Promise<void> {
  const { page } = visit;
  const received = hooks.all.length;
  const submit = page.getByRole("button", { name: "Publish", exact: true });
  const type = page.getByLabel("Type", { exact: true });
  await go(page, "/events/publish?type=bad%20type");
  await page.getByLabel("Payload").fill("{");
  await submit.click();
  await page.getByText("is not valid JSON").waitFor();
  await page.locator("[name=type]:focus").waitFor();
  await visit.assertAccessible("publish-faults");
  await type.fill("pause.responded");
  await page.getByLabel("Payload").fill('{"n": 1.0}');
  await submit.click();
  await page
    .getByText(/must not be one that Signalbox publishes itself/)
    .first()
    .waitFor();
  await type.fill("order.paid");
  await page.getByText("shop would get it: order.paid matches order.*.").waitFor();
  const key = await page.getByLabel("Idempotency key").inputValue();
  await submit.click();
  await page.getByText("The event is stored, with 1 delivery.").waitFor();
  assert.equal((await hooks.nth(received + 1)).body, '{"n": 1.0}');
  await page.getByRole("button", { name: "Publish another" }).click();
  await page.getByLabel("Idempotency key").fill(key);
  await submit.click();
  await page.getByText("This key was used before with the same event").waitFor();
  assert.equal(hooks.all.length, received + 1);
  await page.getByRole("link", { name: "Open the event" }).click();
  await page.getByRole("heading", { name: "order.paid", level: 1 }).waitFor();
  await page.getByRole("link", { name: "Publish again" }).click();
  await page.getByRole("heading", { name: "Publish an event" }).waitFor();
  await page.getByLabel("Payload").and(page.getByText('{"n": 1.0}')).waitFor();
}

async function listTypes(visit: Visit): Promise<void> {
  const { page } = visit;
  await go(page, "/event-types");
  const paid = page.getByRole("link", { name: "order.paid", exact: true });
  await paid.waitFor();
  await visit.assertAccessible("event-types");
  await page.getByLabel("Beginning of the name").fill("invoice");
  await paid.waitFor({ state: "detached" });
  await page.getByRole("link", { name: "invoice.paid", exact: true }).click();
  await page.waitForURL(/\/events\?type=invoice/);
  await page.getByText("no delivery", { exact: true }).waitFor();
}
