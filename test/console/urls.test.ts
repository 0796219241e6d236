/** What a URL can have wrong: filters, cursors, ids, tenants and roles. On every page, by navigation inside one visit. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Page } from "playwright-core";
import { ROLES, type Role } from "../../src/domain/access/access.ts";
import type { Kind } from "../fixtures/routes.ts";
import { createResource } from "../harness/resources.ts";
import { newTenant } from "../harness/server.ts";
import { startConsole } from "./console.ts";

const app = await startConsole({ after });
const UNKNOWN = "00000000-0000-7000-8000-000000000000";
/** For what is expected to appear. A text that does not is a fault, and the test goes on. */
const APPEARS_MS = 15_000;

/** Goes to another page as a link does, without loading the console again. */
async function go(page: Page, path: string): Promise<void> {
  await page.evaluate(`history.pushState({}, "", ${JSON.stringify(`/console${path}`)})`);
}

function shows(page: Page, text: string | RegExp): Promise<boolean> {
  const shown = page.getByText(text).first().waitFor({ timeout: APPEARS_MS });
  return shown.then(
    () => true,
    () => false,
  );
}

/** Waits until nothing of the page is loading. */
async function settled(page: Page): Promise<void> {
  await page.locator("main:not(:has([aria-busy=true])) h1").first().waitFor({ timeout: APPEARS_MS });
}

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
  { path: "/deliveries", bad: { endpoint_id: "ep_------------------------------------" } },
  { path: "/pauses", good: { q: "abc" }, bad: { status: "odd", channel: "pigeon" } },
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

