/** The list of deliveries in a real browser: filters in the URL, acts on one, on some and on all, keyboard, narrow. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { polled } from "../harness/deadline.ts";
import { startHooks } from "../harness/hooks.ts";
import { createEndpoint, patch, publish } from "../harness/scene.ts";
import type { AnswerBody, Client } from "../harness/server.ts";
import { NARROW, startConsole, type Visit } from "./console.ts";
import { change, disappears, go, stepsOf, tryAgain } from "./waiting.ts";

const app = await startConsole({ after });
const NOWHERE = "http://127.0.0.1:9/";
const LIST = "/console/deliveries";

/** Three held deliveries, three that failed, and one that was delivered. Returns the endpoint that holds. */
async function openShop(owner: Client): Promise<string> {
  const hooks = await startHooks({ after });
  const failing = await startHooks({ after });
  failing.react((hook) => hook.answer(503));
  const heldId = await createEndpoint(owner, { url: NOWHERE, name: "Held \u202eshop", event_types: ["order.*"] });
  await patch(owner, heldId, { status: "PAUSED" });
  const fields = { url: failing.url, name: "Failing", retry_schedule_seconds: [], event_types: ["order.*"] };
  await createEndpoint(owner, fields);
  await createEndpoint(owner, { url: hooks.url, name: "Good", event_types: ["order.paid"] });
  for (const type of ["order.paid", "order.sent", "order.sent"]) await publish(owner, 0, { type });
  await whenCounted(owner, "status=FAILED&status=DELIVERED", 4);
  return heldId;
}

async function counted(owner: Client, query: string): Promise<number> {
  return (await read(owner, `${query}&count=true&limit=1`)).total;
}

async function read(owner: Client, query: string): Promise<AnswerBody> {
  const answer = await owner.request("GET", `/v1/deliveries?${query}`);
  assert.equal(answer.status, 200, answer.text);
  return answer.body;
}

async function whenCounted(owner: Client, query: string, count: number): Promise<void> {
  await polled(async () => ((await counted(owner, query)) === count ? true : null), `${count} of ${query}`);
}

test("the list of deliveries, from empty to acts on all that match", async (t) => {
  const visit = await app.visit("developer", LIST);
  const owner = app.stage.server.as(visit.person.apiKey);
  const step = stepsOf(t, visit.page);
  await step("an empty list says what fills it, and one that cannot be read is tried again", () => begin(visit));
  const heldId = await openShop(owner);
  await visit.page.goto(app.url + LIST);
  await step("each delivery has its latest result, and filters and views are in the URL", () => filterList(visit));
  await step("a list that is filtered to nothing says which filter to drop", () => dropFilter(visit));
  await step("one delivery is retried, replayed and cancelled from its row, and a conflict says what it is now", () =>
    actOnOne(visit, owner),
  );
  await step("selected deliveries are counted before they are changed, and the job's page follows", () =>
    actOnSome(visit),
  );
  await whenCounted(owner, "status=FAILED", 3);
  await step("everything works by keyboard", () => useKeys(visit));
  await step("columns and views are kept by the browser", () => keepViews(visit));
  await step("cancelling all that match takes a typed word, and only what matches is cancelled", () =>
    cancelAll(visit, owner, heldId),
  );
  await step("on a narrow screen, rows are cards and the filters are in a sheet", () => narrow(visit));
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

async function begin({ page, assertAccessible }: Visit): Promise<void> {
  await page.getByText("There is no delivery yet.").waitFor();
  await assertAccessible("deliveries-empty");
  await tryAgain(page, "**/v1/deliveries?*", () => change(page, "/deliveries?status=EXPIRED"));
  await page.getByText("Nothing matches these filters").waitFor();
}

async function filterList({ page, assertAccessible }: Visit): Promise<void> {
  await page.getByText("7 deliveries match").waitFor();
  await page.locator("[data-row]").nth(6).waitFor();
  await page.getByText("Held ⟨U+202E⟩shop").first().waitFor();
  await page.getByText("HTTP 503").first().waitFor();
  await assertAccessible("deliveries");
  await page.getByRole("button", { name: /^State:/ }).click();
  await page.getByRole("menuitemcheckbox", { name: "failed", exact: true }).click();
  await page.getByRole("menuitemcheckbox", { name: "delivered", exact: true }).click();
  await page.waitForURL(/status=FAILED&status=DELIVERED/);
  await page.getByText("4 deliveries match").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "More filters" }).click();
  await page.getByLabel("HTTP status").fill("5xx");
  await page.getByLabel("HTTP status").press("Enter");
  await page.waitForURL(/http_status=5xx/);
  await page.getByText("3 deliveries match").waitFor();
  await page.goBack();
  await page.getByText("4 deliveries match").waitFor();
  await page.getByRole("button", { name: "Views" }).click();
  await page.getByRole("menuitem", { name: "Held", exact: true }).click();
  await page.waitForURL((url) => url.search === "?status=HELD");
  await page.getByText("3 deliveries match").waitFor();
}

async function dropFilter({ page }: Visit): Promise<void> {
  await change(page, "/deliveries?status=HELD&event_type=none.such");
  await page.getByText("Nothing matches these filters").waitFor();
  await page.getByRole("button", { name: "Without Event type, or prefix.*: 3" }).click();
  await page.waitForURL((url) => url.search === "?status=HELD");
  await page.getByText("3 deliveries match").waitFor();
}

