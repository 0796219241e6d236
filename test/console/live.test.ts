/** What a page does while things happen: the stream's topics, a server that restarts, a full disk, and other tabs. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Page } from "playwright-core";
import { newDataDir } from "../harness/child.ts";
import { polled } from "../harness/deadline.ts";
import { startHere } from "../harness/in-process.ts";
import { createSource } from "../harness/inbound.ts";
import { ask } from "../harness/pauses.ts";
import { PASSWORD } from "../harness/people.ts";
import { createEndpoint, patch, publish, publishMany } from "../harness/scene.ts";
import { startConsole, type Visit } from "./console.ts";
import { appears, disappears, go, stepsOf } from "./waiting.ts";

const app = await startConsole({ after });
const NOWHERE = "http://127.0.0.1:9/";

test("a page learns of what happens, and says what a full server says", async (t) => {
  const visit = await app.visit("org_admin", "/console/endpoints");
  const step = stepsOf(t, visit.page);
  await step("what happens on the server appears on every list by itself: each topic of the stream", () =>
    seeTopics(visit),
  );
  await step("a full server: a banner, which endpoint holds too much, how long to wait, by how much too large", () =>
    fillUp(visit),
  );
  await step("a tab that is hidden for long holds no connection, and then shows what was missed", () =>
    hideForLong(visit),
  );
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

async function hideForLong({ page, person }: Visit): Promise<void> {
  // What the page plans for minutes later happens at once.
  const setHidden = (hidden: boolean) =>
    page.evaluate(`{
      const { setTimeout } = globalThis;
      globalThis.setTimeout = (run, ms) => setTimeout(run, ms < 60_000 ? ms : 0);
      Object.defineProperty(document, "hidden", { configurable: true, get: () => ${hidden} });
      document.dispatchEvent(new Event("visibilitychange"));
      globalThis.setTimeout = setTimeout;
    }`);
  await go(page, "/endpoints", "Endpoints");
  await setHidden(true);
  await appears(page.getByText("Paused while this tab was hidden"));
  await createEndpoint(app.stage.server.as(person.apiKey), { url: NOWHERE, name: "made while hidden" });
  await setHidden(false);
  await appears(
    page
      .getByRole("link", { name: "made while hidden" })
      .or(page.getByRole("button", { name: "1 new" }))
      .first(),
  );
  await appears(page.getByText("Live", { exact: true }));
}

async function seeTopics({ page, person }: Visit): Promise<void> {
  const owner = app.stage.server.as(person.apiKey);
  const rows = page.locator("[data-row]");
  await appears(page.getByText("Live", { exact: true }));

  const endpointId = await createEndpoint(owner, { url: NOWHERE, name: "first name" });
  await patch(owner, endpointId, { name: "second name", status: "PAUSED" });
  await appears(page.getByRole("link", { name: "second name" }));

  await go(page, "/events", "Events");
  await appears(page.getByText("Nothing was published yet").or(page.getByRole("main").locator("pre")).first());
  // Nobody reads an empty list, so the first rows appear at once.
  await publish(owner);
  await appears(rows.first());

  await go(page, "/deliveries", "Deliveries");
  await appears(rows.first());
  await publish(owner);
  await appears(page.getByRole("button", { name: "1 new", exact: true }));
  assert.equal(await rows.count(), 1, "rows do not move under a reader");
  await page.keyboard.press("l");
  await appears(rows.nth(1));
  const { deliveryId } = await publish(owner);
  await appears(rows.nth(2));
  await appears(page.getByRole("button", { name: "Following" }));

  await go(page, "/jobs", "Jobs");
  await owner.request("POST", "/v1/deliveries/bulk", { body: { action: "cancel", filter: {} } });
  await appears(rows.first().getByText("done"));
  await go(page, `/deliveries/${deliveryId}`, "order.paid to second name");
  await appears(page.locator("h1 ~ *, header").getByText("cancelled").first());

  await go(page, "/pauses", "Pauses");
  await ask(owner);
  await appears(page.getByRole("navigation").getByText("open", { exact: false }).first());
  await appears(rows.or(page.getByRole("button", { name: /new$/ })).first());

  await go(page, "/inbound/quarantine", "Quarantine");
  const { id } = await createSource(owner, { scheme: "github" });
  // More than the page is told of in a second. The news of a request come through all the same.
  await publishMany(owner, 100);
  await owner.request("POST", `/in/${id}`, { key: null, body: {} });
  await appears(rows.first());
  await appears(page.getByRole("navigation").getByText("refused in the last day"));
}

/** How the server answers while it can store nothing. */
async function storeNothing(page: Page): Promise<void> {
  const error = { code: "STORE_UNAVAILABLE", message: "The event cannot be stored: the disk is full.", details: [] };
  await page.route("**/v1/events", (route) => route.fulfill({ status: 503, json: { error } }));
  await page.route("**/readyz", (route) => route.fulfill({ status: 503, json: { reason: "the disk is full" } }));
}

