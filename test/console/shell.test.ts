/** The console's frame in a real browser: signing in, navigation, roles, keyboard, its policy. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { PASSWORD } from "../harness/people.ts";
import { startConsole } from "./console.ts";

const app = await startConsole({ after });

test("a person without a session signs in and gets to the page that was asked for", async () => {
  const person = await app.stage.person("developer");
  const visit = await app.open(`${app.url}/console/endpoints?status=PAUSED`);
  const { page } = visit;
  await page.waitForURL(/sign-in/);
  assert.equal(await visit.heading(), "Sign in");
  await visit.assertAccessible("sign-in");
  await page.getByLabel("E-mail address").fill(person.email);
  await page.getByLabel("Password", { exact: true }).fill("not the password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("The email address or the password is wrong.").waitFor();
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Endpoints", level: 1 }).waitFor();
  assert.equal(new URL(page.url()).search, "?status=PAUSED");
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

test("the endpoints page lists, filters, and is accessible", async () => {
  const visit = await app.visit("developer", "/console/endpoints");
  const { page, person } = visit;
  await page.getByText("No endpoint receives events yet.").waitFor();
  await visit.assertAccessible("endpoints-empty");
  const owner = app.stage.server.as(person.apiKey);
  for (const name of [
    "orders",
    "invoices \u202e",
    "a name that is so long that it does not fit into the column of a table at all",
  ]) {
    const made = await owner.request("POST", "/v1/endpoints", { body: { url: "https://example.com/hook", name } });
    assert.equal(made.status, 201, made.text);
  }
  await page.reload();
  await page.getByRole("link", { name: "orders" }).waitFor();
  await page.getByText("⟨U+202E⟩").waitFor();
  await visit.assertAccessible("endpoints");
  await page.getByLabel("Name or URL").fill("order");
  await page.waitForURL(/q=order/);
  await page.getByRole("link", { name: "invoices" }).waitFor({ state: "detached" });
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

test("keys go to pages, move between rows and show the help", async () => {
  const visit = await app.visit("developer", "/console/");
  const { page } = visit;
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("d");
  await page.waitForURL(/deliveries/);
  await page.getByRole("heading", { name: "Deliveries", level: 1 }).waitFor();
  assert.equal(await page.evaluate("document.activeElement.textContent"), "Deliveries");
  await page.keyboard.press("?");
  await page.getByRole("dialog").getByText("Show the shortcuts").waitFor();
  await visit.assertAccessible("help");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  await page.keyboard.press("Control+k");
  await page.getByRole("dialog").getByRole("combobox").fill("event ty");
  await visit.assertAccessible("palette");
  await page.keyboard.press("Enter");
  await page.waitForURL(/event-types/);
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

test("a developer sees no link to what takes a higher role, and its URL says which role it takes", async () => {
  const visit = await app.visit("developer", "/console/access");
  assert.equal(await visit.heading(), "This page takes the role organization admin");
  assert.equal(await visit.page.getByRole("navigation").getByRole("link", { name: "Access" }).count(), 0);
  await visit.close();
});
