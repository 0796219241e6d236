/** The pages of pauses in a real browser: the lists, the answer of a signed-in person, and everything that can go wrong. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { ask, auditOf, readPause, respond } from "../harness/pauses.ts";
import { PASSWORD } from "../harness/people.ts";
import { type Client, newTenant } from "../harness/server.ts";
import { startConsole, type Visit } from "./console.ts";

const app = await startConsole({ after });
const { server } = app.stage;
const QUESTION = "Pay 340 EUR to Acme Corp?";

/** A tenant with a developer on a page of the console. */
async function stage(path: string, role: "developer" | "org_admin" = "developer") {
  const client = await newTenant(server);
  const visit = await app.visit(role, path, { tenant: client });
  return { client, visit, page: visit.page };
}

/** The same, on the page of a new pause. */
async function stagePause(fields: object = {}, role: "developer" | "org_admin" = "developer") {
  const client = await newTenant(server);
  const asked = await ask(client, fields);
  const visit = await app.visit(role, `/console/pauses/${asked.id}`, { tenant: client });
  await visit.page.getByRole("region", { name: "The question" }).waitFor();
  return { client, visit, page: visit.page, ...asked };
}

async function end(visit: Visit): Promise<void> {
  assert.deepEqual(visit.complaints, []);
  await visit.close();
}

test("the list is empty, then shows the open questions by deadline, with the default and who was told", async () => {
  const { client, visit, page } = await stage("/console/pauses");
  await page.getByText("No question is open.").waitFor();
  await page.getByText("/v1/pause").waitFor();
  await visit.assertAccessible("pauses-empty");
  await ask(client, { message: "Last", timeout_hours: 48, timeout_default: "Reject" });
  await ask(client, { message: "First", timeout_hours: 1 });
  await ask(client, { message: "Middle", timeout_hours: 9, metadata: { order: "4711" } });
  await page.reload();
  const questions = page.getByRole("table").getByRole("link");
  await questions.first().waitFor();
  assert.deepEqual(await questions.allTextContents(), ["First", "Middle", "Last"]);
  await page.getByRole("cell", { name: "Reject" }).waitFor();
  await page.getByRole("cell", { name: "nobody" }).first().waitFor();
  await page.waitForFunction("document.title === '(3) Pauses · Signalbox'");
  await visit.assertAccessible("pauses-open");
  await page.getByLabel("Question or metadata").fill("4711");
  await page.waitForURL(/q=4711/);
  await page.getByRole("link", { name: "First" }).waitFor({ state: "detached" });
  assert.deepEqual(await questions.allTextContents(), ["Middle"]);
  await page.getByRole("button", { name: "Clear filters" }).click();
  await page.getByRole("link", { name: "First" }).waitFor();
  await page.getByLabel("Channel").selectOption("sms");
  await page.getByText("Nothing matches these filters").waitFor();
  await end(visit);
});

test("a question that is nearly over says so with a word and a shape", async () => {
  const client = await newTenant(server);
  await ask(client, { message: "Soon", expires_in_seconds: 100 });
  await ask(client, { message: "Calm", expires_in_seconds: 1_000_000 });
  app.stage.later(92_000);
  const visit = await app.visit("developer", "/console/pauses", { tenant: client });
  // The browser's clock is not the server's, which the test has advanced.
  await visit.page.clock.setSystemTime(Date.now() + 92_000);
  await visit.page.reload();
  await visit.page.getByText(/· soon over/).waitFor();
  await end(visit);
});

test("each status has a list of its own, whose URL a colleague can open", async () => {
  const client = await newTenant(server);
  const [answered, cancelled, timed] = [
    await ask(client, { message: "Answered?" }),
    await ask(client, { message: "Cancelled?" }),
    await ask(client, { message: "Timed out?", expires_in_seconds: 1, timeout_default: "Reject" }),
  ];
  await respond(client, answered.token, { choice: "Approve" });
  await client.request("DELETE", `/v1/pause/${cancelled.id}`);
  await readPause(client, timed.id, 60);
  const visit = await app.visit("developer", "/console/pauses?status=responded", { tenant: client });
  const { page } = visit;
  await page.getByRole("cell", { name: "a person who had the link" }).waitFor();
  await page.getByRole("cell", { name: "Approve" }).waitFor();
  const tabs = page.getByRole("navigation", { name: "Status" });
  assert.equal(await tabs.getByRole("link", { name: /^Answered/ }).getAttribute("aria-current"), "page");
  await tabs.getByRole("link", { name: /^Timed out/ }).click();
  await page.waitForURL(/status=timed_out/);
  await page.getByRole("link", { name: "Timed out?" }).waitFor();
  await visit.assertAccessible("pauses-timed-out");
  await tabs.getByRole("link", { name: /^Cancelled/ }).click();
  await page.getByRole("link", { name: "Cancelled?" }).waitFor();
  await page.goBack();
  await page.getByRole("link", { name: "Timed out?" }).waitFor();
  await end(visit);
});

