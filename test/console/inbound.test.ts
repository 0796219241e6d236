/** Sources and the quarantine in a real browser. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, test } from "node:test";
import type { Page } from "playwright-core";
import { createSource } from "../harness/inbound.ts";
import type { Client } from "../harness/server.ts";
import { startConsole, type Visit } from "./console.ts";
import { go, stepsOf } from "./waiting.ts";

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

/** A GitHub source with a wrong secret, which refuses each of these. */
async function refusingSource(owner: Client, bodies: readonly string[]) {
  const source = await createSource(owner, { scheme: "github", secret: "a wrong secret" });
  for (const body of bodies) assert.equal((await send(source.id, RIGHT, body)).status, 401);
  return source;
}

test("sources, from the first one to what they refused", async (t) => {
  const visit = await app.visit("org_admin", "/console/inbound");
  const owner = server.as(visit.person.apiKey);
  const step = stepsOf(t, visit.page);
  await step("a source is added with its guide and a signed sample, changed and deleted", () =>
    addSource(visit, owner),
  );
  // Before a request is refused, of which the page would learn by itself, and read the list again.
  await step("a list that cannot be read is tried again", () => tryAgain(visit));
  const { name } = await refusingSource(owner, ["{}", '{"n":2}']);
  const other = await refusingSource(owner, [HOSTILE]);
  await step("the fields of a scheme follow it, and a fault is at its field", () => addHmacSource(visit, name));
  await step("the quarantine counts by reason and source, tries a secret, and reprocesses all of a source", () =>
    reprocessAll(visit, name),
  );
  const { body } = await owner.request("GET", "/v1/inbound-events?valid=false");
  const [record] = body.data as unknown as readonly { readonly id: string }[];
  const path = `/inbound/${other.id}/events/${record?.id}`;
  await step("one refused request is shown as text, explained, tried, noted, and reprocessed", () =>
    reprocessOne(visit, { owner, id: other.id, path }),
  );
  assert.deepEqual(visit.complaints, []);
  await visit.close();
  await step("a global_admin deletes a request", async () => {
    const admin = await app.visit("global_admin", `/console${path}?tenant=${visit.person.tenantId}`);
    await admin.page.getByRole("button", { name: "Delete" }).click();
    const dialog = admin.page.getByRole("dialog");
    await dialog.getByRole("textbox").fill(record?.id ?? "");
    await dialog.getByRole("button", { name: "Delete" }).click();
    await admin.page.waitForURL(/quarantine/);
    assert.equal((await owner.request("GET", `/v1/inbound-events/${record?.id}`)).status, 404);
    assert.deepEqual(admin.complaints, []);
    await admin.close();
  });
});