async function actOnOne({ page }: Visit, owner: Client): Promise<void> {
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
  await owner.request("POST", `/v1/deliveries/${taken}/cancel`);
  await act(1, "Cancel");
  await page.getByText("Somebody was faster.").waitFor();
  await page.getByText("The delivery has already ended.").waitFor();
  await change(page, "/deliveries?status=CANCELLED");
  await page.getByText("1 delivery matches").waitFor();
  await page.locator(`[data-row="${taken}"]`).waitFor();
  await act(0, "Retry");
  await page.getByText("Queued for another try.").waitFor();
}

async function actOnSome({ page, assertAccessible }: Visit): Promise<void> {
  await change(page, "/deliveries?status=FAILED");
  await page.getByText("3 deliveries match").waitFor();
  await page.locator("[data-row]").nth(2).waitFor();
  await page.getByRole("checkbox", { name: "Select all on this page" }).check();
  await page.getByText("3 selected").waitFor();
  await page.getByRole("button", { name: "Retry", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Retry 3 deliveries" }).waitFor();
  await dialog.getByRole("cell", { name: "Failing" }).waitFor();
  await assertAccessible("deliveries-bulk");
  await dialog.getByLabel("Deliveries in a second").fill("0");
  await dialog.getByText("A whole number from 1 to 10,000.").waitFor();
  await dialog.getByLabel("Deliveries in a second").fill("50");
  await dialog.getByRole("button", { name: "Retry 3 deliveries" }).click();
  await page.waitForURL(/\/console\/jobs\/job_/);
  await page.getByRole("heading", { name: "Retry deliveries", level: 1 }).waitFor();
  await page.getByText("3 of 3").waitFor();
}

async function useKeys({ page }: Visit): Promise<void> {
  await go(page, "/deliveries?status=FAILED&sort=created_at");
  const rows = page.locator("[data-row]");
  await rows.nth(2).waitFor();
  const second = await rows.nth(1).getAttribute("data-row");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.locator(`[data-row="${second}"]:focus`).waitFor();
  await page.keyboard.press("x");
  await page.getByText("1 selected").waitFor();
  await page.keyboard.press("r");
  await page.getByText("Queued for another try.").waitFor();
  await page.keyboard.press("Y");
  const copied = () => page.evaluate<string>("navigator.clipboard.readText()");
  const command = await polled(async () => ((await copied()).includes("status=FAILED") ? copied() : null), "the copy");
  assert.match(
    command,
    /^curl 'http:.*\/v1\/deliveries\?status=FAILED&sort=created_at&limit=50' -H "Authorization: Bearer \$SIGNALBOX_API_KEY"$/,
  );
  await page.keyboard.press("/");
  await page.keyboard.type("order.sent");
  await page.keyboard.press("Enter");
  await page.waitForURL(/search=order.sent/);
  await page.keyboard.press("Escape");
  await page.getByText("2 deliveries match").waitFor();
  await page.locator("[data-row]:nth-of-type(2)").waitFor();
  await page.keyboard.press("j");
  await page.locator("[data-row]:focus").waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/console\/deliveries\/del_/);
  await disappears(page.getByRole("heading", { name: "Deliveries", level: 1 }));
}

async function keepViews({ page }: Visit): Promise<void> {
  await go(page, "/deliveries?status=FAILED&sort=attempts");
  await page.locator("[data-row]").first().waitFor();
  await page.getByRole("button", { name: "Columns" }).click();
  await page.getByRole("menuitemcheckbox", { name: "Id" }).click();
  await page.keyboard.press("Escape");
  await page.getByRole("columnheader", { name: "Id" }).waitFor();
  await page.getByRole("button", { name: "Views" }).click();
  await page.getByRole("menuitem", { name: "Save this view…" }).click();
  await page.getByLabel("Name").fill("Mine");
  await page.getByLabel("Name").press("Enter");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.goto(app.url + LIST);
  await page.getByRole("columnheader", { name: "Id" }).waitFor();
  await page.getByRole("button", { name: "Views" }).click();
  await page.getByRole("menuitem", { name: "Mine" }).click();
  await page.waitForURL(/status=FAILED/);
}

async function cancelAll({ page }: Visit, owner: Client, heldId: string): Promise<void> {
  const count = await counted(owner, `endpoint_id=${heldId}&status=HELD`);
  const others = await counted(owner, "status=FAILED&status=DELIVERED");
  await change(page, `/deliveries?endpoint_id=${heldId}&status=HELD`);
  await page.getByText(`${count} deliveries match`).waitFor();
  await page.getByRole("button", { name: "Retry or cancel all" }).click();
  await page.getByRole("menuitem", { name: "Cancel all that match" }).click();
  const confirm = page.getByRole("dialog").getByRole("button", { name: `Cancel ${count} deliveries` });
  await confirm.and(page.locator(":disabled")).waitFor();
  await page.getByLabel("Type cancel to confirm").fill("cancel");
  await confirm.click();
  await page.waitForURL(/\/console\/jobs\/job_/);
  await page.getByText(`${count} of ${count}`).waitFor();
  assert.equal(await counted(owner, `endpoint_id=${heldId}&status=CANCELLED`), count);
  assert.equal(await counted(owner, "status=FAILED&status=DELIVERED"), others);
}

async function narrow({ page }: Visit): Promise<void> {
  await page.setViewportSize(NARROW);
  await go(page, "/deliveries");
  await page.getByRole("list", { name: "Deliveries" }).waitFor();
  await page.getByRole("button", { name: "Filters" }).click();
  await page.getByRole("dialog").getByLabel("Order").selectOption("attempts");
  await page.waitForURL(/sort=attempts/);
}
