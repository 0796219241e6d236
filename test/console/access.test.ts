/** Keys, users, tenants and the audit in a real browser. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { signedIn } from "../harness/jar.ts";
import { PASSWORD } from "../harness/people.ts";
import { startConsole, type Visit } from "./console.ts";
import { change, go, stepsOf, tryAgain } from "./waiting.ts";

const app = await startConsole({ after });
const { server } = app.stage;

const HOSTILE = '<img src=x onerror="alert(1)"> \u202e=?utf-8?q?x?=';

test("an organization admin's access: keys, users, the audit, and the own sessions", async (t) => {
  const visit = await app.visit("org_admin", "/console/access");
  const parts = visit.page.getByRole("navigation", { name: "Parts of access" }).getByRole("link");
  await parts.nth(2).waitFor();
  assert.deepEqual(await parts.allTextContents(), ["Keys", "Users", "Audit"]);
  const step = stepsOf(t, visit.page);
  await step("a key is created, shown once, and revoked after its name was typed", () => useKey(visit));
  await step("a key for an agent has the scopes that were chosen", () => createAgent(visit));
  await step("a list that fails says why", () => failOnce(visit));
  await step("a user is added, sets a password with the link, and is changed, disabled and enabled", () =>
    useUser(visit),
  );
  await step("the audit is filtered by its URL, and follows a link to a subject", () => readAudit(visit));
  await step("a person sees the own sessions, and ends the others", () => endSessions(visit));
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

async function useKey({ page, person, assertAccessible }: Visit): Promise<void> {
  await page.getByRole("heading", { name: "Keys", level: 1 }).waitFor();
  await page.getByRole("table").waitFor();
  await assertAccessible("access-keys");
  await page.getByRole("button", { name: "Create a key" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Create a key" }).click();
  await dialog.getByText(/^must be a string of 1 to 200 characters/).waitFor();
  assert.deepEqual(await dialog.getByLabel("Role").locator("option").allTextContents(), [
    "agent",
    "viewer",
    "developer",
    "organization admin",
  ]);
  await assertAccessible("access-key-form");
  await dialog.getByLabel("Name").fill(HOSTILE);
  await dialog.getByLabel("Expires").selectOption("month");
  await dialog.getByLabel("Name").press("Enter");
  const secret = dialog.getByText(/^sb_live_[0-9a-f]{48}$/);
  await secret.waitFor();
  await page.keyboard.press("Escape");
  const key = (await secret.textContent()) ?? "";
  await dialog.getByRole("button", { name: "I have copied it" }).click();
  assert.equal((await server.request("GET", "/v1/endpoints", { key })).status, 200);
  await page.getByRole("button", { name: /^Revoke <img .*⟨U\+202E⟩/ }).click();
  const revoke = dialog.getByRole("button", { name: "Revoke", exact: true });
  await revoke.and(page.locator(":disabled")).waitFor();
  await dialog.getByRole("textbox").fill(HOSTILE);
  await revoke.click();
  await dialog.getByText("You created this key yourself").waitFor();
  await dialog.getByRole("button", { name: "Revoke my key" }).click();
  await page.getByRole("row").filter({ hasText: "⟨U+202E⟩" }).waitFor({ state: "detached" });
  assert.equal((await server.request("GET", "/v1/endpoints", { key })).status, 401);
  assert.equal((await server.as(person.apiKey).request("GET", "/v1/auth/keys")).body.keys.length, 1);
}

async function createAgent({ page }: Visit): Promise<void> {
  await page.getByRole("button", { name: "Create a key" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("deploy-bot");
  await dialog.getByLabel("Role").selectOption("agent");
  for (const scope of ["Ask people", "Read deliveries"]) {
    assert.equal(await dialog.getByLabel(scope).isChecked(), true, scope);
  }
  await dialog.getByLabel("Read deliveries").uncheck();
  await dialog.getByLabel("Publish and retry").check();
  await dialog.getByLabel("Name").press("Enter");
  await dialog.getByRole("button", { name: "I have copied it" }).click();
  await page.getByRole("cell", { name: "agent · ask · operate" }).waitFor();
}

async function failOnce({ page }: Visit): Promise<void> {
  const users = page.getByRole("navigation", { name: "Parts of access" }).getByRole("link", { name: "Users" });
  await tryAgain(page, "**/v1/users*", () => users.click());
  await page.getByRole("table").waitFor();
}