async function addSource({ page, assertAccessible }: Visit, owner: Client): Promise<void> {
  await page.getByText("No service sends here yet").waitFor();
  await assertAccessible("inbound-empty");
  await page.getByRole("button", { name: "Create a source" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Create a source" }).click();
  await dialog.getByText(/^must be a string of 1 to 200 characters/).waitFor();
  await dialog.getByLabel("Name").fill("console repositories");
  await dialog.getByLabel("Name").press("Enter");
  await dialog.getByText("Copy the secret now").waitFor();
  await dialog.getByRole("button", { name: "I have copied it" }).click();
  await heading(page, "console repositories");
  await page.getByText(/X-Hub-Signature-256: sha256=\$SIG/).waitFor();
  await assertAccessible("inbound-source");
  await openPart(page, "Settings");
  await page.getByLabel("Prefix of event types").fill("github.");
  await page.getByRole("button", { name: "Save the changes" }).click();
  await page.getByText("Saved.").waitFor();
  await saveAfterAnother(page, owner);
  await openPart(page, "Secret");
  await assertAccessible("inbound-secret");
  await page.getByRole("button", { name: "Replace the secret" }).click();
  await dialog.getByRole("textbox", { name: "Secret" }).fill("another secret");
  await dialog.getByRole("button", { name: "Replace the secret" }).click();
  await page.getByText("The previous secret stays valid until").waitFor();
  await page.getByText("The secret was replaced.").waitFor();
  await page.getByRole("button", { name: "Delete the source" }).click();
  await dialog.getByRole("textbox").fill("another's name");
  await dialog.getByRole("button", { name: "Delete the source" }).click();
  await page.getByText("No service sends here yet").waitFor();
}

/** What somebody else changes stays, and the fields show it, also when this person saves again. */
async function saveAfterAnother(page: Page, owner: Client): Promise<void> {
  const path = new URL(page.url()).pathname.replace("/console/inbound", "/v1/sources").replace("/settings", "");
  await owner.request("PATCH", path, { body: { name: "another's name" } });
  for (const prefix of ["first.", "second."]) {
    await page.getByLabel("Prefix of event types").fill(prefix);
    const saved = page.waitForResponse((response) => response.request().method() === "PATCH");
    await page.getByRole("button", { name: "Save the changes" }).click();
    assert.equal((await (await saved).json()).name, "another's name");
    await page.getByText("Saved.").waitFor();
  }
  assert.equal(await page.getByLabel("Name", { exact: true }).inputValue(), "another's name");
}

function openPart(page: Page, name: string): Promise<void> {
  return page.getByRole("navigation", { name: "Parts of this source" }).getByRole("link", { name }).click();
}

async function addHmacSource({ page }: Visit, taken: string): Promise<void> {
  await go(page, "/inbound", "Inbound");
  await page.getByRole("button", { name: "Create a source" }).first().click();
  const dialog = page.getByRole("dialog");
  const submit = dialog.getByRole("button", { name: "Create a source" });
  await dialog.getByLabel("Name").fill(taken);
  await dialog.getByLabel("Scheme").selectOption("hmac");
  await dialog.getByLabel("What is signed").fill("{timestamp}");
  await submit.click();
  await dialog.getByText(/^must contain \{body\} exactly once/).waitFor();
  await dialog.getByLabel("What is signed").fill("");
  await submit.click();
  await dialog.getByText("is the name of another source").waitFor();
  await dialog.getByLabel("Name").fill(`${taken} by hmac`);
  await dialog.getByLabel("Secret").fill("a secret");
  await submit.click();
  await heading(page, `${taken} by hmac`);
  await page.getByText(/X-Signature: \$SIG/).waitFor();
}

async function tryAgain({ page }: Visit): Promise<void> {
  const error = { error: { code: "INTERNAL_ERROR", message: "The server failed to read.", details: [] } };
  await page.route("**/v1/inbound-events/refused*", (route) => route.fulfill({ status: 500, json: error }));
  // With a filter of its own, so that no answer from before is shown.
  await go(page, "/inbound/quarantine?from=2026-01-31", "Quarantine");
  const fault = page.getByText("The server failed to read.");
  await fault.waitFor();
  await page.unroute("**/v1/inbound-events/refused*");
  await page.getByRole("button", { name: "Try again" }).click();
  await fault.waitFor({ state: "detached" });
  await page.getByText("Nothing matches these filters").waitFor();
}

interface Refusing {
  readonly owner: Client;
  readonly id: string;
}

async function reprocessAll(visit: Visit, name: string): Promise<void> {
  const { page } = visit;
  await go(page, "/inbound/quarantine", "Quarantine");
  await page.getByText("3 requests", { exact: true }).waitFor();
  await visit.assertAccessible("inbound-quarantine");
  await page.getByRole("link", { name: "The signature does not match" }).click();
  await page.waitForURL(/rejection_reason=signature_mismatch/);
  await page.getByLabel("Reason", { exact: true }).selectOption("");
  await page.getByRole("link", { name }).first().click();
  await page.waitForURL(/source_id=src_/);
  await page.getByLabel("Secret to try").fill(RIGHT);
  await page.getByRole("button", { name: "Try it" }).click();
  await page.getByText("2 of 2 requests would verify.").waitFor();
  const dialog = page.getByRole("dialog");
  await page.getByRole("button", { name: "Reprocess all" }).click();
  await dialog.getByText("This source has 2 refused requests").waitFor();
  await dialog.getByRole("button", { name: "Reprocess all" }).click();
  await page.getByText(/0 requests were published, 2 still fail/).waitFor();
  await page.getByRole("link", { name: "Replace the secret" }).click();
  assert.equal(await dialog.getByLabel("Secret", { exact: true }).inputValue(), RIGHT);
  await dialog.getByRole("button", { name: "Replace the secret" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Reprocess all" }).click();
  await dialog.getByRole("button", { name: "Reprocess all" }).click();
  await page.getByText("2 requests were published, 0 still fail.").waitFor();
  await openPart(page, "Overview");
  await page.getByText("In the last 24 hours, 2 requests were verified and 0 were refused.").waitFor();
}

async function reprocessOne(visit: Visit, { owner, id, path }: Refusing & { readonly path: string }): Promise<void> {
  const { page } = visit;
  await go(page, path);
  await page.getByText("The signature does not match").waitFor();
  await page.getByText(/<script>alert\(1\)<\/script> ⟨U\+202E⟩/).waitFor();
  await visit.assertAccessible("inbound-record");
  assert.equal(await page.getByRole("button", { name: "Delete" }).count(), 0);
  await page.getByRole("button", { name: "Reprocess" }).click();
  await page.getByText("VERIFICATION_FAILED").waitFor();
  await page.getByLabel("Secret to try").fill(RIGHT);
  await page.getByLabel("Secret to try").press("Enter");
  await page.getByText("Yes: the request would verify.").waitFor();
  const notes = page.getByRole("textbox", { name: "Notes" });
  await notes.fill("asked the sender");
  const noted = page.waitForResponse((response) => response.request().method() === "PATCH" && response.ok());
  await page.getByRole("button", { name: "Save the notes" }).click();
  await noted;
  await page.getByText("Saved", { exact: true }).waitFor();
  await owner.request("PATCH", `/v1/sources/${id}`, { body: { secret: RIGHT } });
  await page.getByRole("heading", { level: 1 }).focus();
  await page.keyboard.press("r");
  await page.getByText("Published again.").waitFor();
  await go(page, "/");
  await page.getByText("3 were verified, and 0 refused.").waitFor();
  await page.getByRole("button", { name: "As table: Inbound requests" }).click();
  const time = page.getByRole("region", { name: "Inbound requests" }).getByRole("link").first();
  assert.match((await time.getAttribute("href")) ?? "", /\/inbound\/quarantine\?from=\S+Z&to=\S+Z$/);
}
