/** What forms do when a request fails: each keeps what was typed, says what to do, and works afterwards. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Locator, Page } from "playwright-core";
import type { Role } from "../../src/domain/access/access.ts";
import { ask } from "../harness/pauses.ts";
import { PASSWORD } from "../harness/people.ts";
import { createResource } from "../harness/resources.ts";
import type { Client } from "../harness/server.ts";
import { startConsole, type Visit } from "./console.ts";

const app = await startConsole({ after });

interface FormCase {
  readonly name: string;
  readonly role: Role;
  /** Makes what the form is about, and returns the path of its page. */
  readonly path: (owner: Client) => Promise<string> | string;
  /** A button that opens the form. */
  readonly opens?: string;
  /** By label. */
  readonly fields: Readonly<Record<string, string>>;
  readonly submit: string;
  /** The request that it makes. */
  readonly request: RegExp;
  readonly done: string | RegExp;
}

const FORMS: readonly FormCase[] = [
  {
    name: "a new endpoint",
    role: "developer",
    path: () => "/endpoints/new",
    fields: { URL: "https://example.com/typed", Name: "typed" },
    submit: "Create the endpoint",
    request: /\/v1\/endpoints$/,
    done: "The endpoint was created.",
  },
  {
    name: "an endpoint's settings",
    role: "developer",
    path: async (owner) => `/endpoints/${await createResource("endpoint", owner)}/settings`,
    fields: { Name: "typed" },
    submit: "Save the changes",
    request: /\/v1\/endpoints\/ep_/,
    done: "Saved.",
  },
  {
    name: "an event",
    role: "developer",
    path: () => "/events/publish",
    fields: { Type: "typed.type", Payload: '{"typed": true}' },
    submit: "Publish",
    request: /\/v1\/events$/,
    done: /^The event is stored/,
  },
  {
    name: "an answer",
    role: "developer",
    path: async (owner) => `/pauses/${(await ask(owner, { allow_text_response: true })).id}`,
    fields: { "Note (optional)": "typed" },
    opens: "Approve",
    submit: "Answer “Approve”",
    request: /\/decide$/,
    done: "The answer",
  },
  {
    name: "a password",
    role: "developer",
    path: () => "/settings",
    fields: {
      "Current password": PASSWORD,
      "New password": "another password",
      "New password, again": "another password",
    },
    submit: "Change the password",
    request: /\/dashboard\/auth\/password$/,
    done: "The password has changed.",
  },
  {
    name: "a source",
    role: "org_admin",
    path: () => "/inbound",
    opens: "Add a source",
    fields: { Name: "typed" },
    submit: "Add a source",
    request: /\/v1\/sources$/,
    done: /Copy the secret now/,
  },
  {
    name: "a source's settings",
    role: "org_admin",
    path: async (owner) => `/inbound/${await createResource("source", owner)}`,
    fields: { Name: "typed" },
    submit: "Save the changes",
    request: /\/v1\/sources\/src_/,
    done: "Saved.",
  },
  {
    name: "a key",
    role: "org_admin",
    path: () => "/access/keys",
    opens: "Create a key",
    fields: { Name: "typed" },
    submit: "Create a key",
    request: /\/v1\/auth\/keys$/,
    done: "Copy the key now",
  },
  {
    name: "a user",
    role: "org_admin",
    path: () => "/access/users",
    opens: "Add a user",
    fields: { "E-mail address": "typed@example.com" },
    submit: "Add a user",
    request: /\/v1\/users$/,
    done: /link/i,
  },
];

/** A field. Required ones have an asterisk in their label. */
function field(page: Page, label: string): Locator {
  return page.getByLabel(new RegExp(`^${RegExp.escape(label)}( \\*)?$`)).first();
}

async function fill(page: Page, { fields, opens, name }: FormCase): Promise<void> {
  const openFirst = name !== "an answer";
  if (opens !== undefined && openFirst) await page.getByRole("button", { name: opens, exact: true }).first().click();
  for (const [label, text] of Object.entries(fields)) await field(page, label).fill(text);
  if (opens !== undefined && !openFirst) await page.getByRole("button", { name: opens, exact: true }).first().click();
}

