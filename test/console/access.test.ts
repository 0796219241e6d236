/** Keys, users, tenants and the audit in a real browser. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Page } from "playwright-core";
import type { Role } from "../../src/domain/access/access.ts";
import { signedIn } from "../harness/jar.ts";
import { PASSWORD } from "../harness/people.ts";
import { newTenant } from "../harness/server.ts";
import { startConsole } from "./console.ts";

const app = await startConsole({ after });
const { server } = app.stage;

const HOSTILE = '<img src=x onerror="alert(1)"> \u202e=?utf-8?q?x?=';

function heading(page: Page, name: string): Promise<void> {
  return page.getByRole("heading", { name, level: 1 }).waitFor();
}

test("a key is created, shown once, and revoked after its name was typed", async () => {
  const visit = await app.visit("org_admin", "/console/access/keys");
  const { page, person } = visit;
  await heading(page, "Keys");
  await page.getByRole("table").waitFor();
  await visit.assertAccessible("access-keys");
  await page.getByRole("button", { name: "Create a key" }).click();
  const dialog = page.getByRole("dialog");
  assert.deepEqual(await dialog.getByLabel("Role").locator("option").allTextContents(), [
    "agent",
    "developer",
    "organization admin",
  ]);
  await dialog.getByRole("button", { name: "Create a key" }).click();
  await dialog.getByText(/^must be a string of 1 to 200 characters/).waitFor();
  await visit.assertAccessible("access-key-form");
  await dialog.getByLabel("Name").fill(HOSTILE);
  await dialog.getByLabel("Expires").selectOption("month");
  await page.keyboard.press("Enter");
  await dialog.getByText(/^sb_live_[0-9a-f]{48}$/).waitFor();
  await page.keyboard.press("Escape");
  const key = (await dialog.getByText(/^sb_live_/).textContent()) ?? "";
  await visit.assertAccessible("access-key-secret");
  await dialog.getByRole("button", { name: "I have copied it" }).click();
  assert.equal((await server.request("GET", "/v1/endpoints", { key })).status, 200);
  await page.getByRole("button", { name: /^Revoke <img .*⟨U\+202E⟩/ }).click();
  const revoke = dialog.getByRole("button", { name: "Revoke", exact: true });
  assert.equal(await revoke.isDisabled(), true);
  await dialog.getByRole("textbox").fill(HOSTILE);
  await revoke.click();
  await dialog.getByText("You created this key yourself").waitFor();
  await dialog.getByRole("button", { name: "Revoke my key" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.getByRole("row").filter({ hasText: "⟨U+202E⟩" }).waitFor({ state: "detached" });
  assert.equal((await server.request("GET", "/v1/endpoints", { key })).status, 401);
  assert.equal((await server.as(person.apiKey).request("GET", "/v1/auth/keys")).body.keys.length, 1);
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

test("a user is added, sets a password with the link, and is changed, disabled and enabled", async () => {
  const visit = await app.visit("org_admin", "/console/access/users");
  const { page } = visit;
  await heading(page, "Users");
  await page.getByRole("button", { name: "Add a user" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("E-mail address").fill("nobody");
  await dialog.getByRole("button", { name: "Add a user" }).click();
  await dialog
    .getByText(/e-mail|email/)
    .first()
    .waitFor();
  await dialog.getByLabel("E-mail address").fill("new.colleague@example.com");
  await page.keyboard.press("Enter");
  const link = (await dialog.getByText(/set-password#/).textContent()) ?? "";
  await visit.assertAccessible("access-user-link");
  await dialog.getByRole("button", { name: "Done" }).click();
  const row = page.getByRole("row", { name: /new\.colleague/ });
  await row.getByText("Invited").waitFor();

  const path = new URL(link).pathname + new URL(link).hash;
  const colleague = await app.open(app.url + path);
  await heading(colleague.page, "Set your password");
  assert.equal(new URL(colleague.page.url()).hash, "", "the address does not keep the token");
  await colleague.page.getByLabel("New password").fill("short");
  await colleague.page.keyboard.press("Enter");
  await colleague.page.getByRole("alert").waitFor();
  await colleague.assertAccessible("set-password");
  await colleague.page.getByLabel("New password").fill("a long password");
  await colleague.page.keyboard.press("Enter");
  await colleague.page.getByText("The password is set.").waitFor();
  assert.deepEqual(colleague.complaints, []);
  await colleague.close();
  await signedIn(app.url, "new.colleague@example.com", "a long password");

  await page.reload();
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
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

test("a tenant is created, opened by its URL, and changed; a fault is at its field", async () => {
  const visit = await app.visit("global_admin", "/console/access/tenants");
  const { page } = visit;
  await heading(page, "Tenants");
  await page.getByRole("button", { name: "Create a tenant" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("Tenant of the console");
  await page.keyboard.press("Enter");
  await page
    .getByRole("dialog")
    .getByText(/^sb_live_/)
    .waitFor();
  await page.getByRole("button", { name: "I have copied it" }).click();
  await page.getByRole("link", { name: "Tenant of the console", exact: true }).click();
  await page.waitForURL(/id=dev_/);
  const drawer = page.getByRole("dialog");
  await drawer.getByLabel("Links of questions").selectOption("withheld");
  await drawer.getByLabel("Portal origins").fill("shop.example.com");
  await drawer.getByRole("button", { name: "Save the changes" }).click();
  await drawer.getByText(/^must be an origin such as/).waitFor();
  await visit.assertAccessible("access-tenant");
  await drawer.getByLabel("Portal origins").fill("https://shop.example.com");
  await drawer.getByRole("button", { name: "Save the changes" }).click();
  await drawer.getByText("Saved").waitFor();
  await page.keyboard.press("Escape");
  await page
    .getByRole("row", { name: /Tenant of the console/ })
    .getByText("Withheld")
    .waitFor();
  await visit.assertAccessible("access-tenants");
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

test("the audit is filtered by its URL, follows a link to a subject, and drops a bad filter", async () => {
  const tenant = await newTenant(server);
  const made = await tenant.request("POST", "/v1/endpoints", {
    body: { url: "https://example.com/hook", name: HOSTILE },
  });
  assert.equal(made.status, 201, made.text);
  const visit = await app.visit("org_admin", "/console/access/audit?event_type=webhook.created&actor=nobody", {
    tenant,
  });
  const { page } = visit;
  await page.getByText(/The filter actor=nobody is not valid here/).waitFor();
  await page.getByText("1 entry").waitFor();
  await page.getByRole("link", { name: /^webhook_/ }).click();
  await page.waitForURL(/subject_id=webhook_/);
  await page.getByRole("row", { name: /webhook\.created/ }).waitFor();
  await visit.assertAccessible("access-audit");
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.waitForURL(/endpoints\/ep_/);
  await page.goto(`${app.url}/console/access/audit?event_type=key.revoked`);
  await page.getByText("Nothing matches these filters").waitFor();
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

test("each role sees its parts of access, and a list that fails says why", async () => {
  const expected: Readonly<Record<string, readonly string[]>> = {
    org_admin: ["Keys", "Users", "Audit"],
    global_admin: ["Keys", "Users", "Tenants", "Audit"],
  };
  for (const [role, parts] of Object.entries(expected)) {
    const visit = await app.visit(role as Role, "/console/access");
    await heading(visit.page, "Keys");
    const tabs = visit.page.getByRole("navigation", { name: "Parts of access" }).getByRole("link");
    assert.deepEqual(await tabs.allTextContents(), parts);
    await visit.close();
  }
  for (const part of ["keys", "users", "tenants", "audit"]) {
    const visit = await app.visit("developer", `/console/access/${part}`);
    await visit.page.getByRole("heading", { name: /This page takes the role/ }).waitFor();
    await visit.close();
  }
  const visit = await app.visit("org_admin", "/console/access/keys");
  await visit.page.route("**/v1/users*", (route) =>
    route.fulfill({
      status: 503,
      json: { error: { code: "STORE_UNAVAILABLE", message: "The server cannot store anything.", details: [] } },
    }),
  );
  await heading(visit.page, "Keys");
  await visit.page.getByRole("link", { name: "Users" }).click();
  await visit.page.getByText("The server cannot store anything.").waitFor();
  await visit.page.getByRole("button", { name: "Try again" }).waitFor();
  await visit.close();
});

test("a person sees the own sessions, and ends the others", async () => {
  const visit = await app.visit("developer", "/console/settings");
  const { page, person } = visit;
  const others = await Promise.all([1, 2, 3].map(() => signedIn(app.url, person.email, PASSWORD)));
  await page.reload();
  const rows = page.getByRole("list", { name: "Your sessions" }).getByRole("listitem");
  await rows.nth(3).waitFor();
  assert.equal(await rows.getByText("this one").count(), 1);
  await visit.assertAccessible("settings");
  await page.getByRole("button", { name: "End the session of Unknown browser" }).first().click();
  await rows.nth(3).waitFor({ state: "detached" });
  await page.getByRole("button", { name: "End all others" }).click();
  await rows.nth(1).waitFor({ state: "detached" });
  await rows.getByText("this one").waitFor();
  for (const jar of others) assert.equal((await jar.request("GET", "/dashboard/auth/me")).status, 401);
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});
