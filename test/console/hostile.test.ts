/**
 * Text that a stranger wrote, in every field that takes some: it is text, its marks are visible, and no page grows wide.
 * Since these pages have everything that a page can show, their controls are checked here, too, and their links and requests
 * as a global admin's, who looks at another tenant.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Page } from "playwright-core";
import { pieces, visible } from "../../console/src/parts/text/visible.ts";
import { polled } from "../harness/deadline.ts";
import { startHooks } from "../harness/hooks.ts";
import { createSource } from "../harness/inbound.ts";
import { ask } from "../harness/pauses.ts";
import { createResource } from "../harness/resources.ts";
import { createEndpoint, patch, publish } from "../harness/scene.ts";
import { type Client, newTenant } from "../harness/server.ts";
import { NARROW, startConsole, WIDE } from "./console.ts";
import { go, until } from "./waiting.ts";

const app = await startConsole({ after });

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
  readonly jobId: string;
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
  const jobId = await createResource("endedJob", owner);
  return { endpointId, deliveryId, eventId, largeEventId, pauseIds: [open.id, answered.id], sourceId, recordId, jobId };
}

/** Each page, and a text that is there once it has what the stranger wrote. Between two pages of a kind is another one. */
function pagesOf(shop: Shop): readonly (readonly [string, string])[] {
  const name = "<img src=x";
  const endpoint = `/endpoints/${shop.endpointId}`;
  return [
    ["/", name],
    ["/endpoints", name],
    [endpoint, name],
    ["/endpoints/new", "URL"],
    [`${endpoint}/settings`, name],
    ["/event-types", "order.paid"],
    [`${endpoint}/secret`, "secret"],
    ["/deliveries", name],
    [`/deliveries/${shop.deliveryId}`, "HTTP 500"],
    [`${endpoint}/recover`, name],
    ["/events", "order.paid"],
    [`/events/${shop.eventId}`, name],
    [`/events/publish?like=${shop.eventId}`, "Idempotency key"],
    [`/events/${shop.largeEventId}`, name],
    [`${endpoint}/delete`, name],
    ["/pauses", name],
    [`/pauses/${shop.pauseIds[0]}`, "<i onclick"],
    ["/pauses?status=responded", "<i onclick"],
    [`/pauses/${shop.pauseIds[1]}`, "<i onclick"],
    ["/inbound", name],
    [`/inbound/${shop.sourceId}`, name],
    ["/inbound/quarantine", name],
    [`/inbound/${shop.sourceId}/events/${shop.recordId}`, name],
    ["/jobs", "done"],
    [`/jobs/${shop.jobId}`, "done"],
    ["/jobs/exports", "Exports"],
    ["/access/keys", name],
    ["/access/users", "example.com"],
    ["/access/tenants", "Tenants"],
    ["/access/audit", "Audit"],
    ["/settings", "Settings"],
    ["/health", "Health"],
  ];
}

/** Everything that a person sees, hears or finds in the tab. */
const SEEN = `[document.title, document.body.innerText, ...[...document.querySelectorAll("[title], [aria-label]")].flatMap(
  (one) => [one.title, one.ariaLabel ?? ""])].join("\\n")`;
const FITS = "document.documentElement.scrollWidth <= document.documentElement.clientWidth";

/** What shows the hand of a control, or has an order of its own, and cannot be reached with the Tab key in the page's order. */
const UNREACHABLE = `[...document.querySelectorAll("body *")].filter((one) => {
  if (one.tabIndex > 0) return true;
  if (getComputedStyle(one).cursor !== "pointer" || !one.checkVisibility()) return false;
  const control = one.closest("a[href], button, input, select, textarea, summary, label, option, [tabindex='0'], [role=menuitem]");
  return control === null || (control.tabIndex < 0 && control.matches("a, button:not([aria-hidden=true])"));
}).map((one) => one.outerHTML.slice(0, 120))`;

