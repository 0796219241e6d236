/** The pages of pauses in a real browser: the lists, the answer of a signed-in person, and everything that can go wrong. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { exactNumber } from "../../src/domain/text/exact-json.ts";
import { type Asked, ask, auditOf, readPause, respond } from "../harness/pauses.ts";
import { PASSWORD } from "../harness/people.ts";
import { createEndpoint } from "../harness/scene.ts";
import type { Client } from "../harness/server.ts";
import { startConsole, type Visit } from "./console.ts";
import { change, go, stepsOf, tryAgain, unnoticed, until } from "./waiting.ts";

const app = await startConsole({ after });
const { server } = app.stage;
const QUESTION = "Pay 340 EUR to Acme Corp?";

test("questions to people, from an empty list to every way in which one ends", async (t) => {
  const visit = await app.visit("developer", "/console/pauses");
  const owner = server.as(visit.person.apiKey);
  const step = stepsOf(t, visit.page);
  await step("the list is empty, and says how to ask", () => begin(visit));
  await step("open questions are listed by deadline, with the default and who was told", () => listOpen(visit, owner));
  await step("each status has a list of its own, whose URL a colleague can open", () => listEnded(visit, owner));
  await step("a page that cannot be read says why, and is tried again", () => failToRead(visit, owner));
  await step("a signed-in person answers with a note after a confirmation, and is named", () => answer(visit, owner));
  await step("what was typed does not follow to another question", () => typeAndLeave(visit, owner));
  await step("everything works by keyboard alone", () => useKeys(visit, owner));
  await step("an answer from elsewhere appears by itself", () => seeAnswer(visit, owner));
  await step("somebody who was faster is shown at once, with the outcome", () => answerTooLate(visit, owner));
  await step("a person cancels a question after a confirmation", () => cancel(visit, owner));
  await step("a protected question asks for the password, and says when it is wrong", () =>
    answerProtected(visit, owner),
  );
  await step("an agent that drives the browser of a person who is signed in does not decide what the server asks", () =>
    driveBrowser(visit, owner),
  );
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

/** Opens the page of a question by way of the list, so that nothing of another question is left. */
async function open({ page }: Visit, { id }: Pick<Asked, "id">): Promise<void> {
  await go(page, "/settings");
  await go(page, `/pauses/${id}`);
  await page.getByRole("region", { name: "The question" }).waitFor();
}

async function begin({ page, assertAccessible }: Visit): Promise<void> {
  await page.getByText("No question is open.").waitFor();
  await page.getByText("/v1/pause").waitFor();
  await assertAccessible("pauses-empty");
}

async function listOpen({ page, assertAccessible }: Visit, owner: Client): Promise<void> {
  await ask(owner, { message: "Last", timeout_hours: 48, timeout_default: "Reject" });
  await ask(owner, { message: "First", timeout_hours: 1 });
  await ask(owner, { message: "Middle", timeout_hours: 9, metadata: { order: "4711" } });
  await until(page, "document.title === '(3) Pauses · Signalbox'", "the number of open questions in the title");
  const questions = page.getByRole("table").getByRole("link");
  await questions.nth(2).waitFor();
  assert.deepEqual(await questions.allTextContents(), ["First", "Middle", "Last"]);
  await page.getByRole("cell", { name: "Reject" }).waitFor();
  await page.getByRole("cell", { name: "nobody" }).first().waitFor();
  await assertAccessible("pauses-open");
  await page.getByLabel("Question or metadata").fill("4711");
  await page.getByLabel("Question or metadata").press("Enter");
  await page.waitForURL(/q=4711/);
  await page.getByRole("link", { name: "First" }).waitFor({ state: "detached" });
  assert.deepEqual(await questions.allTextContents(), ["Middle"]);
  await page.getByRole("button", { name: "Clear filters" }).click();
  await page.getByRole("link", { name: "First" }).waitFor();
  await page.getByLabel("Channel").selectOption("sms");
  await page.getByText("Nothing matches these filters").waitFor();
}

