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
  await page.getByText("None has ended. 3 are still being tried.").waitFor();
  await page.getByText("The most frequent cause was “HTTP status”: 3 of 3.").waitFor();
  await page.getByText("Last failure: HTTP 500 · 3 waiting").waitFor();
  await page.locator("figure .recharts-surface").first().waitFor();
  await visit.assertAccessible("overview-failing");
  await page.getByRole("button", { name: "As table: Failed attempts by cause" }).click();
  await page.getByRole("link", { name: "HTTP status" }).click();
  await page.waitForURL(/\/deliveries\?classification=http_status&from=/);
  await page.getByText("order.paid").nth(2).waitFor();
  await page.goto(`${app.url}/console/?span=1y`);
  await page.getByText(/The filter span=1y is not valid here/).waitFor();
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

test("a span of a chart, or a row of its table, leads to the deliveries of that time", async (t) => {
  const receiver = await startRunningReceiver(t);
  const visit = await app.visit("developer", "/console/health");
  const { page, person } = visit;
  const owner = app.stage.server.as(person.apiKey);
  await owner.request("POST", "/v1/endpoints", { body: { url: receiver.url } });
  await owner.request("POST", "/v1/events", { body: { type: "order.paid", payload: {} } });
  await receiver.next();
  await page.goto(`${app.url}/console/`);
  const chart = page.locator("figure").filter({ hasText: "1 succeeded and 0 failed." });
  const drawing = chart.locator(".recharts-surface").first();
  await drawing.scrollIntoViewIfNeeded();
  const { x, y, width } = (await drawing.boundingBox()) ?? assert.fail();
  await page.mouse.move(x + width * 0.5, y + 40);
  await page.mouse.down();
  await page.mouse.move(x + width * 0.7, y + 40);
  await page.mouse.move(x + width - 12, y + 40);
  await page.mouse.up();
  await page.waitForURL(/\/deliveries\?from=\S+Z&to=\S+Z$/);
  await page.getByText("order.paid").first().waitFor();
  await page.goBack();
  await page.getByRole("button", { name: "As table: Attempts" }).click();
  // The newest hour is first.
  await page.getByRole("region", { name: "Attempts" }).getByRole("link").first().press("Enter");
  await page.waitForURL(/\/deliveries\?from=\S+Z&to=\S+Z$/);
  await page.getByText("order.paid").first().waitFor();
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

test("among more than a hundred endpoints, those that need attention are listed, and the list finds them", async () => {
  const visit = await app.visit("developer", "/console/health");
  const { page, person } = visit;
  const owner = app.stage.server.as(person.apiKey);
  const body = { url: "http://127.0.0.1:9/", event_types: ["none"] };
  const ids: string[] = [];
  for (let index = 0; index < 110; index += 1) {
    ids.push((await owner.request("POST", "/v1/endpoints", { body: { ...body, name: `customer ${index}` } })).body.id);
  }
  for (const id of ids.slice(-8)) await owner.request("PATCH", `/v1/endpoints/${id}`, { body: { status: "PAUSED" } });
  await page.goto(`${app.url}/console/`);
  await page.getByRole("link", { name: "customer 102", exact: true }).waitFor();
  await page.getByRole("link", { name: "2 more" }).click();
  await page.getByText("110 endpoints, of which 102 are healthy.").waitFor();
  await page.getByRole("link", { name: "customer 109", exact: true }).waitFor();
  assert.equal(await page.getByText("paused", { exact: true }).count(), 8);
  await page.getByLabel("Name or URL").fill("customer 105");
  await page.waitForURL(/q=customer/);
  await page.getByRole("link", { name: "customer 104", exact: true }).waitFor({ state: "detached" });
  await page.getByRole("link", { name: "customer 105", exact: true }).waitFor();
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

test("the overview of a server that does not answer says so in each part, and asks again", async () => {
  const visit = await app.visit("org_admin", "/console/health");
  const { page, person } = visit;
  const body = { url: "http://127.0.0.1:9/" };
  await app.stage.server.as(person.apiKey).request("POST", "/v1/endpoints", { body });
  const error = { code: "STORE_UNAVAILABLE", message: "The server cannot read its store.", details: [] };
  await page.route("**/v1/analytics/**", (route) => route.fulfill({ status: 503, json: { error } }));
  await page.goto(`${app.url}/console/`);
  await page.getByText("The one endpoint is healthy.").waitFor();
  await page.getByText(error.message).nth(3).waitFor();
  await visit.assertAccessible("overview-broken");
  await page.unroute("**/v1/analytics/**");
  await page.getByRole("button", { name: "Try again" }).first().click();
  await page.getByText("There were no attempts.").waitFor();
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