async function useUser(visit: Visit): Promise<void> {
  const { page } = visit;
  await page.getByRole("button", { name: "Create a user" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Email address").fill("nobody");
  await dialog.getByRole("button", { name: "Create a user" }).click();
  await dialog.getByText(/email/).first().waitFor();
  await dialog.getByLabel("Email address").fill("new.colleague@example.com");
  await dialog.getByLabel("Email address").press("Enter");
  await dialog.getByText(/set SIGNALBOX_PUBLIC_URL/).waitFor();
  const link = new URL((await dialog.getByText(/set-password#/).textContent()) ?? "");
  await dialog.getByRole("button", { name: "Done" }).click();
  const row = page.getByRole("row", { name: /new\.colleague/ });
  await row.getByText("No password yet").waitFor();

  await setPassword(visit, link);
  await signedIn(app.url, "new.colleague@example.com", "a long password");

  // No topic of the stream tells of users.
  await page.goto(`${app.url}/console/access/users`);
  await row.getByText("Active").waitFor();
  await visit.assertAccessible("access-users");
  await row.getByRole("button", { name: "Role" }).click();
  await dialog.getByLabel("Role").selectOption("org_admin");
  await dialog.getByRole("button", { name: "Save" }).click();
  await row.getByText("organization admin").waitFor();
  await row.getByRole("button", { name: "Disable" }).click();
  await dialog.getByRole("button", { name: "Disable" }).click();
  await row.getByText("Disabled").waitFor();
  await row.getByRole("button", { name: "Enable" }).click();
  await row.getByText("Active").waitFor();
}

/** The page uses only the link, no matter who is signed in. */
async function setPassword(visit: Visit, { pathname, hash }: URL): Promise<void> {
  const { page } = visit;
  await go(page, pathname.replace("/console", "") + hash);
  await page.waitForURL(/set-password$/);
  const password = page.getByLabel("New password");
  await password.fill("short");
  await password.press("Enter");
  await page.getByRole("alert").waitFor();
  await visit.assertAccessible("set-password");
  await password.fill("a long password");
  await password.press("Enter");
  await page.getByText("The password is set.").waitFor();
}

async function readAudit(visit: Visit): Promise<void> {
  const { page, person } = visit;
  const made = await server.as(person.apiKey).request("POST", "/v1/endpoints", {
    body: { url: "https://example.com/hook", name: HOSTILE },
  });
  assert.equal(made.status, 201, made.text);
  await go(page, "/access/audit?event_type=user.updated");
  await page.getByText(/developer.*changed to.*org_admin/).waitFor();
  await change(page, "/access/audit?event_type=webhook.deleted");
  await page.getByText("Nothing matches these filters").waitFor();
  await change(page, "/access/audit?event_type=webhook.created");
  await page.getByText("1 entry").waitFor();
  await page.getByRole("link", { name: /^webhook_/ }).click();
  await page.waitForURL(/subject_id=webhook_/);
  // A list about one subject has no column for it.
  await page.getByRole("columnheader", { name: "About" }).waitFor({ state: "detached" });
  await page.getByRole("row", { name: /webhook\.created/ }).waitFor();
  await visit.assertAccessible("access-audit");
  await page.keyboard.press("j");
  await page.locator("[data-row]:focus").waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL(/endpoints\/ep_/);
}

async function endSessions(visit: Visit): Promise<void> {
  const { page, person } = visit;
  const others = await Promise.all([1, 2, 3].map(() => signedIn(app.url, person.email, PASSWORD)));
  await go(page, "/settings");
  const rows = page.getByRole("list", { name: "Your sessions" }).getByRole("listitem");
  await rows.nth(3).waitFor();
  await rows.getByText("this one").waitFor();
  await visit.assertAccessible("settings");
  await page.getByRole("button", { name: "End the session of Unknown browser" }).first().click();
  await rows.nth(3).waitFor({ state: "detached" });
  await page.getByRole("button", { name: "End all others" }).click();
  await rows.nth(1).waitFor({ state: "detached" });
  await rows.getByText("this one").waitFor();
  for (const jar of others) assert.equal((await jar.request("GET", "/dashboard/auth/me")).status, 401);
}

test("a tenant is created, opened by its URL, and changed; a fault is at its field", async () => {
  const visit = await app.visit("global_admin", "/console/access/tenants");
  const { page } = visit;
  const parts = page.getByRole("navigation", { name: "Parts of access" }).getByRole("link");
  await parts.nth(3).waitFor();
  assert.deepEqual(await parts.allTextContents(), ["Keys", "Users", "Tenants", "Audit"]);
  await page.getByRole("button", { name: "Create a tenant" }).click();
  const drawer = page.getByRole("dialog");
  await drawer.getByLabel("Name").fill("Tenant of the console");
  await drawer.getByLabel("Name").press("Enter");
  await drawer.getByText(/^sb_live_/).waitFor();
  await page.getByRole("button", { name: "I have copied it" }).click();
  await page.getByRole("link", { name: "Tenant of the console", exact: true }).click();
  await page.waitForURL(/id=dev_/);
  await drawer.getByLabel("Links of questions").selectOption("withheld");
  await drawer.getByLabel("Portal origins").fill("shop.example.com");
  await drawer.getByRole("button", { name: "Save the changes" }).click();
  await drawer.getByText(/^must be an origin such as/).waitFor();
  await visit.assertAccessible("access-tenant");
  await drawer.getByLabel("Portal origins").fill("https://shop.example.com");
  await drawer.getByLabel("Keys").fill("5k");
  await drawer.getByRole("button", { name: "Save the changes" }).click();
  await drawer.getByText(/^must be an integer from 0/).waitFor();
  await drawer.getByLabel("Keys").fill("5,000");
  await drawer.getByRole("button", { name: "Save the changes" }).click();
  await drawer.getByText("Saved").waitFor();
  assert.equal(await drawer.getByLabel("Keys").inputValue(), "5000");
  await page.keyboard.press("Escape");
  await page
    .getByRole("row", { name: /Tenant of the console/ })
    .getByText("Withheld")
    .waitFor();
  await visit.assertAccessible("access-tenants");
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

test("a person signs in, sees which terminal shows the code, and approves it; the key goes to the terminal alone", async (t) => {
  const person = await app.stage.person("org_admin");
  const device = await openTerminal({ name: HOSTILE, role: "global_admin" });
  const opened = await app.open(`${app.url}/console/cli?code=${device.user_code.toLowerCase()}`);
  const { page } = opened;
  const step = stepsOf(t, page);
  await step("after signing in, the code is still there", async () => {
    await page.getByLabel("Email address").fill(person.email);
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.getByLabel("Password", { exact: true }).press("Enter");
    await page.getByText(device.user_code, { exact: true }).waitFor();
    await page.getByText("⟨U+202E⟩").waitFor();
    await page.getByText("127.0.0.1").waitFor();
    await page.getByText("a higher role than your own").waitFor();
    await opened.assertAccessible("terminal");
  });
  await step("the key has the role that the person chose, and the browser never got it", async () => {
    await page.getByLabel("Role of the key").selectOption("viewer");
    const answers: Promise<string>[] = [];
    page.on("response", (response) => answers.push(response.text().catch(() => "")));
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByText("Your terminal continues by itself").waitFor();
    assert.equal(await page.evaluate("document.activeElement.getAttribute('role')"), "status");
    const token = await server.request("POST", "/v1/cli/token", {
      key: null,
      body: { device_code: device.device_code },
    });
    assert.match(token.text, /"role":"viewer"/);
    assert.doesNotMatch((await Promise.all(answers)).join("") + (await page.content()), /sb_live_/);
  });
  await step("a code that was used is wrong, and another one can be typed and denied", async () => {
    await page.reload();
    await page.getByText("No terminal waits with this code").waitFor();
    await opened.assertAccessible("terminal-unknown");
    const { user_code, ...other } = await openTerminal({ name: "ada@laptop" });
    await page.getByLabel("Code").fill(user_code);
    await page.getByLabel("Code").press("Enter");
    await page.getByRole("button", { name: "Deny" }).click();
    await page.getByText("The terminal gets no key").waitFor();
    assert.equal(
      (await server.request("POST", "/v1/cli/token", { key: null, body: other })).text,
      '{"status":"denied"}',
    );
  });
  assert.deepEqual(opened.complaints, []);
  await opened.close();
});

test("who may not create keys is told who may, and a global admin chooses the tenant", async () => {
  const device = await openTerminal({ name: "ada@laptop" });
  const path = `/console/cli?code=${device.user_code}`;
  const weak = await app.visit("developer", path);
  await weak.page.getByText("Ask somebody with the role organization admin").waitFor();
  assert.equal(await weak.page.getByRole("button", { name: "Approve" }).count(), 0);
  await weak.close();
  const visit = await app.visit("global_admin", path);
  const tenant = weak.person.tenantId;
  await visit.page.getByLabel("Tenant of the key").selectOption(tenant);
  await visit.assertAccessible("terminal-tenant");
  await visit.page.getByRole("button", { name: "Approve" }).click();
  await visit.page.getByText("Your terminal continues by itself").waitFor();
  const { device_code } = device;
  const token = await server.request("POST", "/v1/cli/token", { key: null, body: { device_code } });
  assert.ok(token.text.includes(tenant), token.text);
  await visit.close();
});

async function openTerminal(body: object): Promise<{ readonly device_code: string; readonly user_code: string }> {
  const answer = await server.request("POST", "/v1/cli/device", { key: null, body });
  assert.equal(answer.status, 201, answer.text);
  const { device_code, user_code } = JSON.parse(answer.text) as { device_code: string; user_code: string };
  return { device_code, user_code };
}
