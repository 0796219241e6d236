/** Without a mouse, and with single keys off. That every control of every page can be reached is in `hostile.test.ts`. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Page } from "playwright-core";
import { ask } from "../harness/pauses.ts";
import { createEndpoint, patch, publish } from "../harness/scene.ts";
import { startConsole } from "./console.ts";
import { appears, disappears, go } from "./waiting.ts";

const app = await startConsole({ after });

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

  await go(page, `/deliveries/${deliveryId}`, "order.paid to held");
  await appears(page.locator("h1:focus"));
  await page.keyboard.press("c");
  assert.equal(await page.getByRole("dialog").count(), 0, "the key is off");
  await tabTo(page, /^Cancel/);
  await page.keyboard.press("Enter");
  await appears(page.getByRole("dialog"));
  await page.keyboard.press("Escape");
  await disappears(page.getByRole("dialog"));
  await appears(page.getByRole("button", { name: /^Cancel/ }).and(page.locator(":focus")));
  await page.keyboard.press("Enter");
  await appears(page.locator("[role=dialog] :focus"));
  await page.keyboard.press("Enter");
  await appears(page.locator("main").getByText("cancelled").first());

  await go(page, `/pauses/${(await ask(owner)).id}`);
  await appears(page.getByRole("button", { name: "Reject" }));
  await tabTo(page, "Reject");
  await page.keyboard.press("Enter");
  await appears(page.locator("[role=dialog] :focus"));
  await page.keyboard.press("Enter");
  await disappears(page.getByRole("dialog"));
  await appears(page.getByText(/^The answer$/).first());

  await tabTo(page, /^Your account/);
  await page.keyboard.press("Enter");
  await appears(page.getByRole("menuitem", { name: "Sign out" }));
  for (let item = ""; item !== "Sign out"; item = await page.evaluate("document.activeElement.textContent")) {
    await page.keyboard.press("ArrowDown");
  }
  await page.keyboard.press("Enter");
  await appears(page.getByRole("heading", { name: "Sign in" }));
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});