test("bad filters and a bad cursor in the URL are named and left out", async () => {
  const client = await newTenant(server);
  await ask(client);
  const visit = await app.visit("developer", "/console/pauses?status=done&channel=fax&sort=x&cursor=nonsense", {
    tenant: client,
  });
  const { page } = visit;
  for (const name of ["status=done", "channel=fax", "sort=x"]) await page.getByText(name).waitFor();
  await page.getByText("That page of the list no longer exists").waitFor();
  await page.getByRole("link", { name: QUESTION }).waitFor();
  await end(visit);
});

test("a list and a page that the server cannot answer say why, and try again", async () => {
  const { visit, page, id } = await stagePause();
  const refusal = {
    status: 500,
    json: { error: "INTERNAL", message: "The server failed to handle it.", status_code: 500 },
  };
  await page.route("**/v1/pause**", (route) => route.fulfill(refusal));
  for (const path of [`/console/pauses/${id}`, "/console/pauses"]) {
    await page.goto(app.url + path);
    await page.getByText("The server failed to handle it.").waitFor();
    await page.getByText("INTERNAL").waitFor();
  }
  await page.unroute("**/v1/pause**");
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("link", { name: QUESTION }).waitFor();
  await end(visit);
});

test("an unknown, a malformed and another tenant's id are the same page", async () => {
  const { id } = await ask(await newTenant(server));
  const { visit, page } = await stage("/console/pauses/psr_x");
  for (const other of ["psr_x", id, "psr_0190e0c4-5b1a-7cc0-8f00-0123456789ab", "%E2%80%AE<script>"]) {
    await page.goto(`${app.url}/console/pauses/${other}`);
    await page.getByText("There is no such pause, or it belongs to another tenant.").waitFor();
  }
  await visit.assertAccessible("pause-missing");
  await end(visit);
});

