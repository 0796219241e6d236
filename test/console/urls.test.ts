/** What a URL can have wrong: filters, cursors, ids, tenants and roles. On every page, by navigation inside one visit. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Page } from "playwright-core";
import { ROLES, type Role } from "../../src/domain/access/access.ts";
import type { Kind } from "../fixtures/routes.ts";
import { createResource } from "../harness/resources.ts";
import { newTenant } from "../harness/server.ts";
import { startConsole, type Visit } from "./console.ts";
import { appears, change, go, settled, until } from "./waiting.ts";

const app = await startConsole({ after });
const UNKNOWN = "00000000-0000-7000-8000-000000000000";

interface BadUrl {
  readonly path: string;
  /** Stays, without a notice. */
  readonly good?: Readonly<Record<string, string>>;
  readonly bad?: Readonly<Record<string, string>>;
  /** Not a list with pages. */
  readonly noCursor?: true;
}

const LISTS: readonly BadUrl[] = [
  { path: "/", bad: { span: "5y" }, noCursor: true },
  { path: "/endpoints", good: { q: "abc" }, bad: { status: "BROKEN" } },
  { path: "/event-types", bad: { search: "a b" } },
  {
    path: "/events",
    good: { undelivered: "true" },
    bad: { type: "a b", source_id: "src_x", from: "yesterday", to: "2026" },
  },
  {
    path: "/deliveries",
    good: { status: "HELD" },
    bad: {
      endpoint_id: "ep_x",
      event_id: "evt_x",
      event_type: "a b",
      http_status: "9xx",
      classification: "odd",
      terminal_reason: "odd",
      attempts_min: "many",
      from: "yesterday",
      to: "2026",
      sort: "color",
    },
  },
  { path: "/pauses", good: { q: "abc" }, bad: { status: "odd", channel: "pigeon" } },
  { path: "/deliveries", bad: { endpoint_id: "ep_------------------------------------" } },
  { path: "/inbound" },
  { path: "/inbound/quarantine", good: { from: "2026-01-31" }, bad: { source_id: "src_x", to: "2026-13-45" } },
  { path: "/jobs", good: { state: "done" }, bad: { kind: "odd" } },
  { path: "/jobs/exports", good: { status: "HELD" }, bad: { format: "xml", from: "2026" }, noCursor: true },
  { path: "/access/keys" },
  { path: "/access/users" },
  { path: "/access/tenants", bad: { id: "dev_x" } },
  {
    path: "/access/audit",
    good: { to_date: "2026-01-31" },
    bad: { event_type: "odd", subject_id: "x", actor: "me", from_date: "2026-13-45" },
  },
];

interface Seen {
  readonly text: string;
  readonly alerts: readonly string[];
  readonly links: readonly string[];
}

function seen(page: Page): Promise<Seen> {
  return page.evaluate(`({
    text: document.querySelector("main").textContent,
    alerts: [...document.querySelectorAll("[role=alert]")].map((one) => one.textContent),
    links: [...document.querySelectorAll('a[href^="/console"]')].map((one) => one.href),
  })`);
}

async function faultsOfList(page: Page, { path, good = {}, bad = {}, noCursor }: BadUrl, index: number) {
  const dropped = { [`unknown${index}`]: "1", ...bad };
  await go(page, `${path}?${new URLSearchParams({ ...good, ...dropped, ...(!noCursor && { cursor: "nonsense" }) })}`);
  const notices = Object.entries(dropped).map(([name, value]) => `The filter ${name}=${value} is not valid here`);
  if (!noCursor) notices.push("That page of the list no longer exists");
  for (const notice of notices) {
    await until(page, `document.querySelector("main").textContent.includes(${JSON.stringify(notice)})`, notice);
  }
  await settled(page);
  const { text, alerts } = await seen(page);
  const faults = [...alerts];
  for (const [name, value] of Object.entries(good)) {
    if (text.includes(`The filter ${name}=`)) faults.push(`a notice of ${name}=${value}`);
    if (new URL(page.url()).searchParams.get(name) !== value) faults.push(`${name}=${value} is gone`);
  }
  return faults.map((fault) => `${path}: ${fault}`);
}