async function listEnded({ page }: Visit, owner: Client): Promise<void> {
  const answered = await ask(owner, { message: "Answered?" });
  const cancelled = await ask(owner, { message: "Cancelled?" });
  const timed = await ask(owner, { message: "Timed out?", expires_in_seconds: 1, timeout_default: "Reject" });
  await respond(owner, answered.token, { choice: "Approve" });
  await owner.request("DELETE", `/v1/pause/${cancelled.id}`);
  await readPause(owner, timed.id, 60);
  await change(page, "/pauses?status=responded");
  await page.getByRole("cell", { name: "a person who had the link" }).waitFor();
  await page.getByRole("cell", { name: "Approve" }).waitFor();
  const tabs = page.getByRole("navigation", { name: "Status" });
  await tabs.locator("[aria-current=page]").filter({ hasText: "Answered" }).waitFor();
  await tabs.getByRole("link", { name: /^Timed out/ }).click();
  await page.waitForURL(/status=timed_out/);
  await page.getByRole("link", { name: "Timed out?" }).waitFor();
  await tabs.getByRole("link", { name: /^Cancelled/ }).click();
  await page.getByRole("link", { name: "Cancelled?" }).waitFor();
  await page.goBack();
  await page.getByRole("link", { name: "Timed out?" }).waitFor();
}

async function failToRead({ page }: Visit, owner: Client): Promise<void> {
  const { id } = await ask(owner);
  // The stream tells of the question at any time, and the page reads again by itself.
  await tryAgain(page, "**/v1/pause**", async () => {
    await change(page, "/pauses?channel=email");
    await page.getByText("The server failed to read.").waitFor();
    await go(page, `/pauses/${id}`);
  });
  await page.getByRole("region", { name: "The question" }).getByText(QUESTION).waitFor();
}