async function setQuotas(
  { tenantId }: Visit["person"],
  quotas: Readonly<Record<string, number | null>>,
): Promise<void> {
  const changed = await app.stage.server.request("PATCH", `/v1/tenants/${tenantId}`, { body: { quotas } });
  assert.equal(changed.status, 200, changed.text);
}

async function fillUp(visit: Visit): Promise<void> {
  const { page, person } = visit;
  await go(page, "/events/publish", "Publish an event");
  const submit = page.getByRole("button", { name: "Publish", exact: true });
  const typed = page.getByLabel("Type", { exact: true });
  const banner = page.getByRole("alert").getByText("Nothing that it accepted is lost. The disk is full.");
  await typed.fill("typed.type");
  await storeNothing(page);
  await submit.click();
  await appears(page.getByText("STORE_UNAVAILABLE"));
  await appears(banner);
  await visit.assertAccessible("full-disk");
  assert.equal(await typed.inputValue(), "typed.type");
  await page.unrouteAll();
  await disappears(banner);
  await submit.click();
  await appears(page.getByText(/^The event is stored/));
  await page.getByRole("button", { name: "Publish another" }).click();

  const owner = app.stage.server.as(person.apiKey);
  const id = await createEndpoint(owner, { url: NOWHERE, name: "the full one" });
  await patch(owner, id, { status: "PAUSED" });
  const message = `The paused endpoint ${id} holds as many deliveries as it may. Resume or delete it.`;
  const full = { error: { code: "PAUSED_BACKLOG_FULL", message, details: [] } };
  await page.route("**/v1/events", (route) => route.fulfill({ status: 507, json: full }), { times: 1 });
  await submit.click();
  await appears(page.getByRole("link", { name: "the full one" }));
  await visit.assertAccessible("full-endpoint");
  await page.getByRole("button", { name: "Resume" }).click();
  await appears(page.getByText("The endpoint is resumed. Try again."));

  await setQuotas(person, { events_per_second: 1 });
  const publishing = () => owner.request("POST", "/v1/events", { body: { type: "a", payload: {} } });
  await polled(async () => ((await publishing()).status === 429 ? true : null), "the quota");
  await submit.click();
  await appears(page.getByText("Try again in 1 second"));
  await appears(submit.and(page.locator(":enabled")));
  await submit.click();
  await appears(page.getByText(/^The event is stored/));

  await setQuotas(person, { events_per_second: null, stored_bytes: 1 });
  await page.getByRole("button", { name: "Publish another" }).click();
  await submit.click();
  await appears(page.getByText(/^This tenant may store 1 bytes?, and this request would exceed that/));
  assert.equal(await typed.inputValue(), "typed.type");

  await setQuotas(person, { stored_bytes: null });
  await go(page, "/endpoints/new", "New endpoint");
  await page.getByLabel(/^URL/).fill("https://example.com/");
  await page.getByLabel("Description").fill("x".repeat(70_000));
  await page.getByRole("button", { name: "Create the endpoint" }).click();
  await appears(page.getByText(/body must be at most 65536 bytes, and this one has \d+ more/).first());
}