test("a signed-in person answers with a note after a confirmation, and is named", async () => {
  const metadata = { order: 4711, customer: "Acme" };
  const { client, visit, page, id } = await stagePause({
    allow_text_response: true,
    timeout_default: "Reject",
    metadata,
  });
  await page.getByText("“Reject” is chosen").waitFor();
  await page.getByText('"order": 4711').waitFor();
  await visit.assertAccessible("pause-open");
  await page.getByLabel("Note (optional)").fill("Checked with Ann.\nFine.");
  await page.getByRole("button", { name: "Approve" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Checked with Ann.").waitFor();
  await visit.assertAccessible("pause-confirm");
  await dialog.getByRole("button", { name: "Back to the question" }).click();
  assert.equal((await readPause(client, id)).status, "pending");
  await page.getByRole("button", { name: "Approve" }).click();
  await dialog.getByRole("button", { name: "Answer “Approve”" }).click();
  await page.getByRole("status").getByText("Approve").waitFor();
  await page.getByText(`by ${visit.person.email}`).waitFor();
  await page.getByText("No endpoint takes this event.").waitFor();
  await visit.assertAccessible("pause-answered");
  const pause = (await readPause(client, id)) as unknown as {
    decided_by_user: { email: string };
    response_text: string;
  };
  assert.deepEqual(
    [pause.decided_by_user.email, pause.response_text],
    [visit.person.email, "Checked with Ann.\nFine."],
  );
  await end(visit);
});

test("everything works by keyboard alone", async () => {
  const client = await newTenant(server);
  const { id } = await ask(client, { message: QUESTION });
  const visit = await app.visit("developer", "/console/pauses", { tenant: client });
  const { page } = visit;
  await page.getByRole("link", { name: QUESTION }).waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("c");
  await page.getByRole("dialog").getByRole("button", { name: "Cancel the question" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.keyboard.press("Enter");
  await page.waitForURL(new RegExp(id));
  await page.getByRole("button", { name: "Reject" }).waitFor();
  await page.keyboard.press("2");
  const confirm = page.getByRole("dialog").getByRole("button", { name: "Answer “Reject”" });
  await confirm.waitFor();
  await page.keyboard.press("Escape");
  await confirm.waitFor({ state: "detached" });
  await page.keyboard.press("2");
  await confirm.waitFor();
  await page.waitForFunction("document.activeElement?.textContent?.includes('Answer')");
  await page.keyboard.press("Enter");
  await page.getByText(`by ${visit.person.email}`).waitFor();
  assert.equal((await readPause(client, id)).response_choice, "Reject");
  await end(visit);
});

test("somebody who was faster is shown at once, with the outcome", async () => {
  const { client, visit, page, token } = await stagePause();
  await page.getByRole("button", { name: "Reject" }).click();
  await respond(client, token, { choice: "Approve" });
  await page.getByRole("dialog").getByRole("button", { name: "Answer “Reject”" }).click();
  await page.getByText("Somebody else was faster.").waitFor();
  await page.getByText("TOKEN_USED").waitFor();
  await page.getByText("by a person who had the link").waitFor();
  await visit.assertAccessible("pause-faster");
  assert.equal(await page.getByRole("button", { name: "Reject" }).count(), 0);
  await end(visit);
});

test("an answer from elsewhere appears without a reload", async () => {
  const { client, visit, page, token } = await stagePause();
  await respond(client, token, { choice: "Approve" });
  await page.getByText("by a person who had the link").waitFor();
  await end(visit);
});

test("a person cancels a question after a confirmation", async () => {
  const { client, visit, page, id } = await stagePause();
  await page.getByRole("button", { name: "Cancel the question" }).waitFor();
  await page.keyboard.press("c");
  const dialog = page.getByRole("dialog");
  await visit.assertAccessible("pause-cancel");
  await dialog.getByRole("button", { name: "Cancel the question" }).click();
  await page.getByText("The question was cancelled before anybody answered.").waitFor();
  assert.equal((await readPause(client, id)).status, "cancelled");
  await end(visit);
});

test("a question with approvers names them to everybody else", async () => {
  const client = await newTenant(server);
  const approver = await app.stage.person("developer", client);
  const users = await server.store.findUser(approver.email);
  const { id } = await ask(client, { approvers: [`usr_${users?.id}`] });
  const visit = await app.visit("org_admin", `/console/pauses/${id}`, { tenant: client });
  await visit.page.getByText(`Only ${approver.email} may answer this question.`).waitFor();
  assert.equal(await visit.page.getByRole("button", { name: "Approve" }).count(), 0);
  await end(visit);
});

test("a protected question asks for the password, and says when it is wrong", async () => {
  const { client, visit, page, id } = await stagePause({ protected: true });
  app.stage.later(6 * 60_000);
  await page.getByRole("button", { name: "Approve" }).click();
  const dialog = page.getByRole("dialog");
  const confirm = dialog.getByRole("button", { name: "Answer “Approve”" });
  await confirm.click();
  const password = dialog.getByLabel("Your password", { exact: true });
  await password.fill("not the password");
  await visit.assertAccessible("pause-password");
  await confirm.click();
  await dialog.getByText("password is not your password.").waitFor();
  await password.fill(PASSWORD);
  await confirm.click();
  await page.getByText(`by ${visit.person.email}`).waitFor();
  assert.equal((await readPause(client, id)).status, "responded");
  await end(visit);
});

test("a link is nowhere, until an org_admin asks for it; both see as much as their role allows", async () => {
  const developer = await stagePause();
  await developer.page.getByText("The audit takes the role organization admin.").waitFor();
  assert.equal(await developer.page.getByRole("button", { name: "Show the link" }).count(), 0);
  await end(developer.visit);
  const { client, visit, page, id, token } = await stagePause({}, "org_admin");
  await page.getByRole("list", { name: "What happened" }).getByText("asked the question").waitFor();
  assert.equal((await page.content()).includes(token), false);
  await page.getByRole("button", { name: "Show the link" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Anyone who has the link can answer").waitFor();
  await dialog.getByRole("button", { name: "Show the link" }).click();
  await dialog.getByText(token).waitFor();
  await visit.assertAccessible("pause-link");
  await dialog.getByRole("button", { name: "Close" }).last().click();
  await page.getByText("was shown the link").waitFor();
  assert.equal((await page.content()).includes(token), false);
  assert.deepEqual(await auditOf(client, id), ["pause.created", "pause.link_revealed"]);
  await end(visit);
});

test("hostile text is text, on every part of the pages", async () => {
  const hostile = `<img src=x onerror="document.title='owned'"> \u202egnp.exe ${"W".repeat(300)}`;
  const client: Client & { id: string; apiKey: string } = await newTenant(server);
  const { id, token } = await ask(client, {
    message: hostile,
    options: [`<b>${"y".repeat(90)}`, "'\"&"],
    allow_text_response: true,
    metadata: { [hostile]: [hostile, { deep: "x".repeat(10_000) }] },
  });
  const visit = await app.visit("org_admin", `/console/pauses/${id}`, { tenant: client });
  const { page } = visit;
  await page.getByText("⟨U+202E⟩").first().waitFor();
  await visit.assertAccessible("pause-hostile");
  await respond(client, token, { choice: "'\"&", text: `${hostile}\n${"z".repeat(1500)}` });
  await page.getByText("by a person who had the link").waitFor();
  await visit.assertAccessible("pause-hostile-answered");
  await page.goto(`${app.url}/console/pauses?status=responded`);
  await page.getByText("⟨U+202E⟩").first().waitFor();
  await visit.assertAccessible("pauses-hostile");
  assert.doesNotMatch(await page.title(), /owned/);
  await end(visit);
});
