/** Text that a stranger wrote, in every field that takes some: it is text, its marks are visible, and no page grows wide. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Page } from "playwright-core";
import { polled } from "../harness/deadline.ts";
import { startHooks } from "../harness/hooks.ts";
import { createSource } from "../harness/inbound.ts";
import { ask } from "../harness/pauses.ts";
import { createEndpoint, patch, publish } from "../harness/scene.ts";
import type { Client } from "../harness/server.ts";
import { NARROW, startConsole } from "./console.ts";

const app = await startConsole({ after });

const APPEARS_MS = 10_000;
const WIDE = { width: 1280, height: 800 };
const MARKUP = `<img src=x onerror=hacked()><script>hacked()</script>`;
/** Markup, a mark that turns the direction, an invisible one, an encoded word, and a long word. */
const HOSTILE = `${MARKUP}\u202e\u200b=?utf-8?B?PGI+?=${"W".repeat(90)}`;
/** Most fields refuse control characters. Payloads and answers have them. */
const WORSE = `${HOSTILE}\u0007\u001b[31m`;
/** For an option of a pause. Pauses refuse marks that turn the direction. */
const SHORT = `<i onclick=hacked()>\u200b${"W".repeat(60)}`;
/** What no page may contain as it is. */
const INVISIBLE = /[\p{Cf}\p{Co}]|(?![\n\t])\p{Cc}/u;

interface Shop {
  readonly endpointId: string;
  readonly deliveryId: string;
  readonly eventId: string;
  readonly largeEventId: string;
  readonly pauseIds: readonly string[];
  readonly sourceId: string;
  readonly recordId: string;
}

async function hostileShop(owner: Client): Promise<Shop> {
  const hooks = await startHooks({ after });
  hooks.react((hook) => hook.answer(500, { "x-hostile": MARKUP, "content-type": "text/html" }, WORSE));
  const endpointId = await createEndpoint(owner, {
    url: `${hooks.url}?q=${encodeURIComponent(MARKUP)}`,
    name: HOSTILE,
    description: HOSTILE,
    headers_json: { "X-Mine": MARKUP },
    retry_schedule_seconds: [],
  });
  const { deliveryId, eventId } = await publish(owner, 0, { payload: { [WORSE]: WORSE, list: [WORSE] } });
  const settled = async () => (await owner.request("GET", `/v1/deliveries/${deliveryId}`)).body;
  await polled(async () => (/^failed$/i.test((await settled()).status) ? true : null), "the failure");
  const large = { text: `${WORSE}${"x\u202e".repeat(40_000)}`, many: Array.from({ length: 2000 }, (_, n) => n) };
  await patch(owner, endpointId, { status: "PAUSED" });
  const { eventId: largeEventId } = await publish(owner, 0, { payload: large });
  const question = {
    message: HOSTILE.replace("\u202e", ""),
    options: [SHORT, "No"],
    metadata: { [HOSTILE]: HOSTILE },
    allow_text_response: true,
  };
  const open = await ask(owner, question);
  const answered = await ask(owner, question);
  await owner.request("POST", `/v1/respond/${answered.token}`, { key: null, body: { choice: SHORT, text: HOSTILE } });
  const { id: sourceId } = await createSource(owner, { scheme: "github" });
  const named = await owner.request("PATCH", `/v1/sources/${sourceId}`, { body: { name: HOSTILE } });
  assert.equal(named.status, 200, named.text);
  const sent = await owner.request("POST", `/in/${sourceId}`, {
    key: null,
    headers: { "x-hub-signature-256": MARKUP, "x-github-event": MARKUP, "user-agent": MARKUP },
    body: WORSE,
  });
  assert.equal(sent.status, 401, sent.text);
  const { body } = await owner.request("GET", "/v1/inbound-events");
  const recordId = (body.data as unknown as readonly { readonly id: string }[])[0]?.id ?? assert.fail();
  const key = await owner.request("POST", "/v1/auth/keys", { body: { name: HOSTILE } });
  assert.equal(key.status, 201, key.text);
  const email = `"<b>hacked()</b>"@example.com`;
  const user = await owner.request("POST", "/v1/users", { body: { email, role: "developer" } });
  if (user.status !== 201) {
    const plain = `${"w".repeat(40)}+hacked@example.com`;
    assert.equal((await owner.request("POST", "/v1/users", { body: { email: plain, role: "developer" } })).status, 201);
  }
  return { endpointId, deliveryId, eventId, largeEventId, pauseIds: [open.id, answered.id], sourceId, recordId };
}