test("two tabs share a stream and a session: one reads, both refresh; a sign-in or a sign-out in one is enough", async () => {
  const visit = await app.visit("developer", "/console/endpoints");
  const { page, person } = visit;
  await appears(page.getByText("Live", { exact: true }));
  const second = await visit.secondTab();
  const streams: string[] = [];
  second.on("request", (request) => {
    if (request.url().includes("/v1/stream")) streams.push(request.url());
  });
  await second.goto(`${app.url}/console/endpoints`);
  await appears(second.getByText("Live", { exact: true }));
  await createEndpoint(app.stage.server.as(person.apiKey), { url: NOWHERE, name: "seen by both" });
  for (const tab of [page, second]) await appears(tab.getByRole("link", { name: "seen by both" }));
  assert.deepEqual(streams, []);
  // The other tab takes over.
  const taken = second.waitForRequest(/\/v1\/stream/);
  await page.goto("about:blank");
  await taken;

  await page.goto(`${app.url}/console/events/publish`);
  await page.getByLabel("Type", { exact: true }).fill("typed.here");
  await visit.endSession();
  await second.getByRole("navigation").getByRole("link", { name: "Jobs" }).click();
  const [dialog, other] = [second, page].map((one) => one.getByRole("dialog", { name: "Your session has ended" }));
  assert.ok(dialog !== undefined && other !== undefined);
  await appears(other);
  await dialog.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await dialog.getByRole("button", { name: "Sign in" }).click();
  await disappears(other);
  assert.equal(await page.getByLabel("Type", { exact: true }).inputValue(), "typed.here");
  await second.getByRole("button", { name: /^Your account/ }).click();
  await second.getByRole("menuitem", { name: "Sign out" }).click();
  for (const tab of [page, second]) await appears(tab.getByRole("heading", { name: "Sign in" }));
  assert.equal(new URL(page.url()).searchParams.get("to"), "/console/events/publish");
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

test("a server that restarts under an open page: not live since, then live again, and what was missed is there", async (t) => {
  const dataDir = await newDataDir(t);
  const admin = { SIGNALBOX_ADMIN_EMAIL: "ops@example.com", SIGNALBOX_ADMIN_PASSWORD: PASSWORD };
  const first = await startHere(t, dataDir, admin);
  const visit = await app.open(`${first.url}/console/endpoints`);
  const { page } = visit;
  await page.getByLabel("Email address").fill("ops@example.com");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.keyboard.press("Enter");
  await appears(page.getByText("Live", { exact: true }));
  await first.close();
  await appears(page.getByText(/^Not live since \d\d:\d\d/));
  await page.keyboard.press("?");
  await appears(page.getByRole("dialog", { name: "The server cannot be reached" }));
  await page.keyboard.press("Escape");
  await appears(page.getByRole("heading", { name: "Endpoints", level: 1 }));
  await page.getByRole("navigation").getByRole("link", { name: "Settings" }).click();
  await appears(page.getByRole("heading", { name: "The server cannot be reached" }));
  const again = page.getByRole("button", { name: "Try again" });
  await again.click();
  await appears(again.and(page.locator(":enabled")));
  const second = await startHere(t, dataDir, { PORT: new URL(first.url).port });
  await createEndpoint(second, { url: NOWHERE, name: "made meanwhile" });
  await appears(page.getByRole("heading", { name: "Settings", level: 1 }));
  await page.getByRole("navigation").getByRole("link", { name: "Endpoints" }).click();
  await appears(page.getByRole("link", { name: "made meanwhile" }));
  await appears(page.getByText("Live", { exact: true }));
  await visit.close();
});
