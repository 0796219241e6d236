/** The list of deliveries in a real browser: filters in the URL, acts on one, on some and on all, keyboard, narrow. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startHooks } from "../harness/hooks.ts";
import { createEndpoint, patch, publish, publishMany } from "../harness/scene.ts";
import { type Client, newTenant, type Tenant } from "../harness/server.ts";
import { NARROW, startConsole } from "./console.ts";

const app = await startConsole({ after });
const NOWHERE = "http://127.0.0.1:9/";
const LIST = "/console/deliveries";

interface Shop {
  readonly tenant: Tenant;
  readonly heldId: string;
}

/** Three held deliveries, three that failed, and one that was delivered. */
async function shop(): Promise<Shop> {
  const tenant = await newTenant(app.stage.server);
  const hooks = await startHooks({ after });
  const failing = await startHooks({ after });
  failing.react((hook) => hook.answer(503));
  const heldId = await createEndpoint(tenant, { url: NOWHERE, name: "Held \u202eshop", event_types: ["order.*"] });
  await patch(tenant, heldId, { status: "PAUSED" });
  await createEndpoint(tenant, {
    url: failing.url,
    name: "Failing",
    retry_schedule_seconds: [],
    event_types: ["order.*"],
  });
  await createEndpoint(tenant, { url: hooks.url, name: "Good", event_types: ["order.paid"] });
  for (const type of ["order.paid", "order.sent", "order.sent"]) await publish(tenant, 0, { type });
  await settled(tenant, 4);
  return { tenant, heldId };
}

/** Waits until this many deliveries have ended. The list has no signal for a test, so it is read again. */
async function settled(client: Client, count: number): Promise<void> {
  for (;;) {
    const { body } = await client.request("GET", "/v1/deliveries?status=FAILED&status=DELIVERED&count=true&limit=1");
    if (body.total === count) return;
  }
}

test("the list shows every delivery with its latest result, and its filters are in the URL", async () => {
  const { tenant } = await shop();
  const visit = await app.visit("developer", LIST, { tenant });
  const { page } = visit;
  const rows = page.locator("[data-row]");
  await page.getByText("7 deliveries match").waitFor();
  assert.equal(await rows.count(), 7);
  await page.getByText("Held ⟨U+202E⟩shop").first().waitFor();
  await page.getByText("HTTP 503").first().waitFor();
  await visit.assertAccessible("deliveries");
  await page.getByRole("button", { name: /^State:/ }).click();
  await page.getByRole("menuitemcheckbox", { name: "failed", exact: true }).click();
  await page.getByRole("menuitemcheckbox", { name: "delivered", exact: true }).click();
  await page.waitForURL(/status=FAILED&status=DELIVERED/);
  await page.getByText("4 deliveries match").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "More filters" }).click();
  await page.getByLabel("HTTP status").fill("5xx");
  await page.waitForURL(/http_status=5xx/);
  await page.getByText("3 deliveries match").waitFor();
  await visit.assertAccessible("deliveries-filtered");
  await page.goBack();
  await page.getByText("4 deliveries match").waitFor();
  await page.getByRole("button", { name: "Views" }).click();
  await page.getByRole("menuitem", { name: "Held", exact: true }).click();
  await page.getByText("3 deliveries match").waitFor();
  assert.equal(new URL(page.url()).search, "?status=HELD");
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

