/** Sources and the quarantine in a real browser. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, test } from "node:test";
import type { Page } from "playwright-core";
import { createSource } from "../harness/inbound.ts";
import { newTenant, type Tenant } from "../harness/server.ts";
import { startConsole } from "./console.ts";

const app = await startConsole({ after });
const { server } = app.stage;

const RIGHT = "the secret that the sender uses";
const HOSTILE = '{"text":"<script>alert(1)</script> \u202e","n":1}';

function heading(page: Page, name: string): Promise<void> {
  return page.getByRole("heading", { name, level: 1 }).waitFor();
}

async function send(sourceId: string, secret: string, body: string) {
  const signature = createHmac("sha256", secret).update(body).digest("hex");
  return server.request("POST", `/in/${sourceId}`, {
    key: null,
    body,
    headers: { "x-hub-signature-256": `sha256=${signature}`, "x-github-event": "issues" },
  });
}

/** A GitHub source with a wrong secret, and two requests that it refused. */
async function stage(): Promise<{ readonly tenant: Tenant; readonly id: string; readonly name: string }> {
  const tenant = await newTenant(server);
  const { id, name } = await createSource(tenant, { scheme: "github", secret: "a wrong secret" });
  for (const body of ["{}", HOSTILE]) assert.equal((await send(id, RIGHT, body)).status, 401);
  return { tenant, id, name };
}

