/** What happens to a page while it is open: another tab opens, the server goes away, another build runs. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startConsole } from "./console.ts";

const app = await startConsole({ after });

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