test("a bad filter in a URL is left out with a notice that names it, and the others apply", async () => {
  const { tenant } = await shop();
  const bad = "status=HELD&status=nonsense&http_status=9xx&attempts_min=many&color=red&cursor=nonsense";
  const visit = await app.visit("developer", `${LIST}?${bad}`, { tenant });
  const { page } = visit;
  await page.getByText("3 deliveries match").waitFor();
  for (const named of ["status=nonsense", "http_status=9xx", "attempts_min=many", "color=red"]) {
    await page.getByText(`The filter ${named} is not valid here`).waitFor();
  }
  await page.getByText("That page of the list no longer exists").waitFor();
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

test("an empty list says what fills it, and one that is filtered to nothing says which filter to drop", async () => {
  const visit = await app.visit("developer", LIST);
  const { page, person } = visit;
  await page.getByText("No delivery was made yet.").waitFor();
  await visit.assertAccessible("deliveries-empty");
  const owner = app.stage.server.as(person.apiKey);
  await patch(owner, await createEndpoint(owner, { url: NOWHERE }), { status: "PAUSED" });
  await publish(owner);
  await page.goto(`${app.url}${LIST}?status=HELD&event_type=none.such`);
  await page.getByText("Nothing matches these filters").waitFor();
  await page.getByRole("button", { name: "Without Event type, or prefix.*: 1" }).click();
  await page.waitForURL((url) => url.search === "?status=HELD");
  await page.getByText("1 delivery matches").waitFor();
  await visit.close();
});

test("one delivery is retried, replayed and cancelled from its row, and a conflict says what it is now", async () => {
  const { tenant } = await shop();
  const visit = await app.visit("developer", `${LIST}?status=HELD`, { tenant });
  const { page } = visit;
  const rows = page.locator("[data-row]");
  await rows.nth(2).waitFor();
  const act = async (row: number, name: string) => {
    await rows
      .nth(row)
      .getByRole("button", { name: /^Actions for/ })
      .click();
    await page.getByRole("menuitem", { name, exact: true }).click();
  };
  await act(0, "Replay");
  await page.getByText("Queued as a new delivery.").waitFor();
  const taken = await rows.nth(1).getAttribute("data-row");
  await tenant.request("POST", `/v1/deliveries/${taken}/cancel`);
  await act(1, "Cancel");
  await page.getByText("Somebody was faster.").waitFor();
  await page.getByText("The delivery has already ended.").waitFor();
  await page.goto(`${app.url}${LIST}?status=CANCELLED`);
  await rows.nth(0).waitFor();
  await act(0, "Retry");
  await page.getByText("Queued for another try.").waitFor();
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

test("selected deliveries are counted before they are changed, and the job's page follows", async () => {
  const { tenant } = await shop();
  const visit = await app.visit("developer", `${LIST}?status=FAILED`, { tenant });
  const { page } = visit;
  await page.locator("[data-row]").nth(2).waitFor();
  await page.getByRole("checkbox", { name: "Select all on this page" }).check();
  await page.getByText("3 selected").waitFor();
  await page.getByRole("button", { name: "Retry", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Retry 3 deliveries" }).waitFor();
  await dialog.getByRole("cell", { name: "Failing" }).waitFor();
  await visit.assertAccessible("deliveries-bulk");
  await dialog.getByLabel("Deliveries in a second").fill("0");
  await dialog.getByText("A whole number from 1 to 10,000.").waitFor();
  await dialog.getByLabel("Deliveries in a second").fill("50");
  await dialog.getByRole("button", { name: "Retry 3 deliveries" }).click();
  await page.waitForURL(/\/console\/jobs\/job_/);
  await page.getByRole("heading", { name: "Retry deliveries", level: 1 }).waitFor();
  await page.getByText("3 of 3").waitFor();
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

test("cancelling all that match takes a typed word, and only what matches is cancelled", async () => {
  const { tenant, heldId } = await shop();
  await publishMany(tenant, 20);
  const visit = await app.visit("developer", `${LIST}?endpoint_id=${heldId}`, { tenant });
  const { page } = visit;
  await page.getByText("23 deliveries match").waitFor();
  await page.getByRole("button", { name: "All that match" }).click();
  await page.getByRole("menuitem", { name: "Cancel all that match" }).click();
  const confirm = page.getByRole("dialog").getByRole("button", { name: "Cancel 23 deliveries" });
  await confirm.waitFor();
  assert.equal(await confirm.isDisabled(), true);
  await page.getByLabel("Type cancel to confirm").fill("cancel");
  await confirm.click();
  await page.waitForURL(/\/console\/jobs\/job_/);
  await page.getByText("23 of 23").waitFor();
  const { body } = await tenant.request("GET", "/v1/deliveries?status=CANCELLED&count=true&limit=1");
  assert.equal(body.total, 23);
  await visit.close();
});

test("everything works by keyboard alone", async () => {
  const { tenant } = await shop();
  const visit = await app.visit("developer", `${LIST}?status=FAILED`, { tenant });
  const { page } = visit;
  await page.locator("[data-row]").nth(2).waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  const second = await page.locator("[data-row]").nth(1).getAttribute("data-row");
  assert.equal(await page.evaluate("document.activeElement.dataset.row"), second);
  await page.keyboard.press("x");
  await page.getByText("1 selected").waitFor();
  await page.keyboard.press("r");
  await page.getByText("Queued for another try.").waitFor();
  await page.keyboard.press("Y");
  const curl = await page.evaluate<string>("navigator.clipboard.readText()");
  assert.match(
    curl,
    /^curl 'http:.*\/v1\/deliveries\?status=FAILED&limit=50' -H "Authorization: Bearer \$SIGNALBOX_API_KEY"$/,
  );
  await page.keyboard.press("/");
  await page.keyboard.type("order.sent");
  await page.waitForURL(/search=order.sent/);
  await page.keyboard.press("Escape");
  await page.locator("[data-row]").first().waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/console\/deliveries\/del_/);
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

test("columns and views are kept by the browser", async () => {
  const { tenant } = await shop();
  const visit = await app.visit("developer", `${LIST}?status=FAILED&sort=attempts`, { tenant });
  const { page } = visit;
  await page.locator("[data-row]").first().waitFor();
  await page.getByRole("button", { name: "Columns" }).click();
  await page.getByRole("menuitemcheckbox", { name: "Id" }).click();
  await page.keyboard.press("Escape");
  await page.getByRole("columnheader", { name: "Id" }).waitFor();
  await page.getByRole("button", { name: "Views" }).click();
  await page.getByRole("menuitem", { name: "Save this view…" }).click();
  await page.getByLabel("Name").fill("Mine");
  await page.keyboard.press("Enter");
  await page.goto(`${app.url}${LIST}`);
  await page.getByRole("columnheader", { name: "Id" }).waitFor();
  await page.getByRole("button", { name: "Views" }).click();
  await page.getByRole("menuitem", { name: "Mine" }).click();
  await page.waitForURL(/status=FAILED/);
  await visit.close();
});

test("a server that fails says so with its own sentence, and the page tries again", async () => {
  const visit = await app.visit("developer", "/console/settings");
  const { page } = visit;
  const error = {
    error: { code: "STORE_UNAVAILABLE", message: "The store cannot be read at the moment.", details: [] },
  };
  let failing = true;
  await page.route("**/v1/deliveries?*", (route) =>
    failing ? route.fulfill({ status: 500, json: error }) : route.continue(),
  );
  await page.goto(`${app.url}${LIST}`);
  await page.getByText("The store cannot be read at the moment.").waitFor();
  failing = false;
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByText("No delivery was made yet.").waitFor();
  await visit.close();
});

test("on a narrow screen, rows are cards and the filters are in a sheet", async () => {
  const { tenant } = await shop();
  const visit = await app.visit("developer", LIST, { tenant, viewport: NARROW });
  const { page } = visit;
  await page.getByRole("list", { name: "Deliveries" }).waitFor();
  await page.getByRole("button", { name: "Filters" }).click();
  await page.getByRole("dialog").getByLabel("Order").selectOption("attempts");
  await page.waitForURL(/sort=attempts/);
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});
