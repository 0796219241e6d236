/** Jobs in a real browser: the list, the progress of one, its cancellation, and exports. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createEndpoint, patch, publishMany } from "../harness/scene.ts";
import { newTenant, type Tenant } from "../harness/server.ts";
import { startConsole, type Visit } from "./console.ts";
import { appears, change, go, stepsOf, unnoticed } from "./waiting.ts";

const app = await startConsole({ after });
const HELD = 300;

test("jobs and exports of a tenant with held deliveries", async (t) => {
  const tenant = await newTenant(app.stage.server);
  const visit = await app.visit("developer", "/console/jobs", { tenant });
  const step = stepsOf(t, visit.page);
  await step("an empty list says what makes a job, and one that cannot be read is tried again", () => begin(visit));
  await patch(tenant, await createEndpoint(tenant, { url: "http://127.0.0.1:9/" }), { status: "PAUSED" });
  await publishMany(tenant, HELD);
  await step("an export says how many rows it will have, waits for others, and says when it is complete", () =>
    exportAll(visit, tenant),
  );
  const [first, second] = [await slowJob(tenant), await slowJob(tenant)];
  await step("the list shows jobs with their progress, by state, and opens one by keyboard", async () => {
    await tenant.request("POST", "/v1/deliveries/bulk", { body: { action: "retry", filter: {} } });
    await list(visit);
    assert.ok([first, second].includes(new URL(visit.page.url()).pathname.split("/").at(-1) ?? ""));
  });
  await step("a running job shows its time left, and is cancelled after a question", () => cancel(visit));
  const left = visit.page.url().endsWith(first) ? second : first;
  await step("a job that somebody else cancelled says so, and shows its state", () =>
    cancelTooLate(visit, tenant, left),
  );
  await step(
    "an export of which the server tells nothing says so, and can be forgotten; one that breaks off says so",
    () => breakOff(visit),
  );
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

/** A job that cancels one of the held deliveries in a second. */
async function slowJob(tenant: Tenant): Promise<string> {
  const body = { action: "cancel", filter: {}, per_second: 1 };
  return (await tenant.request("POST", "/v1/deliveries/bulk", { body })).body.job_id;
}

async function begin({ page, assertAccessible }: Visit): Promise<void> {
  await page.getByText("No job was started yet.").waitFor();
  await assertAccessible("jobs-empty");
  const error = { error: { code: "INTERNAL_ERROR", message: "The server failed.", details: [] } };
  await page.route("**/v1/jobs?*", (route) => route.fulfill({ status: 500, json: error }));
  await page.getByLabel("State").selectOption("done");
  await page.getByText("The server failed.").waitFor();
  await page.unroute("**/v1/jobs?*");
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByText("Nothing matches these filters").waitFor();
}

async function exportAll({ page, assertAccessible }: Visit, tenant: Tenant): Promise<void> {
  await go(page, "/jobs/exports?status=HELD&format=ndjson");
  await page.getByText(`${HELD} deliveries will be in the file`).waitFor();
  await assertAccessible("exports");
  const refusal = { statusCode: 429, error: "TOO_MANY_EXPORTS", message: "The maximum number is in progress." };
  // HEAD asks whether an export may begin, and GET why not.
  let refusals = 2;
  await page.route("**/deliveries/export?*", (route) => {
    if (refusals-- > 0) return route.fulfill({ status: 429, json: refusal, headers: { "retry-after": "1" } });
    return route.continue();
  });
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download" }).click();
  await page.getByText(/This one begins by itself/).waitFor();
  const download = await downloading;
  assert.equal(download.suggestedFilename(), "webhook-deliveries.ndjson");
  await page.getByText(`Complete: ${HELD} rows.`).waitFor();
  assert.equal(await download.failure(), null);
  const audit = await tenant.request("GET", "/v1/audit?event_type=export.started");
  assert.equal(audit.body.total, 1);
}

async function list({ page, assertAccessible }: Visit): Promise<void> {
  await go(page, "/jobs");
  const retry = page.getByRole("link", { name: "Retry deliveries" });
  await retry.waitFor();
  await page.locator("[data-row]").getByText("running").first().waitFor();
  await page.getByText(`of ${HELD}`).first().waitFor();
  await assertAccessible("jobs");
  await page.getByLabel("State").selectOption("running");
  await page.waitForURL(/state=running/);
  await retry.waitFor({ state: "detached" });
  await page.getByRole("heading", { level: 1 }).focus();
  await page.keyboard.press("j");
  await page.locator("[data-row]:focus").waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Cancel deliveries", level: 1 }).waitFor();
}

async function cancel({ page, assertAccessible }: Visit): Promise<void> {
  await page.getByText("Time left").waitFor();
  await assertAccessible("job");
  await page.getByRole("button", { name: "Cancel the job" }).click();
  await page.getByRole("button", { name: "Keep it running" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.keyboard.press("c");
  await page.getByRole("dialog").getByRole("button", { name: "Cancel the job" }).click();
  await page.getByText("cancelled", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Cancel the job" }).waitFor({ state: "detached" });
}

async function cancelTooLate({ page }: Visit, tenant: Tenant, jobId: string): Promise<void> {
  await change(page, `/jobs/${jobId}`);
  await page.getByText(jobId).waitFor();
  await page.getByRole("button", { name: "Cancel the job" }).click();
  const confirm = page.getByRole("dialog").getByRole("button", { name: "Cancel the job" });
  await confirm.waitFor();
  await unnoticed(page, "**/v1/jobs/*", {
    happen: () => tenant.request("POST", `/v1/jobs/${jobId}/cancel`),
    act: () => confirm.click(),
  });
  await page.getByRole("dialog").getByText("The job has already ended.").waitFor();
  await page.getByRole("dialog").getByText("cancelled", { exact: true }).waitFor();
}

async function breakOff({ page, assertAccessible }: Visit): Promise<void> {
  await page.route("**/v1/exports/*", (route) => route.abort());
  await go(page, "/jobs/exports");
  const download = page.getByRole("button", { name: "Download" });
  await download.click();
  await appears(page.getByText("Starting"));
  await page.evaluate("{ const { now } = Date; Date.now = () => now() + 60_000; }");
  await appears(page.getByRole("alert").getByText(/has told nothing about this export/));
  await page.unroute("**/v1/exports/*");
  await appears(page.getByText(/^Complete/));
  const failed = { state: "running", rows: 12, total: 300 };
  await page.route("**/v1/exports/*", (route) => route.fulfill({ json: failed }));
  await download.click();
  await appears(page.getByText("12 of 300 rows written"));
  await page.getByRole("button", { name: "Forget this export" }).click();
  failed.state = "failed";
  await download.click();
  await appears(page.getByRole("alert").getByText(/12/));
  await assertAccessible("export-broken");
}
