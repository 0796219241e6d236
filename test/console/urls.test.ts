/**
 * What a URL can have wrong: filters, cursors, ids, tenants and roles. On every page, by navigation inside one visit. That
 * a global admin's tenant stays in every link and request is in `hostile.test.ts`.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Page } from "playwright-core";
import { includesRole, type Role } from "../../src/domain/access/access.ts";
import type { Kind } from "../fixtures/routes.ts";
import { createResource } from "../harness/resources.ts";
import { newTenant } from "../harness/server.ts";
import { startConsole, type Visit } from "./console.ts";
import { appears, change, disappears, go, settled, stepsOf, until } from "./waiting.ts";

const app = await startConsole({ after });
const UNKNOWN = "00000000-0000-7000-8000-000000000000";

interface Query {
  /** Stays, without a notice. */
  readonly good?: Readonly<Record<string, string>>;
  readonly bad?: Readonly<Record<string, string>>;
  /** Null if it is not a list with pages. */
  readonly cursor?: string | null;
}

/** What no list has, and every object inherits, comes on top. */
const UNKNOWN_FILTERS = { unknown: "1", constructor: "2", toString: "3", ["__proto__"]: "4" };

/** Filters of each list. Those that no list has, and a cursor that does not exist, come on top. */
const QUERIES: Readonly<Record<string, Query>> = {
  "/": { bad: { span: "5y" }, cursor: null },
  "/endpoints": { good: { q: "abc" }, bad: { status: "BROKEN" } },
  "/event-types": { bad: { search: "a b" } },
  "/events": {
    good: { undelivered: "true" },
    bad: { type: "a b", source_id: "src_x", from: "yesterday", to: "2026" },
  },
  "/deliveries": {
    good: { status: "HELD" },
    bad: {
      endpoint_id: "ep_------------------------------------",
      event_id: "evt_x",
      event_type: "a b",
      http_status: "9xx",
      classification: "odd",
      terminal_reason: "odd",
      attempts_min: "many",
      from: "+275760-09-13T00:00:00Z",
      to: "2026",
      sort: "color",
    },
  },
  "/pauses": { good: { q: "abc" }, bad: { status: "odd", channel: "pigeon" } },
  "/inbound": {},
  "/inbound/quarantine": {
    good: { from: "2026-01-31" },
    bad: { source_id: "src_x", to: "2026-13-45" },
    cursor: "5000",
  },
  "/jobs": { good: { state: "done" }, bad: { kind: "odd" } },
  "/jobs/exports": { good: { status: "HELD" }, bad: { format: "xml", from: "2026" }, cursor: null },
  "/access/keys": {},
  "/access/users": {},
  "/access/tenants": { bad: { id: "dev_x" } },
  "/access/audit": {
    good: { to_date: "2026-01-31" },
    bad: { event_type: "odd", subject_id: "x", actor: "me", from_date: "2026-13-45" },
    cursor: "9999999",
  },
};

/** Filters by what belongs to another tenant. Nothing matches, and nothing says whether there is such a thing. */
const FOREIGN: readonly (readonly [path: string, title: string, filter: string, kind: Kind])[] = [
  ["/deliveries", "Deliveries", "endpoint_id", "endpoint"],
  ["/deliveries", "Deliveries", "event_id", "event"],
  ["/events", "Events", "source_id", "source"],
  ["/inbound/quarantine", "Quarantine", "source_id", "source"],
  ["/access/audit", "Audit", "subject_id", "endpoint"],
];

async function filterByForeign({ page }: Visit): Promise<void> {
  const other = await newTenant(app.stage.server);
  for (const [path, title, filter, kind] of FOREIGN) {
    await go(page, "/nothing/here");
    await go(page, `${path}?${filter}=${await createResource(kind, other)}`, title);
    await appears(page.getByText("Nothing matches these filters"));
    await appears(page.getByRole("button", { name: "Clear filters" }).first());
    assert.deepEqual((await seen(page)).alerts, [], `${path}?${filter}`);
  }
}

interface Seen {
  readonly text: string;
  readonly alerts: readonly string[];
  /** The names of the buttons, boxes and links that may change something: those that are not known to read. */
  readonly acts: readonly string[];
}

/** The beginnings of the names of buttons that read. */
const READING =
  /^(Any$|Actions for|As table|Clear filters|Columns|Continue|Copy|Download|Endpoint|First page|Follow|Last|More filters|Show|State|Tree|Views|Why)/;

