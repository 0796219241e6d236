/** What forms do when a request fails: each keeps what was typed, says what to do, and works afterwards. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Locator, Page } from "playwright-core";
import { signalled } from "../harness/deadline.ts";
import { ask } from "../harness/pauses.ts";
import { PASSWORD } from "../harness/people.ts";
import { createResource } from "../harness/resources.ts";
import type { Client } from "../harness/server.ts";
import { startConsole, type Visit } from "./console.ts";
import { appears, change, disappears, go } from "./waiting.ts";

const app = await startConsole({ after });

interface FormCase {
  readonly name: string;
  /** Makes what the form is about, and returns the path of its page. */
  readonly path: (owner: Client) => Promise<string> | string;
  /** A button that opens the form. */
  readonly opens?: string;
  /** Some of the fields are on the page, above that button. */
  readonly opensLast?: boolean;
  /** By label. */
  readonly fields: Readonly<Record<string, string>>;
  readonly submit: string;
  /** The request that it makes. */
  readonly request: RegExp;
  readonly done: string | RegExp;
  /** The session ends meanwhile. For one form of each kind: alone on its page, in a dialog, and with what is read again. */
  readonly lapses?: true;
}

const FORMS: readonly FormCase[] = [
  {
    name: "a new endpoint",
    path: () => "/endpoints/new",
    fields: { URL: "https://example.com/typed", Name: "typed" },
    submit: "Create the endpoint",
    request: /\/v1\/endpoints$/,
    done: "The endpoint was created.",
  },
  {
    name: "an endpoint's settings",
    path: async (owner) => `/endpoints/${await createResource("endpoint", owner)}/settings`,
    fields: { Name: "typed" },
    submit: "Save the changes",
    request: /\/v1\/endpoints\/ep_/,
    done: "Saved.",
    lapses: true,
  },
  {
    name: "an event",
    path: () => "/events/publish",
    fields: { Type: "typed.type", Payload: '{"typed": true}' },
    submit: "Publish",
    request: /\/v1\/events$/,
    done: /^The event is stored/,
    lapses: true,
  },
  {
    name: "an answer",
    path: async (owner) => `/pauses/${(await ask(owner, { allow_text_response: true })).id}`,
    fields: { "Note (optional)": "typed" },
    opens: "Approve",
    opensLast: true,
    submit: "Answer “Approve”",
    request: /\/decide$/,
    done: "The answer",
    lapses: true,
  },
  {
    name: "a source",
    path: () => "/inbound",
    opens: "Create a source",
    fields: { Name: "typed source" },
    submit: "Create a source",
    request: /\/v1\/sources$/,
    done: /Copy the secret now/,
  },
  {
    name: "a source's settings",
    path: async (owner) => `/inbound/${await createResource("source", owner)}/settings`,
    fields: { Name: "typed" },
    submit: "Save the changes",
    request: /\/v1\/sources\/src_/,
    done: "Saved.",
  },
  {
    name: "a key",
    path: () => "/access/keys",
    opens: "Create a key",
    fields: { Name: "typed" },
    submit: "Create a key",
    request: /\/v1\/auth\/keys$/,
    done: "Copy the key now",
    lapses: true,
  },
  {
    name: "a user",
    path: () => "/access/users",
    opens: "Create a user",
    fields: { "Email address": "typed@example.com" },
    submit: "Create a user",
    request: /\/v1\/users$/,
    done: /link/i,
  },
  // The last one, because signing in again takes the old password.
  {
    name: "a password",
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
];

interface Failure {
  readonly answer: {
    readonly status: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body: string;
  };
  readonly says: string | RegExp;
  /** Whether the button waits until the server may be asked again. */
  readonly waits?: true;
}

interface Submission extends Pick<Failure, "answer" | "says"> {
  readonly submit: Locator;
  readonly request: RegExp;
}

/** A field. Required ones have an asterisk in their label. */
function field(page: Page, label: string): Locator {
  return page.getByLabel(new RegExp(`^${RegExp.escape(label)}( \\*)?$`)).first();
}

async function fill(page: Page, { fields, opens, opensLast = false }: FormCase): Promise<void> {
  const open = async () => {
    if (opens !== undefined) await page.getByRole("button", { name: opens, exact: true }).first().click();
  };
  if (!opensLast) await open();
  for (const [label, text] of Object.entries(fields)) await field(page, label).fill(text);
  if (opensLast) await open();
}

async function assertTyped(page: Page, { fields }: FormCase, when: string): Promise<void> {
  for (const [label, text] of Object.entries(fields)) {
    assert.equal(await field(page, label).inputValue(), text, `${when}: ${label}`);
  }
}

/**
 * Clicks a form's button. The form's request gets this answer instead of the server's, and what the page reads again waits
 * until it says so.
 */
async function submitTo(page: Page, { submit, request, answer, says }: Submission): Promise<void> {
  const isAsked = (url: URL): boolean => request.test(url.pathname);
  const { promise: said, give } = signalled<void>("what the form says");
  await page.route(isAsked, async (route) => {
    if (route.request().method() !== "GET") return route.fulfill({ contentType: "application/json", ...answer });
    await said;
    return route.fallback();
  });
  await submit.click();
  await appears(page.getByText(says));
  give();
  await page.unroute(isAsked);
}

const error = (code: string, message: string) => JSON.stringify({ error: { code, message, details: [] } });

/** Each form gets one of them. */
const FAILURES: readonly Failure[] = [
  {
    answer: { status: 429, headers: { "retry-after": "1" }, body: error("RATE_LIMITED", "Too fast.") },
    says: /^Too fast\. Try again in 1 second\./,
    waits: true,
  },
  {
    answer: { status: 503, body: error("STORE_UNAVAILABLE", "Nothing can be stored.") },
    says: "Nothing can be stored.",
  },
  {
    answer: { status: 413, body: error("PAYLOAD_TOO_LARGE", "body has 5 bytes too many") },
    says: "body has 5 bytes too many",
  },
];

async function tryForm({ page, person, endSession }: Visit, form: FormCase, { answer, says, waits }: Failure) {
  await fill(page, form);
  // The sign-in dialog opens later, so it is not the first.
  const scope = form.opens === undefined ? page : page.getByRole("dialog", { includeHidden: true }).first();
  const submit = scope.getByRole("button", { name: form.submit, exact: true });

  await submitTo(page, { submit, request: form.request, answer, says });
  if (waits) await appears(submit.and(page.locator(":disabled")));
  await assertTyped(page, form, `after ${answer.status}`);
  await appears(submit.and(page.locator(":enabled")));

  if (form.lapses) {
    await endSession();
    await submit.click();
    const dialog = page.getByRole("dialog", { name: "Your session has ended" });
    await appears(dialog);
    await page.keyboard.press("Escape");
    await dialog.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await dialog.getByRole("button", { name: "Sign in" }).click();
    await disappears(dialog);
    await assertTyped(page, form, `signed in again as ${person.email}`);
  }
  await submit.click();
  await appears(page.getByText(form.done).first());
}

test("every form: a failed request and an ended session keep what was typed, and it works afterwards", async () => {
  const visit = await app.visit("org_admin", "/console/nothing");
  const { page, person } = visit;
  const owner = app.stage.server.as(person.apiKey);
  for (const [index, form] of FORMS.entries()) {
    try {
      await change(page, await form.path(owner));
      await tryForm(visit, form, FAILURES[index % FAILURES.length] ?? assert.fail());
      // Closes what the form has opened, and reads nothing.
      await go(page, "/nothing", "There is nothing at this address");
    } catch (cause) {
      throw new Error(`the form for ${form.name}: ${String(cause)}`, { cause });
    }
  }
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

test("another person who signs in over the page gets a page of their own, not what the first one typed", async () => {
  const visit = await app.visit("developer", "/console/events/publish");
  const { page } = visit;
  const other = await app.stage.person("org_admin");
  await page.getByLabel("Type", { exact: true }).fill("typed.by.the.first");
  await visit.endSession();
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Your session has ended" });
  await dialog.getByLabel("Email address").fill(other.email);
  await dialog.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.keyboard.press("Enter");
  await appears(page.getByRole("navigation").getByRole("link", { name: "Access" }));
  await appears(page.getByLabel("Type", { exact: true }));
  assert.equal(await page.getByLabel("Type", { exact: true }).inputValue(), "");
  await visit.close();
});