async function typedStill(page: Page, { fields }: FormCase): Promise<string[]> {
  const faults: string[] = [];
  for (const [label, text] of Object.entries(fields)) {
    const value = await field(page, label).inputValue();
    if (value !== text) faults.push(`${label} has ${JSON.stringify(value)}`);
  }
  return faults;
}

/** The next request of the form gets this answer instead of the server's. */
async function answerOnce(page: Page, request: RegExp, answer: object): Promise<void> {
  let isAnswered = false;
  await page.route(
    (url) => request.test(url.pathname),
    async (route) => {
      // The page may read again what the form changes, at any time.
      if (isAnswered || route.request().method() === "GET") return route.fallback();
      isAnswered = true;
      await route.fulfill({ contentType: "application/json", ...answer });
    },
  );
}

const error = (code: string, message: string) => JSON.stringify({ error: { code, message, details: [] } });

async function faultsOf(visit: Visit, form: FormCase): Promise<string[]> {
  const { page, person } = visit;
  const faults: string[] = [];
  const note = async (when: string) => {
    for (const fault of await typedStill(page, form)) faults.push(`${when}: ${fault}`);
  };
  await fill(page, form);
  // The sign-in dialog opens later, so it is not the first.
  const scope = form.opens === undefined ? page : page.getByRole("dialog", { includeHidden: true }).first();
  const submit = scope.getByRole("button", { name: form.submit, exact: true });

  await answerOnce(page, form.request, {
    status: 429,
    headers: { "retry-after": "2" },
    body: error("RATE_LIMITED", "Too fast."),
  });
  await submit.click();
  await page.getByText(/^Too fast\. Try again in \d seconds?\./).waitFor();
  if (!(await submit.isDisabled())) faults.push("the button does not wait");
  await note("429");
  await submit.and(page.locator(":enabled")).waitFor();

  await answerOnce(page, form.request, { status: 503, body: error("STORE_UNAVAILABLE", "Nothing can be stored.") });
  await submit.click();
  await page.getByText("Nothing can be stored.").waitFor();
  await note("503");

  await answerOnce(page, form.request, { status: 413, body: error("PAYLOAD_TOO_LARGE", "body has 5 bytes too many") });
  await submit.click();
  await page.getByText("body has 5 bytes too many").waitFor();
  await note("413");

  await visit.endSession();
  await submit.click();
  const dialog = page.getByRole("dialog", { name: "Your session has ended" });
  await dialog.waitFor();
  await page.keyboard.press("Escape");
  await dialog.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await dialog.getByRole("button", { name: "Sign in" }).click();
  await dialog.waitFor({ state: "detached" });
  await note(`signed in again as ${person.email}`);
  await submit.click();
  await page.getByText(form.done).first().waitFor();
  return faults;
}

for (const form of FORMS) {
  test(`the form for ${form.name}: 429, 503, 413 and an ended session keep what was typed, and it works afterwards`, async () => {
    const visit = await app.visit(form.role, "/console/health");
    await visit.page.getByRole("heading", { level: 1 }).waitFor();
    const path = await form.path(app.stage.server.as(visit.person.apiKey));
    await visit.page.evaluate(`history.pushState({}, "", "/console${path}")`);
    try {
      assert.deepEqual(await faultsOf(visit, form), []);
    } catch (cause) {
      throw new Error(`the page says: ${(await visit.page.locator("body").innerText()).slice(-600)}`, { cause });
    }
    assert.deepEqual(visit.complaints, []);
    await visit.close();
  });
}

test("another person who signs in over the page gets a page of their own, not what the first one typed", async () => {
  const visit = await app.visit("developer", "/console/events/publish");
  const { page } = visit;
  const other = await app.stage.person("org_admin");
  await page.getByLabel("Type", { exact: true }).fill("typed.by.the.first");
  await visit.endSession();
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Your session has ended" });
  await dialog.getByLabel("E-mail address").fill(other.email);
  await dialog.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByRole("navigation").getByRole("link", { name: "Access" }).waitFor();
  await page.getByLabel("Type", { exact: true }).waitFor();
  assert.equal(await page.getByLabel("Type", { exact: true }).inputValue(), "");
  await visit.close();
});