function seen(page: Page): Promise<Seen> {
  return page.evaluate(`(() => {
    const main = document.querySelector("main");
    const names = (selector) =>
      [...main.querySelectorAll(selector)].map((one) => one.ariaLabel || one.textContent.trim() || one.type);
    return {
      text: main.textContent,
      alerts: [...document.querySelectorAll("[role=alert]")].map((one) => one.textContent),
      acts: [
        ...names("button").filter((name) => !${READING}.test(name)),
        ...names('input[type=checkbox], a[href*="/new"], a[href*="/publish"]'),
      ],
    };
  })()`);
}

interface RecordPage {
  readonly what: string;
  readonly kind: Kind;
  readonly pathOf: (id: string) => string;
}

const RECORDS: readonly RecordPage[] = [
  { what: "endpoint", kind: "endpoint", pathOf: (id) => `/endpoints/${id}` },
  { what: "endpoint", kind: "endpoint", pathOf: (id) => `/endpoints/${id}/settings` },
  { what: "event", kind: "event", pathOf: (id) => `/events/${id}` },
  { what: "delivery", kind: "delivery", pathOf: (id) => `/deliveries/${id}` },
  { what: "pause", kind: "pause", pathOf: (id) => `/pauses/${id}` },
  { what: "source", kind: "source", pathOf: (id) => `/inbound/${id}` },
  {
    what: "inbound request",
    kind: "inboundEvent",
    pathOf: (id) => `/inbound/src_${UNKNOWN}/events/${id}`,
  },
  { what: "job", kind: "job", pathOf: (id) => `/jobs/${id}` },
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

async function showNoRecord(visit: Visit): Promise<void> {
  const other = await newTenant(app.stage.server);
  await assertMissing(visit.page, `/deliveries/del_${UNKNOWN}`, { what: "delivery", shown: `del_${UNKNOWN}` });
  for (const [index, { what, kind, pathOf }] of RECORDS.entries()) {
    const theirs = await createResource(kind, other);
    const [malformed, visible] = MALFORMED[index % MALFORMED.length] ?? assert.fail();
    await assertMissing(visit.page, pathOf(theirs), { what, shown: theirs });
    await assertMissing(visit.page, pathOf(malformed), { what, shown: visible });
  }
  await visit.assertAccessible("no-such-record");
}

type PageOfAll = readonly [path: string, title: string, needs?: Role];

/** Every page without an id: its heading, and the least role. */
const PAGES: readonly PageOfAll[] = [
  ["/", "Overview"],
  ["/endpoints", "Endpoints"],
  ["/endpoints/new", "New endpoint", "developer"],
  ["/event-types", "Event types"],
  ["/events", "Events"],
  ["/events/publish", "Publish an event", "developer"],
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
  ["/cli", "Sign in a terminal"],
  ["/settings", "Settings"],
  ["/health", "Health", "org_admin"],
  ["/go/nonsense", "Find an id"],
  ["/nothing/here", "There is nothing at this address"],
];
const WORDS: Readonly<Record<Role, string>> = {
  agent: "agent",
  viewer: "viewer",
  developer: "developer",
  org_admin: "organization admin",
  global_admin: "global admin",
};

const EVERYBODY = "Overview, Deliveries, Events, Endpoints, Event types, Pauses";
const ADMINS_ONLY = "Inbound, Jobs, Access, Settings, Health";

async function linksOfNavigation(page: Page): Promise<string> {
  return (await page.getByRole("navigation").first().getByRole("link").allTextContents()).join(", ");
}

/** Goes to a page with a query, waits for the notices, and returns what is wrong. */
async function faultsOfQuery(page: Page, [path, title]: PageOfAll, tenant = ""): Promise<string[]> {
  const { good = {}, bad = {}, cursor = "nonsense" } = QUERIES[path] ?? assert.fail(path);
  const dropped = { ...UNKNOWN_FILTERS, ...bad };
  const added = new URLSearchParams({ ...good, ...dropped, ...(cursor !== null && { cursor }) });
  const notices = Object.entries(dropped).map(([name, value]) => `The filter ${name}=${value} is not valid here`);
  if (cursor !== null) notices.push("That page of the list no longer exists");
  await go(page, `${path}?${added}${tenant}`, title);
  for (const notice of notices) {
    await until(page, `document.querySelector("main").textContent.includes(${JSON.stringify(notice)})`, notice);
  }
  await settled(page);
  const { text } = await seen(page);
  const faults: string[] = [];
  for (const [name, value] of Object.entries(good)) {
    if (text.includes(`The filter ${name}=`)) faults.push(`a notice of ${name}=${value}`);
    if (new URL(page.url()).searchParams.get(name) !== value) faults.push(`${name}=${value} is gone`);
  }
  return faults;
}

/** Visits the pages, with a query if they have filters, and returns what is wrong for somebody with this role. */
async function faultsOnPages({ page, complaints }: Visit, role: Role, pages: readonly PageOfAll[]): Promise<string[]> {
  const faults: string[] = [];
  // The server refuses some bad filters, which the page then drops.
  let hasBadFilters = false;
  page.on("response", (response) => {
    const status = response.status();
    if (hasBadFilters && (status === 400 || status === 422)) return;
    if (status >= 400) faults.push(`${status} ${new URL(response.url()).pathname}`);
  });
  for (const one of pages) {
    const [path, title, needs = "viewer"] = one;
    const isAllowed = includesRole(role, needs);
    hasBadFilters = isAllowed && path in QUERIES;
    if (!isAllowed) await go(page, path, `This page needs the role ${WORDS[needs]}`);
    else if (hasBadFilters) faults.push(...(await faultsOfQuery(page, one)));
    else await go(page, path, title);
    const { alerts, acts } = await seen(page);
    faults.push(...alerts.map((text) => `${path}: ${text}`));
    // On the page of the settings, everybody changes their own.
    if (role === "viewer" && path !== "/settings") faults.push(...acts.map((name) => `${path} offers ${name}`));
  }
  return [...faults, ...complaints].map((fault) => `${role}: ${fault}`);
}

/** Opens a record, presses every key that changes something for others, and returns what the page offers to change. */
async function actsOnRecord(page: Page, path: string, text: string): Promise<string[]> {
  await change(page, path);
  await until(page, `document.querySelector("main").textContent.includes(${JSON.stringify(text)})`, `${path}: ${text}`);
  await settled(page);
  for (const key of ["r", "e", "c", "x", "1"]) await page.keyboard.press(key);
  assert.equal(await page.getByRole("dialog").count(), 0, path);
  return (await seen(page)).acts.map((name) => `${path} offers ${name}`);
}

test("a viewer on every URL gets the page, which offers no change, or which role it takes; bad filters are dropped with a notice", async () => {
  const tenant = await newTenant(app.stage.server);
  const endpoint = await createResource("endpoint", tenant);
  const records: readonly (readonly [path: string, text: string])[] = [
    [`/endpoints/${endpoint}`, "Nothing waits."],
    [`/endpoints/${endpoint}/settings`, "Timeout in seconds"],
    [`/endpoints/${endpoint}/delete`, "This page needs the role developer"],
    [`/deliveries/${await createResource("delivery", tenant)}`, "Attempts"],
    [`/events/${await createResource("failedEvent", tenant)}`, "Not delivered to"],
    [`/pauses/${await createResource("pause", tenant)}`, "Answering needs the role developer."],
    [`/jobs/${await createResource("job", tenant)}`, "Started by"],
  ];
  const visit = await app.visit("viewer", "/console/settings", { tenant });
  const { page } = visit;
  const changes: string[] = [];
  page.on("request", (request) => {
    const isRead = request.method() === "GET" || request.url().endsWith("/v1/explain");
    if (!isRead) changes.push(`${request.method()} ${request.url()}`);
  });
  const faults = await faultsOnPages(visit, "viewer", PAGES);
  assert.equal(await linksOfNavigation(page), `${EVERYBODY}1 open, Jobs, Settings`);
  await appears(page.getByText("Your role, viewer, may only read."));
  for (const [path, text] of records) faults.push(...(await actsOnRecord(page, path, text)));
  await change(page, "/deliveries");
  await page
    .getByRole("button", { name: /^Actions for/ })
    .first()
    .click();
  await appears(page.getByRole("menu"));
  assert.deepEqual(await page.getByRole("menuitem").allTextContents(), ["Copy id", "As curl"]);
  assert.deepEqual([faults, changes], [[], []]);
  await visit.close();
});

test("a developer gets the pages that change something, and is told which role the others take", async () => {
  const visit = await app.visit("developer", "/console/settings");
  const pages = PAGES.filter(([, , needs]) => needs !== undefined);
  assert.deepEqual(await faultsOnPages(visit, "developer", pages), []);
  assert.equal(await linksOfNavigation(visit.page), `${EVERYBODY}, Jobs, Settings`);
  await visit.close();
});

async function showOwnTenant(visit: Visit, otherId: string): Promise<void> {
  const { page, person, requests } = visit;
  const refused = page.getByRole("heading", { name: "This page needs the role global admin" });
  const endpoints = page.getByRole("heading", { name: "Endpoints", level: 1 });
  await appears(refused);
  await visit.assertAccessible("other-tenant");
  await change(page, `/endpoints?tenant=${person.tenantId}`);
  await page.waitForURL(/\/console\/endpoints$/);
  await appears(endpoints);
  await change(page, `/endpoints?tenant=${otherId}`);
  await appears(refused);
  await page.getByRole("button", { name: "Show your own tenant" }).click();
  await page.waitForURL(/\/console\/$/);
  await disappears(refused);
  await change(page, "/endpoints");
  await appears(endpoints);
  assert.deepEqual(
    requests.filter((url) => /\/v1\/.*tenant=/.test(url)),
    [],
  );
}

test("an organization admin gets the own tenant, and nothing of another one", async (t) => {
  const other = await newTenant(app.stage.server);
  await createResource("endpoint", other);
  const visit = await app.visit("org_admin", `/console/endpoints?tenant=${other.id}`);
  const step = stepsOf(t, visit.page);
  await step("a tenant that the person may not see: nothing of it, and a way back to the own one", () =>
    showOwnTenant(visit, other.id),
  );
  await step("the pages for admins, or which role they take; the navigation shows what it may see", async () => {
    // The others are for everybody: a viewer and a global admin visit them, with good filters and bad ones.
    const pages = PAGES.filter(([, , needs]) => needs !== undefined);
    assert.deepEqual(await faultsOnPages(visit, "org_admin", pages), []);
    assert.equal(await linksOfNavigation(visit.page), `${EVERYBODY}, ${ADMINS_ONLY}`);
  });
  await step(
    "an id that is unknown, malformed or another tenant's gets the same sentence on every page of a record",
    () => showNoRecord(visit),
  );
  await step("a filter by what another tenant has matches nothing, and can be cleared", () => filterByForeign(visit));
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

/** As if the store were PostgreSQL, and another node shared it. */
async function pretendNodes(page: Page): Promise<void> {
  await page.route("**/v1/status", async (route) => {
    const response = await route.fetch();
    const status = await response.json();
    const settings = [{ name: "DATABASE_URL", value: "postgres://signalbox@db.example.com:5432/signalbox" }];
    await route.fulfill({ response, json: { ...status, process: { ...status.process, settings } } });
  });
  const at = "2026-03-01T10:00:00Z";
  const node = { version: "0.3.0", started_at: at, last_seen_at: at, lanes: 3, leases: 120 };
  const nodes = [
    { ...node, id: 7, name: "hooks-1", leader: true, self: false },
    { ...node, id: 12, name: "hooks-2", leader: false, self: true },
  ];
  await page.route("**/v1/nodes", (route) => route.fulfill({ json: { nodes } }));
}

test("a global admin gets the health of the server and the pages of any tenant, where bad filters are dropped with a notice", async () => {
  const other = await newTenant(app.stage.server);
  const visit = await app.visit("global_admin", `/console/access?tenant=${other.id}`);
  const { page } = visit;
  await appears(page.getByRole("heading", { name: "Keys", level: 1 }));
  const faults: string[] = [];
  for (const one of PAGES.filter(([path]) => path in QUERIES)) {
    faults.push(...(await faultsOfQuery(page, one, `&tenant=${other.id}`)), ...(await seen(page)).alerts);
  }
  await go(page, `/go/nonsense?tenant=${other.id}`, "Find an id");
  assert.deepEqual(faults, []);
  assert.deepEqual(visit.complaints, []);
  assert.match(await linksOfNavigation(page), new RegExp(`, ${ADMINS_ONLY}$`));
  await go(page, "/health", "Health");
  await appears(page.getByRole("heading", { name: "Settings in force" }));
  await appears(page.getByText("The store is a file of this server, so there is one node."));
  await visit.assertAccessible("health");
  await pretendNodes(page);
  await change(page, "/endpoints");
  await change(page, "/health");
  await appears(page.getByRole("region", { name: "Node 12" }).getByText("shows this page"));
  await appears(page.getByRole("region", { name: "Node 7" }).getByText("leader"));
  assert.equal(await page.getByText("Write-ahead log").count(), 0);
  await visit.assertAccessible("health-nodes");
  await change(page, `/endpoints?tenant=dev_${UNKNOWN}`);
  await appears(page.getByText("There is no such tenant."));
  assert.equal(await page.getByRole("dialog").count(), 0);
  await visit.close();
});
