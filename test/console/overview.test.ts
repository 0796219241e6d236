/** The overview and the health page in a real browser. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startRunningReceiver } from "../harness/receiver.ts";
import { startConsole } from "./console.ts";

const app = await startConsole({ after });

test("an empty overview has three steps, and each is ticked when it happened", async (t) => {
  const visit = await app.visit("developer", "/console/");
  const { page, person } = visit;
  await page.getByRole("heading", { name: "Get started" }).waitFor();
  assert.equal(await page.getByText("to do").count(), 3);
  await visit.assertAccessible("overview-empty");
  const receiver = await startRunningReceiver(t);
  const owner = app.stage.server.as(person.apiKey);
  const made = await owner.request("POST", "/v1/endpoints", { body: { url: receiver.url, name: "orders" } });
  await owner.request("POST", `/v1/endpoints/${made.body.id}/test`, { body: {} });
  await page.reload();
  await page.getByText("done").nth(1).waitFor();
  await visit.close();
});

test("the overview shows attempts as they happen, what waits, and which endpoint fails", async (t) => {
  const receiver = await startRunningReceiver(t);
  receiver.answerWith(500);
  const visit = await app.visit("developer", "/console/");
  const { page, person } = visit;
  const owner = app.stage.server.as(person.apiKey);
  await owner.request("POST", "/v1/endpoints", { body: { url: receiver.url, name: "orders" } });
  const events = Array.from({ length: 3 }, () => ({ type: "order.paid", payload: {} }));
  await owner.request("POST", "/v1/events/batch", { body: { events } });
  for (const _ of events) await receiver.next();
  await page.goto(`${app.url}/console/?span=1h`);
  await page.getByText("0 succeeded and 3 failed.").waitFor();
  await page.getByRole("link", { name: "orders" }).waitFor();
  await page.getByText("0% of 3", { exact: true }).waitFor();
  await visit.assertAccessible("overview-failing");
  await page.goto(`${app.url}/console/?span=1y`);
  await page.getByText(/The filter span=1y is not valid here/).waitFor();
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

test("health shows an org_admin the tenant's part, and a global_admin the process", async () => {
  const part = await app.visit("org_admin", "/console/health");
  await part.page.getByText("The server stores events and delivers them.").waitFor();
  await part.page.getByText("shown to a global admin").waitFor();
  await part.assertAccessible("health-part");
  await part.page.getByText("Set SMTP_URL and SIGNALBOX_MAIL_FROM.").waitFor();
  await part.close();
  const whole = await app.visit("global_admin", "/console/health");
  await whole.page.getByRole("heading", { name: "Settings in force" }).waitFor();
  await whole.assertAccessible("health");
  assert.deepEqual(whole.complaints, []);
  await whole.close();
  const developer = await app.visit("developer", "/console/health");
  assert.equal(await developer.heading(), "This page takes the role organization admin");
  await developer.close();
});
