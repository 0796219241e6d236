/** The console's frame in a real browser: signing in, navigation, roles, keys, settings, and a file or an answer that does not come. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { PASSWORD, type Person } from "../harness/people.ts";
import { createEndpoint } from "../harness/scene.ts";
import { type Opened, startConsole } from "./console.ts";
import { appears, change, disappears, go, stepsOf } from "./waiting.ts";

const app = await startConsole({ after });

test("a person who signs in finds the frame's parts: navigation, keys, search, settings, and errors with a way on", async (t) => {
  const person = await app.stage.person("developer");
  const visit = await app.open(`${app.url}/console/endpoints?status=PAUSED`);
  const step = stepsOf(t, visit.page);
  await step("without a session, one signs in and gets to the page that was asked for", () => signIn(visit, person));
  await step("the list of endpoints shows new ones, and finds some", () => listEndpoints(visit, person));
  await step("the keys move between pages, and the search finds pages and ids", () => useKeys(visit));
  await step("settings apply at once and stay", () => changeSettings(visit));
  assert.deepEqual(visit.complaints, []);
  await step("a server or a file that is gone is an error with a way on", () => loseServer(visit));
  await visit.close();
});

async function signIn(visit: Opened, person: Person): Promise<void> {
  const { page } = visit;
  await page.waitForURL(/sign-in/);
  assert.equal(await visit.heading(), "Sign in");
  await visit.assertAccessible("sign-in");
  await page.getByLabel("Email address").fill(person.email);
  await page.getByLabel("Password", { exact: true }).fill("not the password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await appears(page.getByText("The email address or the password is wrong."));
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.keyboard.press("Enter");
  await appears(page.getByRole("heading", { name: "Endpoints", level: 1 }));
  assert.equal(new URL(page.url()).search, "?status=PAUSED");
}

async function listEndpoints(visit: Opened, person: Person): Promise<void> {
  const { page } = visit;
  await change(page, "/endpoints");
  await appears(page.getByText("No endpoint receives events yet."));
  await visit.assertAccessible("endpoints-empty");
  await appears(page.getByText("Live", { exact: true }));
  const owner = app.stage.server.as(person.apiKey);
  const long = "a name that is so long that it does not fit into the column of a table at all";
  for (const name of ["orders", "invoices \u202e", long])
    await createEndpoint(owner, { url: "https://example.com/hook", name });
  await appears(page.getByRole("link", { name: "orders" }));
  await appears(page.getByText("⟨U+202E⟩"));
  await appears(page.getByText(long));
  await visit.assertAccessible("endpoints");
  await page.getByLabel("Name or URL").fill("order");
  await page.waitForURL(/q=order/);
  await disappears(page.getByRole("link", { name: "invoices" }));
  await page.keyboard.press("Escape");
}

async function useKeys(visit: Opened): Promise<void> {
  const { page } = visit;
  await page.getByRole("heading", { level: 1 }).click();
  await page.keyboard.press("g");
  await page.keyboard.press("d");
  await appears(page.locator("h1:focus", { hasText: "Deliveries" }));
  await page.keyboard.press("?");
  await appears(page.getByRole("dialog").getByText("Show the shortcuts"));
  await visit.assertAccessible("help");
  await page.keyboard.press("Escape");
  await disappears(page.getByRole("dialog"));
  await page.keyboard.press("Control+k");
  await page.getByRole("dialog").getByRole("combobox").fill("event ty");
  await appears(page.getByRole("option", { name: "Event types" }));
  await visit.assertAccessible("palette");
  await page.keyboard.press("Enter");
  await appears(page.locator("h1:focus", { hasText: "Event types" }));

  await change(page, "/go/nothing_known");
  await appears(page.getByText("nothing_known is not an id of this server."));
  await page.keyboard.press("Control+k");
  const id = "del_019f0000-0000-7000-8000-000000000000";
  await page.getByRole("dialog").getByRole("combobox").fill(id);
  await page.keyboard.press("Enter");
  await page.waitForURL(new RegExp(`/console/deliveries/${id}$`));
}

async function changeSettings({ page }: Opened): Promise<void> {
  await go(page, "/settings", "Settings");
  await page.getByText("Dark", { exact: true }).click();
  await appears(page.locator("html[data-mantine-color-scheme=dark] h1"));
  await page.reload();
  await appears(page.locator("html[data-mantine-color-scheme=dark] h1"));
  await page.getByText("System", { exact: true }).click();
  await page.getByLabel("Current password").fill("wrong");
  await page.getByLabel("New password", { exact: true }).fill("short");
  await page.getByRole("button", { name: "Change the password" }).click();
  await appears(page.getByText("A password must have 8 to 1024 characters."));
  await appears(page.locator("[name=newPassword]:focus"));
  await page.getByRole("switch", { name: "Single keys act" }).press(" ");
  await page.getByRole("heading", { level: 1 }).click();
  await page.keyboard.press("?");
  assert.equal(await page.getByRole("dialog").count(), 0);
}

async function loseServer(visit: Opened): Promise<void> {
  const { page } = visit;
  await page.route("**/v1/jobs?*", (route) => route.abort());
  await page.getByRole("navigation").getByRole("link", { name: "Jobs" }).click();
  await appears(page.getByText("The server cannot be reached."));
  await page.unroute("**/v1/jobs?*");
  await page.getByRole("button", { name: "Try again" }).click();
  await appears(page.getByText("No job was started yet."));

  // As in a tab of an older build.
  await page.route("**/assets/pauses-page-*.js", (route) => route.fulfill({ status: 404 }));
  await page.getByRole("navigation").getByRole("link", { name: "Pauses" }).click();
  await appears(page.getByText("A new version of the console runs here"));
  await visit.assertAccessible("new-version");
}