async function answer(visit: Visit, owner: Client): Promise<void> {
  const { page, person } = visit;
  const metadata = { order: exactNumber("12345678901234567890"), customer: "Acme" };
  const details = [
    { label: "Supplier", value: "Acme Corp\nVienna" },
    { label: "Amount", value: "340 EUR" },
  ];
  const asked = await ask(owner, { allow_text_response: true, timeout_default: "Reject", metadata, details });
  await open(visit, asked);
  assert.equal(await page.getByText("Vienna").innerText(), "Acme Corp\nVienna");
  await page.getByText("“Reject” is chosen").waitFor();
  await page.getByText('"order": 12345678901234567890').waitFor();
  await page.getByText("The audit needs the role organization admin.").waitFor();
  assert.equal(await page.getByRole("button", { name: "Show the link" }).count(), 0);
  await visit.assertAccessible("pause-open");
  await page.getByLabel("Note (optional)").fill("Checked with Ann.\nFine.");
  await page.getByRole("button", { name: "Approve" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Checked with Ann.").waitFor();
  await visit.assertAccessible("pause-confirm");
  await dialog.getByRole("button", { name: "Back to the question" }).click();
  assert.equal((await readPause(owner, asked.id)).status, "pending");
  await page.getByRole("button", { name: "Approve" }).click();
  await dialog.getByRole("button", { name: "Answer “Approve”" }).click();
  await page.getByRole("status").getByText("Approve").waitFor();
  await page.getByText(`by ${person.email}`).waitFor();
  await page.locator("h2:focus").getByText("The answer").waitFor();
  await page.getByText("No endpoint takes this event.").waitFor();
  const { decided_by_user: user, response_text: text } = (await readPause(owner, asked.id)) as unknown as {
    decided_by_user: { email: string };
    response_text: string;
  };
  assert.deepEqual([user.email, text], [person.email, "Checked with Ann.\nFine."]);
}

async function typeAndLeave(visit: Visit, owner: Client): Promise<void> {
  const [one, other] = [
    await ask(owner, { message: "One?", allow_text_response: true }),
    await ask(owner, { message: "Another?", allow_text_response: true }),
  ];
  const { page } = visit;
  const note = page.getByLabel("Note (optional)");
  await open(visit, one);
  await note.fill("only for the first");
  for (const [{ id }, message] of [
    [other, "Another?"],
    [one, "One?"],
  ] as const) {
    await change(page, `/pauses/${id}`);
    await page.getByRole("region", { name: "The question" }).getByText(message).waitFor();
    assert.equal(await note.inputValue(), "", message);
  }
}

async function useKeys({ page, person }: Visit, owner: Client): Promise<void> {
  const { id } = await ask(owner, { message: "Keys?" });
  await go(page, "/pauses?q=Keys");
  await page.getByRole("link", { name: "Keys?" }).waitFor();
  await page.keyboard.press("j");
  await page.locator("[data-row]:focus").waitFor();
  await page.keyboard.press("c");
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Cancel the question" }).waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await page.locator("[data-row]:focus").waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL(new RegExp(id));
  await page.getByRole("button", { name: "Reject" }).waitFor();
  await page.keyboard.press("2");
  const confirm = dialog.getByRole("button", { name: "Answer “Reject”" });
  await confirm.waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await page.keyboard.press("2");
  await confirm.and(page.locator(":focus")).waitFor();
  await page.keyboard.press("Enter");
  await page.getByText(`by ${person.email}`).waitFor();
  assert.equal((await readPause(owner, id)).response_choice, "Reject");
}

async function seeAnswer(visit: Visit, owner: Client): Promise<void> {
  const { page } = visit;
  const asked = await ask(owner);
  await open(visit, asked);
  await page.getByText("Live", { exact: true }).waitFor();
  await respond(owner, asked.token, { choice: "Approve" });
  await page.getByText("by a person who had the link").waitFor();
}

async function answerTooLate(visit: Visit, owner: Client): Promise<void> {
  const { page } = visit;
  const asked = await ask(owner);
  await open(visit, asked);
  await page.getByRole("button", { name: "Reject" }).click();
  const confirm = page.getByRole("dialog").getByRole("button", { name: "Answer “Reject”" });
  await confirm.waitFor();
  await unnoticed(page, `**/v1/pause/${asked.id}`, {
    happen: () => respond(owner, asked.token, { choice: "Approve" }),
    act: () => confirm.click(),
  });
  await page.getByText("Somebody else was faster.").waitFor();
  await page.getByText("TOKEN_USED").waitFor();
  await page.getByText("by a person who had the link").waitFor();
  await page.getByRole("button", { name: "Reject" }).waitFor({ state: "detached" });
}

async function cancel(visit: Visit, owner: Client): Promise<void> {
  const { page } = visit;
  const asked = await ask(owner);
  await open(visit, asked);
  await page.getByRole("button", { name: "Cancel the question" }).waitFor();
  await page.keyboard.press("c");
  const confirm = page.getByRole("dialog").getByRole("button", { name: "Cancel the question" });
  await confirm.waitFor();
  await visit.assertAccessible("pause-cancel");
  await confirm.click();
  await page.getByText("The question was cancelled before anybody answered.").waitFor();
  assert.equal((await readPause(owner, asked.id)).status, "cancelled");
}

async function answerProtected(visit: Visit, owner: Client): Promise<void> {
  const { page, person } = visit;
  const asked = await ask(owner, { protected: true });
  await open(visit, asked);
  app.stage.later(6 * 60_000);
  await page.getByRole("button", { name: "Approve" }).click();
  const dialog = page.getByRole("dialog");
  const confirm = dialog.getByRole("button", { name: "Answer “Approve”" });
  await confirm.click();
  const password = dialog.getByLabel("Your password", { exact: true });
  await password.fill("not the password");
  await confirm.click();
  await dialog.getByText("The password is wrong.").waitFor();
  await password.fill(PASSWORD);
  await confirm.click();
  await page.getByText(`by ${person.email}`).waitFor();
  assert.equal((await readPause(owner, asked.id)).status, "responded");
}

async function driveBrowser(visit: Visit, owner: Client): Promise<void> {
  const { page } = visit;
  const body = { name: "deploy-bot", role: "agent", scopes: ["ask", "operate"] };
  const key = (await owner.request("POST", "/v1/auth/keys", { body })).body.api_key;
  const id = await askToPause(owner, key);
  app.stage.later(6 * 60_000);
  await open(visit, { id });
  await page.getByText("The server asks this for the agent key deploy-bot").waitFor();
  await visit.assertAccessible("pause-act");
  const codes = await page.evaluate(
    async ([path, apiKey]) => {
      const decide = async (headers: Record<string, string>) => {
        const json = { "content-type": "application/json" };
        const init = { method: "POST", headers: { ...json, ...headers }, body: '{"choice":"Approve"}' };
        return ((await (await fetch(path, init)).json()) as { error: string }).error;
      };
      return [await decide({}), await decide({ authorization: `Bearer ${apiKey}` })];
    },
    [`/v1/pause/${id}/decide`, key] as const,
  );
  assert.deepEqual(codes, ["PASSWORD_REQUIRED", "SESSION_REQUIRED"]);
  await page.getByRole("button", { name: "Approve" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Answer “Approve”" }).click();
  await dialog.getByLabel("Your password", { exact: true }).waitFor();
  assert.equal((await readPause(owner, id)).status, "pending");
}

/** The id of the question with which the server asks whether an endpoint may be paused. */
async function askToPause(owner: Client, key: string): Promise<string> {
  const endpoint = await createEndpoint(owner, { url: "http://127.0.0.1:9/", name: "Billing" });
  const params = { name: "pause_endpoint", arguments: { endpoint_id: endpoint } };
  const types = { accept: "application/json, text/event-stream", "content-type": "application/json" };
  const called = await fetch(`${app.url}/mcp`, {
    method: "POST",
    headers: { ...types, authorization: `Bearer ${key}` },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params }),
  });
  return /psr_[0-9a-f-]{36}/.exec(await called.text())?.[0] ?? assert.fail();
}

test("a button of a mail leads to the question with its option marked, through the sign-in page", async () => {
  const visit = await app.visit("developer", "/console/settings");
  const { page, person } = visit;
  await visit.heading();
  await visit.endSession();
  const { id } = await ask(server.as(person.apiKey), { protected: true, options: ["Yes & now", "No"] });
  await page.goto(`${app.url}/console/pauses/${id}?choice=Yes%20%26%20now`);
  await page.getByLabel("Email").fill(person.email);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("You selected “Yes & now”.").waitFor();
  await visit.assertAccessible("pause-picked");
  assert.equal(await page.getByRole("dialog").count(), 0);
  assert.equal((await readPause(server.as(person.apiKey), id)).status, "pending");
  await page.goto(`${app.url}/console/pauses/${id}?choice=Maybe`);
  await page.getByRole("button", { name: "Yes & now" }).waitFor();
  assert.equal(await page.getByText("You selected").count(), 0);
  await page.goto(`${app.url}/console/pauses/${id}?choice=No`);
  await page.getByRole("button", { name: "No", exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Answer “No”" }).click();
  await page.getByText(`by ${person.email}`).waitFor();
  await visit.close();
});

test("what an organization admin sees of a question", async (t) => {
  const visit = await app.visit("org_admin", "/console/settings");
  const owner = server.as(visit.person.apiKey);
  const step = stepsOf(t, visit.page);
  await step("a link is nowhere, until it is asked for", () => revealLink(visit, owner));
  await step("a question with approvers names them to everybody else", () => nameApprovers(visit, owner));
  await step("hostile text is text, on every part of the pages", () => showHostile(visit, owner));
  await step("a question that is nearly over says so with a word and a shape", () => listUrgent(visit, owner));
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

async function revealLink(visit: Visit, owner: Client): Promise<void> {
  const { page } = visit;
  const asked = await ask(owner);
  const { id, token } = asked;
  await go(page, `/pauses/${id}`);
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
  await dialog.waitFor({ state: "detached" });
  assert.equal((await page.content()).includes(token), false);
  assert.deepEqual(await auditOf(owner, id), ["pause.created", "pause.link_revealed"]);
}

async function nameApprovers(visit: Visit, owner: Client): Promise<void> {
  const { page, person } = visit;
  const approver = await app.stage.person("developer", { id: person.tenantId, apiKey: person.apiKey });
  const user = await server.store.findUser(approver.email);
  await open(visit, await ask(owner, { approvers: [`usr_${user?.id}`] }));
  await page.getByText(`Only ${approver.email} may answer this question.`).waitFor();
  assert.equal(await page.getByRole("button", { name: "Approve" }).count(), 0);
}

async function showHostile(visit: Visit, owner: Client): Promise<void> {
  const { page } = visit;
  const hostile = `<img src=x onerror="document.title='owned'"> \u202egnp.exe ${"W".repeat(300)}`;
  const asked = await ask(owner, {
    message: hostile,
    options: [`<b>${"y".repeat(90)}`, "'\"&"],
    allow_text_response: true,
    metadata: { [hostile]: [hostile, { deep: "x".repeat(10_000) }] },
  });
  await open(visit, asked);
  await page.getByText("⟨U+202E⟩").first().waitFor();
  await visit.assertAccessible("pause-hostile");
  await page.getByText("Live", { exact: true }).waitFor();
  await respond(owner, asked.token, { choice: "'\"&", text: `${hostile}\n${"z".repeat(1500)}` });
  await page.getByText("by a person who had the link").waitFor();
  await go(page, "/pauses?status=responded");
  await page.getByText("⟨U+202E⟩").first().waitFor();
  await visit.assertAccessible("pauses-hostile");
  assert.doesNotMatch(await page.title(), /owned/);
}

async function listUrgent({ page }: Visit, owner: Client): Promise<void> {
  const soon = await ask(owner, { message: "Soon", expires_in_seconds: 1000 });
  // The browser's clock is not the server's: the list as it is when the deadline is near.
  await page.route("**/v1/pause?*", async (route) => {
    const response = await route.fetch();
    const body = await response.json();
    const times = { created_at: fromNow(-920), expires_at: fromNow(80) };
    for (const pause of body.pauses) if (pause.pause_id === soon.id) Object.assign(pause, times);
    await route.fulfill({ response, json: body });
  });
  await go(page, "/settings");
  await go(page, "/pauses");
  await page.getByText(/· soon over/).waitFor();
}

function fromNow(seconds: number): string {
  return new Date(Date.now() + seconds * 1000).toISOString();
}