/** What is about the person or the server, and not of a tenant. */
const WITHOUT_TENANT = /^\/(?:dashboard\/auth\/|v1\/tenants|healthz|readyz|console)/;

/** Whether a link keeps the tenant. The list of tenants links to each of them. */
function keeps(tenant: string, link: string, path: string): boolean {
  const { pathname, searchParams } = new URL(link);
  const leadsElsewhere = path === "/access/tenants" && pathname === "/console/";
  return leadsElsewhere ? searchParams.has("tenant") : searchParams.get("tenant") === tenant;
}

interface Look {
  readonly seen: string;
  readonly unreachable: readonly string[];
  readonly links: readonly string[];
  readonly errors: readonly string[];
}

/** What is wrong with the page as it is, at its width. */
async function faultsOf(page: Page, path: string, tenant: string): Promise<readonly string[]> {
  await until(page, FITS, "the page not to scroll sideways");
  const { seen, unreachable, links, errors } = await page.evaluate<Look>(`({
    seen: ${SEEN},
    unreachable: ${UNREACHABLE},
    links: [...document.querySelectorAll('a[href^="/console"]')].map((one) => one.href),
    errors: [...document.querySelectorAll("[role=alert]")].map((one) => one.textContent).filter((one) => one.includes("Try again")),
  })`);
  const faults = [...errors, ...unreachable.map((html) => `the Tab key does not reach ${html}`)];
  faults.push(...links.filter((link) => !keeps(tenant, link, path)).map((link) => `loses the tenant: ${link}`));
  const at = seen.search(INVISIBLE);
  if (at !== -1) faults.push(`invisible: ${JSON.stringify(seen.slice(Math.max(0, at - 60), at + 30))}`);
  return faults;
}

/** After the next frame, which has the form of the page for this width. */
async function resize(page: Page, viewport: typeof WIDE): Promise<void> {
  if (page.viewportSize()?.width === viewport.width) return;
  await page.setViewportSize(viewport);
  await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))");
}

test("every page of another tenant, at 320 and 1280 px: hostile text is text with visible marks, the Tab key reaches every control, and the tenant stays", async () => {
  const other = await newTenant(app.stage.server);
  const pages = pagesOf(await hostileShop(other));
  const visit = await app.visit("global_admin", `/console/settings?tenant=${other.id}`);
  const { page, requests } = visit;
  const faults: string[] = [];
  for (const [index, [path, text]] of pages.entries()) {
    await go(page, `${path}${path.includes("?") ? "&" : "?"}tenant=${other.id}`);
    await until(
      page,
      `document.querySelector("main").innerText.includes(${JSON.stringify(text)})`,
      `${path} shows ${text}`,
    );
    // The next page begins at the width of this one's end.
    for (const viewport of index % 2 === 0 ? [WIDE, NARROW] : [NARROW, WIDE]) {
      await resize(page, viewport);
      faults.push(...(await faultsOf(page, path, other.id)).map((fault) => `${path}, ${viewport.width} px: ${fault}`));
    }
  }
  for (const { pathname, searchParams } of requests.map((url) => new URL(url))) {
    if (!WITHOUT_TENANT.test(pathname) && searchParams.get("tenant") !== other.id) faults.push(`asks for ${pathname}`);
  }
  assert.deepEqual(faults, []);
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

test("a name is never a link that nobody sees: spaces and letters without a shape show their code points", () => {
  const shown: readonly (readonly [name: string, text: string])[] = [
    ["  ", "⟨U+0020⟩⟨U+0020⟩"],
    ["\u2800\u3164", "⟨U+2800⟩⟨U+3164⟩"],
    ["two words", "two words"],
    ["", ""],
  ];
  for (const [name, text] of shown) {
    assert.equal(visible(name), text);
    assert.equal(
      pieces(name).reduce((all, piece) => all + piece.text, ""),
      text,
    );
  }
});