/** Each page, and a text that is there once it has what the stranger wrote. */
function pagesOf(shop: Shop): readonly (readonly [string, string])[] {
  const name = "<img src=x";
  return [
    ["/", name],
    ["/endpoints", name],
    [`/endpoints/${shop.endpointId}`, name],
    [`/endpoints/${shop.endpointId}/settings`, name],
    [`/endpoints/${shop.endpointId}/delete`, name],
    ["/deliveries", name],
    [`/deliveries/${shop.deliveryId}`, "HTTP 500"],
    ["/events", "order.paid"],
    [`/events/${shop.eventId}`, name],
    [`/events/${shop.largeEventId}`, name],
    [`/events/publish?like=${shop.eventId}`, "Idempotency key"],
    ["/pauses", name],
    ["/pauses?status=responded", "<i onclick"],
    [`/pauses/${shop.pauseIds[0]}`, "<i onclick"],
    [`/pauses/${shop.pauseIds[1]}`, "<i onclick"],
    ["/inbound", name],
    ["/inbound/quarantine", name],
    [`/inbound/${shop.sourceId}`, name],
    [`/inbound/${shop.sourceId}/events/${shop.recordId}`, name],
    ["/access/keys", name],
    ["/access/users", "example.com"],
    ["/access/audit", "Audit"],
    ["/jobs/exports", "Exports"],
  ];
}

/** Everything that a person sees, hears or finds in the tab. */
const SEEN = `[document.title, document.body.innerText, ...[...document.querySelectorAll("[title], [aria-label]")].flatMap(
  (one) => [one.title, one.ariaLabel ?? ""])].join("\\n")`;
const WIDTH = "document.documentElement.scrollWidth - document.documentElement.clientWidth";

async function faultsOf(page: Page, path: string, text: string): Promise<string[]> {
  const faults: string[] = [];
  await page.evaluate(`history.pushState({}, "", ${JSON.stringify(`/console${path}`)})`);
  const shown = page.locator("main").getByText(text).first().waitFor({ timeout: APPEARS_MS });
  await shown.catch(() => faults.push(`does not show ${text}`));
  const quiet = page.locator("main:not(:has([aria-busy=true])) h1").first().waitFor({ timeout: APPEARS_MS });
  await quiet.catch(() => faults.push("goes on loading"));
  const seen = await page.evaluate<string>(SEEN);
  const at = seen.search(INVISIBLE);
  if (at !== -1) faults.push(`invisible: ${JSON.stringify(seen.slice(Math.max(0, at - 60), at + 30))}`);
  const overflowPx = await page.evaluate<number>(WIDTH);
  if (overflowPx > 0) faults.push(`scrolls sideways by ${overflowPx} px`);
  return faults.map((fault) => `${path}: ${fault}`);
}

test("hostile text is shown as text on every page, with its marks visible, at 320 and 1280 px", async () => {
  const visit = await app.visit("org_admin", "/console/settings", { viewport: NARROW });
  const { page, person } = visit;
  const pages = pagesOf(await hostileShop(app.stage.server.as(person.apiKey)));
  const faults: string[] = [];
  for (const viewport of [NARROW, WIDE]) {
    await page.setViewportSize(viewport);
    for (const [path, text] of pages) {
      faults.push(...(await faultsOf(page, path, text)).map((fault) => `${viewport.width} px, ${fault}`));
    }
  }
  assert.deepEqual(faults, []);
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});
