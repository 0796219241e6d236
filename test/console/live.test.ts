/** What a page does while things happen: the stream's topics, a server that restarts, a full disk, and other tabs. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Page } from "playwright-core";
import { newDataDir, startChild } from "../harness/child.ts";
import { polled } from "../harness/deadline.ts";
import { startHooks } from "../harness/hooks.ts";
import { createSource } from "../harness/inbound.ts";
import { signedIn } from "../harness/jar.ts";
import { ask } from "../harness/pauses.ts";
import { PASSWORD, stagePeople } from "../harness/people.ts";
import { createEndpoint, patch, publish } from "../harness/scene.ts";
import { startConsole } from "./console.ts";

const app = await startConsole({ after });
const NOWHERE = "http://127.0.0.1:9/";

/** Goes to another page as a link does, and waits for its list. */
async function go(page: Page, path: string, heading: string): Promise<void> {
  await page.evaluate(`history.pushState({}, "", ${JSON.stringify(`/console${path}`)})`);
  await page.getByRole("heading", { level: 1, name: heading, exact: true }).waitFor();
  await page.locator("main:not(:has([aria-busy=true])) h1").first().waitFor();
}

test("what happens on the server appears on every list by itself: each topic of the stream", async () => {
  const visit = await app.visit("org_admin", "/console/endpoints");
  const { page, person } = visit;
  const owner = app.stage.server.as(person.apiKey);
  const rows = page.locator("[data-row]");
  await page.getByText("Live", { exact: true }).waitFor();

  const endpointId = await createEndpoint(owner, { url: NOWHERE, name: "first name" });
  await page.getByRole("link", { name: "first name" }).waitFor();
  await patch(owner, endpointId, { name: "second name", status: "PAUSED" });
  await page.getByRole("link", { name: "second name" }).waitFor();

  await go(page, "/events", "Events");
  await page.getByText("Nothing was published yet").or(page.getByRole("main").locator("pre")).first().waitFor();
  await publish(owner);
  await page.getByRole("button", { name: "1 new", exact: true }).click();
  await rows.first().waitFor();

  await go(page, "/deliveries", "Deliveries");
  await rows.first().waitFor();
  await publish(owner);
  await page.getByRole("button", { name: "1 new", exact: true }).waitFor();
  assert.equal(await rows.count(), 1, "rows do not move under a reader");
  await page.keyboard.press("l");
  await rows.nth(1).waitFor();
  const { deliveryId } = await publish(owner);
  await rows.nth(2).waitFor();
  await page.getByRole("button", { name: "Following" }).waitFor();

  await go(page, "/jobs", "Jobs");
  await owner.request("POST", "/v1/deliveries/bulk", { body: { action: "cancel", filter: {} } });
  await page.getByRole("button", { name: "1 new", exact: true }).click();
  await rows.first().getByText("done").waitFor();
  await go(page, `/deliveries/${deliveryId}`, "order.paid to second name");
  await page.locator("h1 ~ *, header").getByText("cancelled").first().waitFor();

  await go(page, "/pauses", "Pauses");
  await ask(owner);
  await page.getByRole("navigation").getByText("open", { exact: false }).first().waitFor();
  await rows
    .first()
    .or(page.getByRole("button", { name: /new$/ }))
    .first()
    .waitFor();

  await go(page, "/inbound/quarantine", "Quarantine");
  const { id } = await createSource(owner, { scheme: "github" });
  await owner.request("POST", `/in/${id}`, { key: null, body: {} });
  await page.getByRole("button", { name: "1 new", exact: true }).click();
  await rows.first().waitFor();
  await page.getByRole("navigation").getByText("refused in the last day").waitFor();
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

test("signing out in one tab signs out the others, and signing in again over one page is enough for all", async () => {
  const visit = await app.visit("developer", "/console/endpoints");
  const { page } = visit;
  const second = await visit.secondTab();
  await second.goto(`${app.url}/console/events/publish`);
  await second.getByLabel("Type", { exact: true }).fill("typed.here");
  await visit.endSession();
  await page.getByRole("navigation").getByRole("link", { name: "Jobs" }).click();
  const [dialog, other] = [page, second].map((one) => one.getByRole("dialog", { name: "Your session has ended" }));
  await other?.waitFor();
  await dialog?.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await dialog?.getByRole("button", { name: "Sign in" }).click();
  await other?.waitFor({ state: "detached" });
  assert.equal(await second.getByLabel("Type", { exact: true }).inputValue(), "typed.here");
  await page.getByRole("button", { name: /^Your account/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  for (const tab of [page, second]) await tab.getByRole("heading", { name: "Sign in" }).waitFor();
  assert.equal(new URL(second.url()).searchParams.get("to"), "/console/events/publish");
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

test("an export that breaks off says so", async () => {
  const visit = await app.visit("developer", "/console/jobs/exports");
  const { page } = visit;
  // The progress has a random token, which the broken export has to name.
  await page.addInitScript("crypto.getRandomValues = (numbers) => numbers.fill(7)");
  const failed = { token: "7-7-7-7", state: "failed", rows: 12, total: 300 };
  await page.route("**/v1/stream?*", (route) =>
    route.fulfill({ contentType: "text/event-stream", body: `event: export\ndata: ${JSON.stringify(failed)}\n\n` }),
  );
  await page.reload();
  await page.getByRole("button", { name: "Download" }).click();
  await page.getByRole("alert").getByText(/12/).waitFor();
  await visit.assertAccessible("export-broken");
  await visit.close();
});

test("a server that restarts under an open page: not live since, then live again, and what was missed is there", async (t) => {
  const dataDir = await newDataDir(t);
  const admin = { SIGNALBOX_ADMIN_EMAIL: "ops@example.com", SIGNALBOX_ADMIN_PASSWORD: PASSWORD };
  const first = await startChild(t, dataDir, admin);
  const visit = await app.open(`${first.url}/console/endpoints`);
  const { page } = visit;
  await page.getByLabel("E-mail address").fill("ops@example.com");
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByText("Live", { exact: true }).waitFor();
  first.signal("SIGKILL");
  await first.exited;
  await page.getByText(/^Not live since \d\d:\d\d/).waitFor();
  await page.getByRole("navigation").getByRole("link", { name: "Settings" }).click();
  await page.getByRole("heading", { name: "The server cannot be reached" }).waitFor();
  const again = page.getByRole("button", { name: "Try again" });
  await again.click();
  await again.and(page.locator(":enabled")).waitFor();
  const second = await startChild(t, dataDir, { PORT: new URL(first.url).port });
  await createEndpoint(second, { url: NOWHERE, name: "made meanwhile" });
  await again.click();
  await page.getByRole("heading", { name: "Settings", level: 1 }).waitFor();
  await page.getByRole("navigation").getByRole("link", { name: "Endpoints" }).click();
  await page.getByRole("link", { name: "made meanwhile" }).waitFor();
  await page.getByText("Live", { exact: true }).waitFor();
  await visit.close();
});

test("a full disk: a banner says that nothing is lost, forms keep their text, and the banner goes by itself", async (t) => {
  const stage = await stagePeople(t, { pagesMax: 1500 });
  const { server } = stage;
  const person = await stage.person("developer");
  const jar = await signedIn(server.url, person.email, PASSWORD);
  const visit = await app.open(`${server.url}/console/events/publish`, jar.cookie);
  const { page } = visit;
  await page.getByText("Live", { exact: true }).waitFor();
  const filler = (chars: number) =>
    server.request("POST", "/v1/events", { body: { type: "filler", payload: { padding: "x".repeat(chars) } } });
  for (const chars of [100_000, 10_000, 1000, 10]) while ((await filler(chars)).status === 202);
  await page.getByLabel("Type", { exact: true }).fill("typed.type");
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await page.getByText("STORE_UNAVAILABLE").waitFor();
  const banner = page.getByRole("alert").getByText("Nothing that it accepted is lost.");
  await banner.waitFor();
  await visit.assertAccessible("full-disk");
  assert.equal(await page.getByLabel("Type", { exact: true }).inputValue(), "typed.type");
  // Retention frees space.
  const request = { now: server.clock.now() + 365 * 86_400_000, retentionMs: 30 * 86_400_000 };
  for (let more = true; more; ) ({ more } = await server.store.sweep(request));
  await polled(async () => ((await server.request("GET", "/readyz")).status === 200 ? true : null), "space");
  await banner.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await page.getByText(/^The event is stored/).waitFor();
  await visit.close();
});

test("429, 507 and 413 of a real server: how long to wait, which endpoint is full, and by how much it is too large", async () => {
  const visit = await app.visit("developer", "/console/events/publish");
  const { page, person } = visit;
  const body = { quotas: { events_per_second: 1 } };
  const changed = await app.stage.server.request("PATCH", `/v1/tenants/${person.tenantId}`, { body });
  assert.equal(changed.status, 200, changed.text);
  await page.getByLabel("Type", { exact: true }).fill("typed.type");
  const owner = app.stage.server.as(person.apiKey);
  await polled(
    async () =>
      (await owner.request("POST", "/v1/events", { body: { type: "a", payload: {} } })).status === 429 ? true : null,
    "the quota",
  );
  const submit = page.getByRole("button", { name: "Publish", exact: true });
  await submit.click();
  await page.getByText("Try again in 1 second").waitFor();
  await submit.and(page.locator(":enabled")).click();
  await page.getByText(/^The event is stored/).waitFor();
  await page.getByRole("button", { name: "Publish another" }).click();

  const hooks = await startHooks({ after });
  const id = await createEndpoint(owner, { url: hooks.url, name: "the full one" });
  await patch(owner, id, { status: "PAUSED" });
  const message = `The paused endpoint ${id} holds as many deliveries as it may. Resume or delete it.`;
  const full = { error: { code: "PAUSED_BACKLOG_FULL", message, details: [] } };
  await page.route("**/v1/events", (route) => route.fulfill({ status: 507, json: full }), { times: 1 });
  await submit.click();
  await page.getByRole("link", { name: "the full one" }).waitFor();
  await visit.assertAccessible("full-endpoint");
  await page.getByRole("button", { name: "Resume" }).click();
  await page.getByText("The endpoint is resumed. Try again.").waitFor();
  await submit.and(page.locator(":enabled")).click();
  await page.getByText(/^The event is stored/).waitFor();

  await page.goto(`${app.url}/console/endpoints/new`);
  await page.getByLabel(/^URL/).fill("https://example.com/");
  await page.getByLabel("Description").fill("x".repeat(70_000));
  await page.getByRole("button", { name: "Create the endpoint" }).click();
  await page
    .getByText(/body must be at most 65536 bytes, and this one has \d+ more/)
    .first()
    .waitFor();
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});
