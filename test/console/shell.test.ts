/** The console's frame in a real browser: signing in, navigation, roles, keys, settings, other tabs, and a server that goes away. */
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

test("two tabs read one stream, and both refresh", async () => {
  const visit = await app.visit("developer", "/console/endpoints");
  const { page, person } = visit;
  await page.getByText("Live", { exact: true }).waitFor();
  const second = await visit.secondTab();
  const streams: string[] = [];
  second.on("request", (request) => {
    if (request.url().includes("/v1/stream")) streams.push(request.url());
  });
  await second.goto(`${app.url}/console/endpoints`);
  await second.getByText("Live", { exact: true }).waitFor();
  const owner = app.stage.server.as(person.apiKey);
  await owner.request("POST", "/v1/endpoints", { body: { url: "https://example.com/", name: "seen by both" } });
  for (const tab of [page, second]) await tab.getByRole("link", { name: "seen by both" }).waitFor();
  assert.deepEqual(streams, []);
  // The other tab takes over.
  const taken = second.waitForRequest(/\/v1\/stream/);
  await page.goto("about:blank");
  await taken;
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

test("a tab of an older build offers to reload", async () => {
  const visit = await app.visit("developer", "/console/endpoints");
  const { page } = visit;
  await page.getByRole("heading", { name: "Endpoints", level: 1 }).waitFor();
  await page.route("**/assets/jobs-page-*.js", (route) => route.fulfill({ status: 404 }));
  await page.getByRole("navigation").getByRole("link", { name: "Jobs" }).click();
  await page.getByText("A new version of the console runs here").waitFor();
  await visit.assertAccessible("new-version");
  await visit.close();
});

test("a server that cannot be reached is an error with a way to try again, and the page recovers", async () => {
  const visit = await app.visit("developer", "/console/settings");
  const { page } = visit;
  await page.route("**/v1/endpoints?*", (route) => route.abort());
  await page.getByRole("navigation").getByRole("link", { name: "Endpoints" }).click();
  await page.getByText("The server cannot be reached.").waitFor();
  await visit.assertAccessible("unreachable");
  await page.unroute("**/v1/endpoints?*");
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByText("No endpoint receives events yet.").waitFor();
  await visit.close();
});

test("an id that was pasted leads to its page, and an unknown one is said to be unknown", async () => {
  const visit = await app.visit("developer", "/console/go/nothing_known");
  const { page } = visit;
  await page.getByText("nothing_known is not an id of this server.").waitFor();
  await page.keyboard.press("Control+k");
  const id = "del_019f0000-0000-7000-8000-000000000000";
  await page.getByRole("dialog").getByRole("combobox").fill(id);
  await page.keyboard.press("Enter");
  await page.waitForURL(new RegExp(`/console/deliveries/${id}$`));
  await visit.close();
});

test("settings apply at once and stay", async () => {
  const visit = await app.visit("developer", "/console/settings");
  const { page } = visit;
  await page.getByText("Dark", { exact: true }).click();
  assert.equal(await page.locator("html").getAttribute("data-mantine-color-scheme"), "dark");
  await page.reload();
  await page.getByRole("heading", { level: 1 }).waitFor();
  assert.equal(await page.locator("html").getAttribute("data-mantine-color-scheme"), "dark");
  await page.getByText("System", { exact: true }).click();
  await visit.assertAccessible("settings");
  await page.getByLabel("Current password").fill("wrong");
  await page.getByLabel("New password", { exact: true }).fill("short");
  await page.getByRole("button", { name: "Change the password" }).click();
  await page.getByText("A password must have 8 to 1024 characters.").waitFor();
  assert.equal(await page.evaluate("document.activeElement.name"), "newPassword");
  await visit.assertAccessible("settings-faults");
  await page.getByRole("switch", { name: "Single keys act" }).press(" ");
  await page.getByRole("heading", { level: 1 }).click();
  await page.keyboard.press("?");
  assert.equal(await page.getByRole("dialog").count(), 0);
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});