async function faultsOfList(page: Page, { path, good = {}, bad = {}, noCursor }: BadUrl, index: number) {
  const faults: string[] = [];
  const dropped = { [`unknown${index}`]: "1", ...bad };
  await go(page, `${path}?${new URLSearchParams({ ...good, ...dropped, ...(!noCursor && { cursor: "nonsense" }) })}`);
  for (const [name, value] of Object.entries(dropped)) {
    if (!(await shows(page, `The filter ${name}=${value} is not valid here`))) faults.push(`no notice of ${name}`);
  }
  if (!noCursor && !(await shows(page, "That page of the list no longer exists")))
    faults.push("no notice of the cursor");
  for (const [name, value] of Object.entries(good)) {
    if ((await page.getByText(`The filter ${name}=`).count()) > 0) faults.push(`a notice of ${name}=${value}`);
    if (new URL(page.url()).searchParams.get(name) !== value) faults.push(`${name}=${value} is gone`);
  }
  await settled(page);
  faults.push(...(await page.getByRole("alert").allTextContents()));
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

async function faultsOfRecord(page: Page, { what, prefix, pathOf }: RecordPage, theirs: string) {
  const faults: string[] = [];
  const unknown = `${prefix}${UNKNOWN}`;
  for (const [id, shown] of [[theirs, theirs], [unknown, unknown], ...MALFORMED] as const) {
    await go(page, pathOf(id));
    const isNamed = await shows(page, new RegExp(`^${RegExp.escape(shown)}$`));
    const isSaid = await shows(page, `There is no such ${what}, or it belongs to another tenant.`);
    const offer = isNamed && isSaid ? "" : await page.locator("main").innerText();
    if (!isNamed || !isSaid) faults.push(`${pathOf(id).slice(0, 90)}: ${offer.slice(0, 200)}`);
  }
  return faults;
}

test("an id that is unknown, malformed or another tenant's gets the same sentence on every page of a record", async () => {
  const other = await newTenant(app.stage.server);
  const visit = await app.visit("org_admin", "/console/settings");
  const faults: string[] = [];
  for (const record of RECORDS) {
    faults.push(...(await faultsOfRecord(visit.page, record, await createResource(record.kind, other))));
  }
  assert.deepEqual(faults, []);
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

test("every role on every URL gets the page, or which role it takes; the navigation shows what it may see", async () => {
  const faults: string[] = [];
  const navigation: string[] = [];
  for (const role of ["developer", "org_admin", "global_admin"] as const) {
    const visit = await app.visit(role, "/console/settings");
    const { page } = visit;
    page.on("response", (response) => {
      if (response.status() >= 400) faults.push(`${role}: ${response.status()} ${new URL(response.url()).pathname}`);
    });
    for (const [path, title, needs = "developer"] of PAGES) {
      const isAllowed = ROLES.indexOf(role) >= ROLES.indexOf(needs);
      const expected = isAllowed ? title : `This page takes the role ${WORDS[needs]}`;
      await go(page, path);
      const heading = page.getByRole("heading", { level: 1, name: expected, exact: true });
      if (
        !(await heading.waitFor({ timeout: APPEARS_MS }).then(
          () => true,
          () => false,
        ))
      ) {
        faults.push(`${role} ${path}: ${await page.locator("h1").allTextContents()}`);
      }
      await settled(page);
      faults.push(...(await page.getByRole("alert").allTextContents()).map((text) => `${role} ${path}: ${text}`));
    }
    navigation.push((await page.getByRole("navigation").first().getByRole("link").allTextContents()).join(", "));
    faults.push(...visit.complaints.map((one) => `${role}: ${one}`));
    await visit.close();
  }
  assert.deepEqual(faults, []);
  const everybody = "Overview, Deliveries, Events, Endpoints, Event types, Pauses";
  const admins = `${everybody}, Inbound, Jobs, Access, Settings, Health`;
  assert.deepEqual(navigation, [`${everybody}, Jobs, Settings`, admins, admins]);
});

/** What is about the person or the server, and not of a tenant. */
const WITHOUT_TENANT = /^\/(?:dashboard\/auth\/|v1\/tenants|healthz|readyz|console)/;

/** Whether a link keeps the tenant. The list of tenants links to each of them. */
function keeps(tenant: string, link: string, path: string): boolean {
  const { pathname, searchParams } = new URL(link);
  const leadsElsewhere = path === "/access/tenants" && pathname === "/console/";
  return leadsElsewhere ? searchParams.has("tenant") : searchParams.get("tenant") === tenant;
}

test("a global admin's tenant goes with every request and stays in every link", async () => {
  const other = await newTenant(app.stage.server);
  for (const kind of ["endpoint", "delivery", "pause", "source", "endedJob"] as const)
    await createResource(kind, other);
  const visit = await app.visit("global_admin", `/console/settings?tenant=${other.id}`);
  const { page } = visit;
  const faults = new Set<string>();
  page.on("request", (request) => {
    const { pathname, searchParams } = new URL(request.url());
    if (!WITHOUT_TENANT.test(pathname) && searchParams.get("tenant") !== other.id) faults.add(pathname);
  });
  for (const [path, title] of PAGES.filter(([path]) => path !== "/nothing/here")) {
    await go(page, `${path}?tenant=${other.id}`);
    await page.getByRole("heading", { level: 1, name: title, exact: true }).waitFor({ timeout: APPEARS_MS });
    await settled(page);
    const links = await page.evaluate<string[]>(
      "[...document.querySelectorAll('a[href^=\"/console\"]')].map(({ href }) => href)",
    );
    for (const link of links) if (!keeps(other.id, link, path)) faults.add(`${path}: ${link}`);
  }
  assert.deepEqual([...faults], []);
  assert.deepEqual(visit.complaints, []);
  await visit.close();
});

test("a tenant that the person may not see: nothing of it, and a way back to the own one", async () => {
  const other = await newTenant(app.stage.server);
  await createResource("endpoint", other);
  const visit = await app.visit("org_admin", `/console/endpoints?tenant=${other.id}`);
  const { page, person } = visit;
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  await page.getByRole("heading", { name: "This page takes the role global admin" }).waitFor();
  await visit.assertAccessible("other-tenant");
  await page.reload();
  await page.getByRole("button", { name: "Show your own tenant" }).click();
  await page.waitForURL(/\/console\/$/);
  assert.deepEqual(
    asked.filter((url) => /\/v1\/.*tenant=/.test(url)),
    [],
  );
  await page.goto(`${app.url}/console/endpoints?tenant=${person.tenantId}`);
  await page.waitForURL(/\/console\/endpoints$/);
  await page.getByRole("heading", { name: "Endpoints", level: 1 }).waitFor();
  assert.deepEqual(visit.complaints, []);
  await visit.close();
  const admin = await app.visit("global_admin", `/console/endpoints?tenant=dev_${UNKNOWN}`);
  await admin.page.getByText("There is no such tenant.").waitFor();
  assert.equal(await admin.page.getByRole("dialog").count(), 0);
  await admin.close();
});