test("a filter that is not valid is dropped with a notice that names it, on every list, and the others apply", async () => {
  const visit = await app.visit("global_admin", "/console/settings");
  const faults: string[] = [];
  for (const [index, list] of LISTS.entries()) faults.push(...(await faultsOfList(visit.page, list, index)));
  assert.deepEqual(faults, []);
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

interface RecordPage {
  readonly what: string;
  readonly kind: Kind;
  readonly prefix: string;
  readonly pathOf: (id: string) => string;
}

const RECORDS: readonly RecordPage[] = [
  { what: "endpoint", kind: "endpoint", prefix: "ep_", pathOf: (id) => `/endpoints/${id}` },
  { what: "endpoint", kind: "endpoint", prefix: "ep_", pathOf: (id) => `/endpoints/${id}/settings` },
  { what: "event", kind: "event", prefix: "evt_", pathOf: (id) => `/events/${id}` },
  { what: "delivery", kind: "delivery", prefix: "del_", pathOf: (id) => `/deliveries/${id}` },
  { what: "pause", kind: "pause", prefix: "pau_", pathOf: (id) => `/pauses/${id}` },
  { what: "source", kind: "source", prefix: "src_", pathOf: (id) => `/inbound/${id}` },
  {
    what: "inbound request",
    kind: "inboundEvent",
    prefix: "wh_",
    pathOf: (id) => `/inbound/src_${UNKNOWN}/events/${id}`,
  },
  { what: "job", kind: "job", prefix: "job_", pathOf: (id) => `/jobs/${id}` },
];

/** As in a URL, and as it is shown. */
const MALFORMED: readonly (readonly [string, string])[] = [
  ["nonsense", "nonsense"],
  ["%3Cb%3E%E2%80%AE", "<b>⟨U+202E⟩"],
  ["a%2Fb%00", "a/b⟨U+0000⟩"],
  ["y".repeat(3000), `${"y".repeat(80)}…`],
];

/** Waits for the sentence, and for the id as it is shown. */
async function assertMissing(page: Page, path: string, { what, shown }: { what: string; shown: string }) {
  await change(page, path);
  const sentence = `There is no such ${what}, or it belongs to another tenant.`;
  const isThere = `document.querySelector("main").textContent.includes(${JSON.stringify(sentence)})`;
  const isNamed = `[...document.querySelectorAll("main code")].some((one) => one.textContent === ${JSON.stringify(shown)})`;
  await until(page, `${isThere} && ${isNamed}`, `${path.slice(0, 90)}: ${sentence}`);
}

test("an id that is unknown, malformed or another tenant's gets the same sentence on every page of a record", async () => {
  const other = await newTenant(app.stage.server);
  const visit = await app.visit("org_admin", "/console/settings");
  for (const [index, { what, kind, prefix, pathOf }] of RECORDS.entries()) {
    const theirs = await createResource(kind, other);
    const unknown = `${prefix}${UNKNOWN}`;
    const [malformed, visible] = MALFORMED[index % MALFORMED.length] ?? assert.fail();
    await assertMissing(visit.page, pathOf(theirs), { what, shown: theirs });
    await assertMissing(visit.page, pathOf(unknown), { what, shown: unknown });
    await assertMissing(visit.page, pathOf(malformed), { what, shown: visible });
  }
  await visit.assertAccessible("no-such-record");
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

/** Every page without an id: its heading, and the least role. */
const PAGES: readonly (readonly [string, string, Role?])[] = [
  ["/", "Overview"],
  ["/endpoints", "Endpoints"],
  ["/endpoints/new", "New endpoint"],
  ["/event-types", "Event types"],
  ["/events", "Events"],
  ["/events/publish", "Publish an event"],
  ["/deliveries", "Deliveries"],
  ["/pauses", "Pauses"],
  ["/inbound", "Inbound", "org_admin"],
  ["/inbound/quarantine", "Quarantine", "org_admin"],
  ["/jobs", "Jobs"],
  ["/jobs/exports", "Exports"],
  ["/access", "Keys", "org_admin"],
  ["/access/keys", "Keys", "org_admin"],
  ["/access/users", "Users", "org_admin"],
  ["/access/tenants", "Tenants", "global_admin"],
  ["/access/audit", "Audit", "org_admin"],
  ["/settings", "Settings"],
  ["/health", "Health", "org_admin"],
  ["/go/nonsense", "Find an id"],
  ["/nothing/here", "There is nothing at this address"],
];
const WORDS = { agent: "agent", developer: "developer", org_admin: "organization admin", global_admin: "global admin" };

const ADMINS_ONLY = "Inbound, Jobs, Access, Settings, Health";

async function linksOfNavigation(page: Page): Promise<string> {
  return (await page.getByRole("navigation").first().getByRole("link").allTextContents()).join(", ");
}

/** What is about the person or the server, and not of a tenant. */
const WITHOUT_TENANT = /^\/(?:dashboard\/auth\/|v1\/tenants|healthz|readyz|console)/;

/** Whether a link keeps the tenant. The list of tenants links to each of them. */
function keeps(tenant: string, link: string, path: string): boolean {
  const { pathname, searchParams } = new URL(link);
  const leadsElsewhere = path === "/access/tenants" && pathname === "/console/";
  return leadsElsewhere ? searchParams.has("tenant") : searchParams.get("tenant") === tenant;
}

/** Visits every page, and returns what is wrong. A global admin looks at another tenant. */
async function faultsOnPages({ page, complaints, requests }: Visit, role: Role, tenant: string | null) {
  const faults: string[] = [];
  page.on("response", (response) => {
    if (response.status() >= 400) faults.push(`${response.status()} ${new URL(response.url()).pathname}`);
  });
  for (const [path, title, needs = "developer"] of PAGES) {
    const isAllowed = ROLES.indexOf(role) >= ROLES.indexOf(needs);
    const query = tenant === null ? "" : `?tenant=${tenant}`;
    await go(page, path + query, isAllowed ? title : `This page takes the role ${WORDS[needs]}`);
    const { alerts, links } = await seen(page);
    faults.push(...alerts.map((text) => `${path}: ${text}`));
    if (tenant === null || path === "/nothing/here") continue;
    faults.push(...links.filter((link) => !keeps(tenant, link, path)).map((link) => `${path}: ${link}`));
  }
  for (const { pathname, searchParams } of requests.map((url) => new URL(url))) {
    if (!WITHOUT_TENANT.test(pathname) && searchParams.get("tenant") !== tenant) faults.push(`asks ${pathname}`);
  }
  return [...new Set([...faults, ...complaints])].map((fault) => `${role}: ${fault}`);
}

test("every role on every URL gets the page, or which role it takes; the navigation shows what it may see", async () => {
  const faults: string[] = [];
  const navigation: string[] = [];
  for (const role of ["developer", "org_admin"] as const) {
    const visit = await app.visit(role, "/console/settings");
    faults.push(...(await faultsOnPages(visit, role, null)));
    navigation.push(await linksOfNavigation(visit.page));
    await visit.close();
  }
  assert.deepEqual(faults, []);
  const everybody = "Overview, Deliveries, Events, Endpoints, Event types, Pauses";
  assert.deepEqual(navigation, [`${everybody}, Jobs, Settings`, `${everybody}, ${ADMINS_ONLY}`]);
});

test("a global admin gets every page of another tenant, which goes with every request and stays in every link", async () => {
  const other = await newTenant(app.stage.server);
  for (const kind of ["endpoint", "delivery", "pause", "source", "endedJob"] as const)
    await createResource(kind, other);
  const visit = await app.visit("global_admin", `/console/settings?tenant=${other.id}`);
  const { page } = visit;
  assert.deepEqual(await faultsOnPages(visit, "global_admin", other.id), []);
  assert.match(await linksOfNavigation(page), new RegExp(`, ${ADMINS_ONLY}$`));
  await change(page, `/endpoints?tenant=dev_${UNKNOWN}`);
  await appears(page.getByText("There is no such tenant."));
  assert.equal(await page.getByRole("dialog").count(), 0);
  await visit.close();
});

test("a tenant that the person may not see: nothing of it, and a way back to the own one", async () => {
  const other = await newTenant(app.stage.server);
  await createResource("endpoint", other);
  const visit = await app.visit("org_admin", `/console/endpoints?tenant=${other.id}`);
  const { page, person, requests } = visit;
  await appears(page.getByRole("heading", { name: "This page takes the role global admin" }));
  await visit.assertAccessible("other-tenant");
  await page.getByRole("button", { name: "Show your own tenant" }).click();
  await page.waitForURL(/\/console\/$/);
  assert.deepEqual(
    requests.filter((url) => /\/v1\/.*tenant=/.test(url)),
    [],
  );
  await change(page, `/endpoints?tenant=${person.tenantId}`);
  await page.waitForURL(/\/console\/endpoints$/);
  await appears(page.getByRole("heading", { name: "Endpoints", level: 1 }));
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});
