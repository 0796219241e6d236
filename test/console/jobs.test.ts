/** Jobs in a real browser: the list, the progress of one, and its cancellation. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createEndpoint, patch, publishMany } from "../harness/scene.ts";
import { newTenant, type Tenant } from "../harness/server.ts";
import { startConsole } from "./console.ts";

const app = await startConsole({ after });
const UNKNOWN = "job_00000000-0000-7000-8000-000000000000";

/** A tenant with held deliveries, and a job that cancels one of them in a second. */
async function slowJob(): Promise<{ readonly tenant: Tenant; readonly jobId: string }> {
  const tenant = await newTenant(app.stage.server);
  await patch(tenant, await createEndpoint(tenant, { url: "http://127.0.0.1:9/" }), { status: "PAUSED" });
  await publishMany(tenant, 300);
  const body = { action: "cancel", filter: {}, per_second: 1 };
  const started = await tenant.request("POST", "/v1/deliveries/bulk", { body });
  return { tenant, jobId: started.body.job_id };
}

test("the list shows jobs with their progress and who started them, by state and kind", async () => {
  const { tenant, jobId } = await slowJob();
  await tenant.request("POST", "/v1/deliveries/bulk", { body: { action: "retry", filter: {} } });
  const visit = await app.visit("developer", "/console/jobs", { tenant });
  const { page } = visit;
  await page.getByRole("link", { name: "Cancel deliveries" }).waitFor();
  await page.locator("[data-row]").getByText("running").first().waitFor();
  await page.getByText(/of 300/).waitFor();
  await visit.assertAccessible("jobs");
  await page.getByLabel("State").selectOption("running");
  await page.waitForURL(/state=running/);
  await page.getByRole("link", { name: "Retry deliveries" }).waitFor({ state: "detached" });
  await page.keyboard.press("Escape");
  await page.getByRole("heading", { level: 1 }).focus();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.pathname.endsWith(jobId));
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

test("a running job shows its speed and time left, and is cancelled after a question", async () => {
  const { tenant, jobId } = await slowJob();
  const visit = await app.visit("developer", `/console/jobs/${jobId}`, { tenant });
  const { page } = visit;
  await page.getByRole("heading", { name: "Cancel deliveries", level: 1 }).waitFor();
  await page.getByText("Time left").waitFor();
  await visit.assertAccessible("job");
  await page.getByRole("button", { name: "Cancel the job" }).click();
  await page.getByRole("button", { name: "Keep it running" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.keyboard.press("c");
  await page.getByRole("dialog").getByRole("button", { name: "Cancel the job" }).click();
  await page.getByText("cancelled", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Cancel the job" }).waitFor({ state: "detached" });
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

test("a job that somebody else cancelled says so, and shows its state", async () => {
  const { tenant, jobId } = await slowJob();
  const visit = await app.visit("developer", `/console/jobs/${jobId}`, { tenant });
  const { page } = visit;
  await page.getByRole("button", { name: "Cancel the job" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Cancel the job" }).waitFor();
  await page.route("**/v1/jobs/*", (route) => route.abort());
  await tenant.request("POST", `/v1/jobs/${jobId}/cancel`);
  await page.unroute("**/v1/jobs/*");
  await dialog.getByRole("button", { name: "Cancel the job" }).click();
  await dialog.getByText("The job has already ended.").waitFor();
  await dialog.getByText("cancelled", { exact: true }).waitFor();
  await visit.close();
});

test("an unknown job, another tenant's and a malformed id are the same to a reader", async () => {
  const { jobId } = await slowJob();
  const visit = await app.visit("developer", `/console/jobs/${jobId}`);
  for (const id of [jobId, UNKNOWN, "nonsense"]) {
    await visit.page.goto(`${app.url}/console/jobs/${id}`);
    await visit.page.getByText("There is no such job, or it belongs to another tenant.").waitFor();
  }
  await visit.assertAccessible("job-missing");
  await visit.close();
});

test("an empty list says what makes a job, and a bad filter is left out", async () => {
  const visit = await app.visit("developer", "/console/jobs?state=asleep");
  const { page } = visit;
  await page.getByText("No job was started yet.").waitFor();
  await page.getByText("The filter state=asleep is not valid here").waitFor();
  await visit.assertAccessible("jobs-empty");
  await visit.close();
});

test("a list that cannot be read shows the server's sentence", async () => {
  const visit = await app.visit("developer", "/console/settings");
  const { page } = visit;
  const error = { error: { code: "INTERNAL_ERROR", message: "The server failed.", details: [] } };
  await page.route("**/v1/jobs?*", (route) => route.fulfill({ status: 500, json: error }));
  await page.goto(`${app.url}/console/jobs`);
  await page.getByText("The server failed.").waitFor();
  await page.unroute("**/v1/jobs?*");
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByText("No job was started yet.").waitFor();
  await visit.close();
});

test("an export says how many rows it will have, and its progress until it is complete", async () => {
  const { tenant } = await slowJob();
  const visit = await app.visit("developer", "/console/jobs/exports?status=HELD&format=ndjson&nonsense=1", { tenant });
  const { page } = visit;
  await page.getByText(/deliveries will be in the file/).waitFor();
  await page.getByText("The filter nonsense=1 is not valid here").waitFor();
  await visit.assertAccessible("exports");
  // The stream tells the progress, so it has to be there first.
  await page.getByText("Live", { exact: true }).waitFor();
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download" }).click();
  const download = await downloading;
  assert.equal(download.suggestedFilename(), "webhook-deliveries.ndjson");
  await page.getByText(/^Complete: \d+ rows\.$/).waitFor();
  assert.equal(await download.failure(), null);
  const audit = await app.stage.server.as(tenant.apiKey).request("GET", "/v1/audit?event_type=export.started");
  assert.equal(audit.body.total, 1);
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

test("an export that has to wait begins by itself", async () => {
  const { tenant } = await slowJob();
  const visit = await app.visit("developer", "/console/jobs/exports", { tenant });
  const { page } = visit;
  const refusal = { statusCode: 429, error: "TOO_MANY_EXPORTS", message: "The maximum number is in progress." };
  // HEAD asks whether an export may begin, and GET why not.
  let refusals = 2;
  await page.route("**/deliveries/export?*", (route) => {
    if (refusals-- > 0) return route.fulfill({ status: 429, json: refusal, headers: { "retry-after": "1" } });
    return route.continue();
  });
  await page.getByText("Live", { exact: true }).waitFor();
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download" }).click();
  await page.getByText(/This one begins by itself/).waitFor();
  await downloading;
  await page.getByText(/^Complete: \d+ rows\.$/).waitFor();
  await visit.close();
});
