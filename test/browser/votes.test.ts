/** The page of a pause that several people decide, in a real browser. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, test } from "node:test";
import { startConsole, type Visit } from "../console/console.ts";
import { stepsOf } from "../console/waiting.ts";
import { signedIn } from "../harness/jar.ts";
import { ask, auditOf, readPause } from "../harness/pauses.ts";
import { PASSWORD, type Person } from "../harness/people.ts";

const app = await startConsole({ after });
const { stage } = app;
const { server } = stage;

async function newColleague({ tenantId: id, apiKey }: Person) {
  const { email } = await stage.person("developer", { id, apiKey });
  return { id: await idOf(email), email, jar: await signedIn(server.url, email, PASSWORD) };
}

async function idOf(email: string): Promise<string> {
  return `usr_${(await server.store.findUser(email))?.id}`;
}

test("several people decide: votes are shown with names, and an org_admin gives them more time", async (t) => {
  const visit = await app.visit("org_admin", "/console/pauses");
  const { page, person } = visit;
  const owner = server.as(person.apiKey);
  const step = stepsOf(t, page);
  const colleagues = [await newColleague(person), await newColleague(person), await newColleague(person)] as const;
  const own = await idOf(person.email);

  const escalate_to = { share: 0.5, approvers: [colleagues[2].id] };
  const approvers = [own, colleagues[0].id, colleagues[1].id];
  const { id } = await ask(owner, { approvers, quorum: 2, veto: "Reject", escalate_to, allow_text_response: true });
  const vote = ({ jar }: (typeof colleagues)[number], choice: string) =>
    jar.request("POST", `/v1/pause/${id}/decide`, { body: { choice, text: "checked" } });

  await step("a vote of somebody else appears, with its name and its note", async () => {
    await page.goto(`${app.url}/console/pauses/${id}`);
    await page.getByText("0 of 2 votes").first().waitFor();
    await page.getByText("one vote for it ends the question").waitFor();
    assert.equal((await vote(colleagues[0], "Approve")).status, 200);
    await page.getByText("1 of 2 votes").waitFor();
    const votes = page.getByRole("list", { name: "Votes" });
    await votes.getByText("checked").waitFor();
    assert.equal(await votes.getByText("has not voted").count(), 2);
    await page.getByText(colleagues[2].email).first().waitFor();
    await visit.assertAccessible("pause-votes");
  });

  await step("an org_admin extends the deadline", () => extendDeadline(visit, id));

  await step("the own vote completes the quorum, and the page names everybody who voted", async () => {
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByRole("dialog").getByText("Your vote counts at once").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Answer “Approve”" }).click();
    await page.getByText("2 of 2 votes").waitFor();
    await page.getByText(`by ${person.email}`).waitFor();
    assert.deepEqual((await auditOf(owner, id)).slice(-2), ["pause.voted", "pause.responded"]);
  });

  await step("the receipt is shown, and downloaded as it was signed", () => downloadReceipt(visit, id));

  await step("a split vote says that the quorum is out of reach, and what the person voted", async () => {
    const split = await ask(owner, { approvers: [own, colleagues[0].id], quorum: 2 });
    await colleagues[0].jar.request("POST", `/v1/pause/${split.id}/decide`, { body: { choice: "Approve" } });
    await page.goto(`${app.url}/console/pauses/${split.id}`);
    assert.equal(await page.getByRole("region", { name: "The receipt" }).count(), 0);
    await page.getByRole("button", { name: "Reject" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Answer “Reject”" }).click();
    await page.getByText("No answer can get enough votes any more.").waitFor();
    await page.getByText("You voted for “Reject”.").waitFor();
  });
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

async function extendDeadline({ page, person, assertAccessible }: Visit, id: string): Promise<void> {
  const owner = server.as(person.apiKey);
  const before = (await readPause(owner, id)).expires_at;
  await page.getByRole("button", { name: "Extend the deadline" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("From now on").selectOption("7 days");
  await assertAccessible("pause-extend");
  await dialog.getByRole("button", { name: "Extend the deadline" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.getByText("extended the deadline").waitFor();
  assert.ok((await readPause(owner, id)).expires_at > before);
}

async function downloadReceipt({ page, person, assertAccessible }: Visit, id: string): Promise<void> {
  const { receipt } = (await readPause(server.as(person.apiKey), id)) as unknown as { receipt: { key_id: string } };
  const section = page.getByRole("region", { name: "The receipt" });
  await section.getByText(receipt.key_id).waitFor();
  await section.getByRole("button", { name: "Copy the receipt" }).waitFor();
  await assertAccessible("pause-receipt");
  const downloading = page.waitForEvent("download");
  await section.getByRole("button", { name: "Download" }).click();
  const file = await downloading;
  assert.equal(file.suggestedFilename(), `${id}-receipt.json`);
  assert.deepEqual(JSON.parse(await readFile(await file.path(), "utf8")), receipt);
}