test("a source is added with its guide and a signed sample, changed and deleted", async () => {
  const visit = await app.visit("org_admin", "/console/inbound");
  const { page } = visit;
  await page.getByText("No service sends here yet").waitFor();
  await visit.assertAccessible("inbound-empty");
  await page.getByRole("button", { name: "Add a source" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Add a source" }).click();
  await dialog.getByText(/^must be a string of 1 to 200 characters/).waitFor();
  await visit.assertAccessible("inbound-form");
  await dialog.getByLabel("Name").fill("console repositories");
  await page.keyboard.press("Enter");
  await dialog.getByText("Copy the secret now").waitFor();
  await dialog.getByRole("button", { name: "I have copied it" }).click();
  await heading(page, "console repositories");
  await page.getByText(/X-Hub-Signature-256: sha256=\$SIG/).waitFor();
  await visit.assertAccessible("inbound-source");
  await page.getByLabel("Prefix of event types").fill("github.");
  await page.getByRole("button", { name: "Save the changes" }).click();
  await page.getByRole("button", { name: "Replace the secret" }).click();
  await dialog.getByRole("textbox", { name: "Secret" }).fill("another secret");
  await dialog.getByRole("button", { name: "Replace the secret" }).click();
  await page.getByText("The previous secret stays valid until").waitFor();
  await page.getByRole("button", { name: "Delete the source" }).click();
  await dialog.getByRole("textbox").fill("console repositories");
  await dialog.getByRole("button", { name: "Delete the source" }).click();
  await page.getByText("No service sends here yet").waitFor();
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

test("each scheme can be added, and the fields of a scheme follow it", async () => {
  const { tenant, name } = await stage();
  const visit = await app.visit("org_admin", "/console/inbound", { tenant });
  const { page } = visit;
  await page.getByRole("button", { name: "Add a source" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill(name);
  await dialog.getByLabel("Scheme").selectOption("hmac");
  await dialog.getByLabel("What is signed").fill("{timestamp}");
  await dialog.getByRole("button", { name: "Add a source" }).click();
  await dialog.getByText(/^must contain \{body\} exactly once/).waitFor();
  await dialog.getByLabel("What is signed").fill("");
  await dialog.getByRole("button", { name: "Add a source" }).click();
  await dialog.getByText("is the name of another source").waitFor();
  await dialog.getByLabel("Name").fill(`${name} by hmac`);
  await dialog.getByLabel("Secret").fill("a secret");
  await dialog.getByRole("button", { name: "Add a source" }).click();
  await heading(page, `${name} by hmac`);
  await page.getByText(/X-Signature: \$SIG/).waitFor();
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

test("the quarantine counts by source and reason, tries a secret, and reprocesses all of a source", async () => {
  const { tenant, id, name } = await stage();
  const visit = await app.visit("org_admin", "/console/inbound/quarantine?from=yesterday", { tenant });
  const { page } = visit;
  await page.getByText(/The filter from=yesterday is not valid here/).waitFor();
  await page.getByText("2 requests", { exact: true }).waitFor();
  await page.getByRole("link", { name: "The signature does not match" }).click();
  await page.waitForURL(/rejection_reason=signature_mismatch/);
  await page.getByLabel("Reason", { exact: true }).selectOption("");
  await visit.assertAccessible("inbound-quarantine");
  await page.getByRole("link", { name }).first().click();
  await page.waitForURL(/source_id=src_/);
  await page.getByLabel("Secret to try").fill(RIGHT);
  await page.getByRole("button", { name: "Try it" }).click();
  await page.getByText("2 of 2 requests would verify.").waitFor();
  await page.getByRole("button", { name: "Reprocess all" }).click();
  await page.getByText(/0 requests were published, 2 still fail/).waitFor();
  await tenant.request("PATCH", `/v1/sources/${id}`, { body: { secret: RIGHT } });
  await page.getByRole("button", { name: "Reprocess all" }).click();
  await page.getByText("2 requests were published, 0 still fail.").waitFor();
  await page.reload();
  await page.getByText("Nothing matches these filters").waitFor();
  await page.goto(`${app.url}/console/inbound/${id}`);
  await page.getByText("In the last 24 hours, 2 requests were verified and 0 were refused.").waitFor();
  await page.goto(`${app.url}/console/`);
  await page.getByText("2 were verified, and 0 refused.").waitFor();
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

test("one refused request is shown as text, explained, tried, reprocessed, noted, and deleted by a global_admin", async () => {
  const { tenant, id } = await stage();
  const list = JSON.parse((await tenant.request("GET", "/v1/inbound-events?valid=false")).text) as {
    data: { id: string }[];
  };
  const record = list.data[0]?.id ?? assert.fail();
  const path = `/console/inbound/${id}/events/${record}`;
  const visit = await app.visit("org_admin", path, { tenant });
  const { page } = visit;
  await heading(page, "Inbound request");
  await page.getByText("The signature does not match").waitFor();
  await page.getByText(/<script>alert\(1\)<\/script> ⟨U\+202E⟩/).waitFor();
  await visit.assertAccessible("inbound-record");
  assert.equal(await page.getByRole("button", { name: "Delete" }).count(), 0);
  await page.getByRole("button", { name: "Reprocess" }).click();
  await page.getByText("VERIFICATION_FAILED").waitFor();
  await page.getByLabel("Secret to try").fill(RIGHT);
  await page.keyboard.press("Enter");
  await page.getByText("Yes: the request would verify.").waitFor();
  await page.getByRole("textbox", { name: "Notes" }).fill("asked the sender");
  await page.getByRole("button", { name: "Save the notes" }).click();
  await page.waitForFunction("document.querySelector('textarea')?.value === 'asked the sender'");
  await tenant.request("PATCH", `/v1/sources/${id}`, { body: { secret: RIGHT } });
  await page.getByRole("heading", { level: 1 }).focus();
  await page.keyboard.press("r");
  await page.getByText("Published again.").waitFor();
  assert.deepEqual(visit.complaints, []);
  await visit.close();
  const admin = await app.visit("global_admin", `${path}?tenant=${tenant.id}`);
  await admin.page.getByRole("button", { name: "Delete" }).click();
  await admin.page.getByRole("dialog").getByRole("textbox").fill(record);
  await admin.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await admin.page.waitForURL(/quarantine/);
  assert.equal((await tenant.request("GET", `/v1/inbound-events/${record}`)).status, 404);
  assert.deepEqual(admin.complaints, []);
  await admin.close();
});

test("unknown ids, roles that are too low, and failures say what is the matter", async () => {
  const { tenant } = await stage();
  const unknown = "00000000-0000-7000-8000-000000000000";
  const visit = await app.visit("org_admin", `/console/inbound/src_${unknown}`, { tenant });
  const { page } = visit;
  await page.getByText("There is no such source, or it belongs to another tenant.").waitFor();
  await page.goto(`${app.url}/console/inbound/src_${unknown}/events/wh_${unknown}`);
  await page.getByText("There is no such inbound request, or it belongs to another tenant.").waitFor();
  await page.route("**/v1/inbound-events/refused*", (route) =>
    route.fulfill({
      status: 503,
      json: { error: { code: "STORE_UNAVAILABLE", message: "The server cannot store anything.", details: [] } },
    }),
  );
  await page.goto(`${app.url}/console/inbound/quarantine`);
  await page.getByText("The server cannot store anything.").waitFor();
  await visit.close();
  for (const path of ["/console/inbound", "/console/inbound/quarantine"]) {
    const developer = await app.visit("developer", path);
    await developer.page.getByRole("heading", { name: /This page takes the role/ }).waitFor();
    await developer.close();
  }
});
