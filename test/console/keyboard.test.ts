/** Everything without a mouse, and with single keys off: what looks like a control is one, and dialogs give the focus back. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Page } from "playwright-core";
import { ask } from "../harness/pauses.ts";
import { createResource } from "../harness/resources.ts";
import { createEndpoint, patch, publish } from "../harness/scene.ts";
import { startConsole } from "./console.ts";
import { appears } from "./waiting.ts";

const app = await startConsole({ after });

async function go(page: Page, path: string): Promise<void> {
  await page.evaluate(`history.pushState({}, "", ${JSON.stringify(`/console${path}`)})`);
  await page.locator("main:not(:has([aria-busy=true])) h1").first().waitFor();
}

/** What shows the hand of a control, or has an order of its own, and cannot be reached with the Tab key in the page's order. */
const UNREACHABLE = `[...document.querySelectorAll("body *")].filter((one) => {
  if (one.tabIndex > 0) return true;
  if (getComputedStyle(one).cursor !== "pointer" || !one.checkVisibility()) return false;
  const control = one.closest("a[href], button, input, select, textarea, summary, label, option, [tabindex='0'], [role=menuitem]");
  return control === null || (control.tabIndex < 0 && control.matches("a, button:not([aria-hidden=true])"));
}).map((one) => one.outerHTML.slice(0, 120))`;

test("every page: what can be clicked can be reached with the Tab key, in the order of the page", async () => {
  const visit = await app.visit("global_admin", "/console/settings");
  const { page, person } = visit;
  const owner = app.stage.server.as(person.apiKey);
  const [endpoint, delivery, pause, source, job] = await Promise.all(
    (["endpoint", "delivery", "pause", "source", "endedJob"] as const).map((kind) => createResource(kind, owner)),
  );
  const event = await createResource("event", owner);
  const tabs = ["", "/settings", "/secret", "/recover", "/delete"].map((tab) => `/endpoints/${endpoint}${tab}`);
  const records = [
    `/events/${event}`,
    `/deliveries/${delivery}`,
    `/pauses/${pause}`,
    `/inbound/${source}`,
    `/jobs/${job}`,
  ];
  const lists = [
    "/",
    "/endpoints",
    "/endpoints/new",
    "/event-types",
    "/events",
    "/events/publish",
    "/deliveries",
    "/pauses",
  ];
  const admins = ["/inbound", "/inbound/quarantine", "/jobs", "/jobs/exports", "/access/keys", "/access/users"];
  const rest = ["/access/tenants", "/access/audit", "/settings", "/health"];
  const faults: string[] = [];
  for (const path of [...lists, ...admins, ...rest, ...records, ...tabs]) {
    await go(page, path);
    faults.push(...(await page.evaluate<string[]>(UNREACHABLE)).map((html) => `${path}: ${html}`));
  }
  assert.deepEqual(faults, []);
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

/** Presses Tab until the control has the focus. */
async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  for (let presses = 0; presses < 120; presses += 1) {
    await page.keyboard.press("Tab");
    const label = await page.evaluate<string>(
      "(({ ariaLabel, labels, textContent }) => ariaLabel ?? labels?.[0]?.textContent ?? textContent ?? '')(document.activeElement)",
    );
    if (typeof name === "string" ? label.trim() === name : name.test(label)) return;
  }
  assert.fail(`Tab does not reach ${name}`);
}

test("with single keys off: cancel a delivery, answer a question and sign out, by Tab, Enter and Esc", async () => {
  const visit = await app.visit("developer", "/console/settings");
  const { page, person } = visit;
  const owner = app.stage.server.as(person.apiKey);
  await page.getByRole("switch", { name: "Single keys act" }).press(" ");
  await patch(owner, await createEndpoint(owner, { url: "http://127.0.0.1:9/", name: "held" }), { status: "PAUSED" });
  const { deliveryId } = await publish(owner);

  await go(page, `/deliveries/${deliveryId}`);
  await page.getByRole("heading", { name: "order.paid to held" }).waitFor();
  assert.equal(await page.evaluate("document.activeElement.tagName"), "H1");
  await page.keyboard.press("c");
  assert.equal(await page.getByRole("dialog").count(), 0, "the key is off");
  await tabTo(page, /^Cancel/);
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await appears(page.getByRole("button", { name: /^Cancel/ }).and(page.locator(":focus")));
  await page.keyboard.press("Enter");
  await page.locator("[role=dialog] :focus").waitFor();
  await page.keyboard.press("Enter");
  await page.locator("main").getByText("cancelled").first().waitFor();

  await go(page, `/pauses/${(await ask(owner)).id}`);
  await page.getByRole("button", { name: "Reject" }).waitFor();
  await tabTo(page, "Reject");
  await page.keyboard.press("Enter");
  await page.locator("[role=dialog] :focus").waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page
    .getByText(/^The answer$/)
    .first()
    .waitFor();

  await tabTo(page, /^Your account/);
  await page.keyboard.press("Enter");
  await page.getByRole("menuitem", { name: "Sign out" }).waitFor();
  for (let item = ""; item !== "Sign out"; item = await page.evaluate("document.activeElement.textContent")) {
    await page.keyboard.press("ArrowDown");
  }
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});
