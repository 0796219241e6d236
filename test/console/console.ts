/**
 * A server and a browser for the tests of the console's pages, one of each for a process. Each test opens pages as a person
 * with a role.
 */
import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import type { Browser, BrowserContext, Page } from "playwright-core";
import type { Role } from "../../src/domain/access/access.ts";
import { AXE_LOADER, startBrowser } from "../harness/browser.ts";
import { DEADLINE_MS } from "../harness/deadline.ts";
import { signedIn } from "../harness/jar.ts";
import { PASSWORD, type PeopleStage, type Person, stagePeople } from "../harness/people.ts";
import type { Scope, Tenant } from "../harness/server.ts";
import { assertAccessible, type Look, setLook, WIDE } from "./accessibility.ts";
import { newTabs, type Tab, type Tabs } from "./tabs.ts";
import { WAITING } from "./waiting.ts";

export { NARROW, WIDE } from "./accessibility.ts";

const BUILD = path.resolve(import.meta.dirname, "../../console/build.js");

export interface Console {
  readonly stage: PeopleStage;
  readonly url: string;
  /** Opens a page as somebody with this role. Without `tenant`, the person gets a new one. */
  visit(role: Role, path: string, options?: VisitOptions): Promise<Visit>;
  /** Opens a URL of any server, without a session or with this cookie. */
  open(url: string, cookie?: string | null): Promise<Opened>;
}

export interface VisitOptions {
  readonly tenant?: Pick<Tenant, "id" | "apiKey">;
  readonly viewport?: { readonly width: number; readonly height: number };
}

export interface Opened {
  readonly page: Page;
  /** CSP reports, errors of scripts, and requests to other hosts, until now. In the second tab, too. */
  readonly complaints: readonly string[];
  /** The URLs that the page has asked for, until now. */
  readonly requests: readonly string[];
  /** The heading of the page, once it is there. */
  heading(): Promise<string>;
  /**
   * Fails for a violation of accessibility rules and for sideways scrolling, in the colors of the visit, at 320 or at
   * 1280 px. Saves screenshots under this name, in all colors and widths, if `CONSOLE_SHOTS` names a folder.
   */
  assertAccessible(name: string): Promise<void>;
  /** An empty tab of the same browser, which closes with the visit. */
  secondTab(): Promise<Page>;
  /** Ends the session as if it had expired. */
  endSession(): Promise<void>;
  close(): Promise<void>;
}

export interface Visit extends Opened {
  readonly person: Person;
}

interface Parts {
  readonly stage: PeopleStage;
  readonly tabs: Tabs;
}

let shared: Promise<Parts> | null = null;

/** Starts one server and one browser for all test files of this process. */
export function shareConsole(scope: Scope): void {
  shared = startParts(scope);
}

/** Starts the server and the browser, and builds the console if its sources have changed. */
async function startParts(scope: Scope): Promise<Parts> {
  await promisify(execFile)(process.execPath, [BUILD, "--strict"]);
  const [stage, browser] = await Promise.all([stagePeople(scope), startBrowser(scope)]);
  return { stage, tabs: newTabs(async () => newPage(await newContext(browser))) };
}

let visits = 0;

/** The server and the browser of this process, or of this file if it runs alone. */
export async function startConsole(scope: Scope): Promise<Console> {
  const { stage, tabs } = await (shared ?? startParts(scope));
  const { url } = stage.server;
  const open = async (to: string, cookie: string | null = null, viewport = WIDE): Promise<Opened> => {
    const tab = await tabs.take();
    const [name = "", value = ""] = (cookie ?? "").split("=");
    if (cookie !== null) await tab.context.addCookies([{ name, value, url: new URL(to).origin }]);
    // Visits alternate, because a change of the colors takes as long as a check.
    visits += 1;
    return openedIn(tab, to, { viewport, colorScheme: visits % 2 === 0 ? "dark" : "light" });
  };
  return {
    stage,
    url,
    open,
    async visit(role, to, { tenant, viewport } = {}) {
      const person = await stage.person(role, tenant);
      const { cookie } = await signedIn(url, person.email, PASSWORD);
      return { ...(await open(url + to, cookie, viewport)), person };
    },
  };
}

/** A context without a session. */
function newContext(browser: Browser): Promise<BrowserContext> {
  return browser.newContext({
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
    reducedMotion: "reduce",
    viewport: WIDE,
    permissions: ["clipboard-read", "clipboard-write"],
  });
}

async function newPage(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  page.setDefaultTimeout(DEADLINE_MS);
  await page.addInitScript(AXE_LOADER);
  await page.addInitScript(WAITING);
  await page.addInitScript(
    "addEventListener('securitypolicyviolation', (event) => console.error('CSP', event.violatedDirective, event.blockedURI))",
  );
  return page;
}

async function openedIn({ page, context, leave }: Tab, url: string, look: Look): Promise<Opened> {
  const { origin } = new URL(url);
  const complaints: string[] = [];
  const requests: string[] = [];
  watch(page, origin, complaints);
  page.on("request", (request) => requests.push(request.url()));
  await setLook(page, look);
  await page.goto(url);
  return {
    page,
    complaints,
    requests,
    async heading() {
      return (await page.locator("h1").first().textContent()) ?? "";
    },
    assertAccessible: (name) => assertAccessible(page, name, look),
    async secondTab() {
      const second = await newPage(context);
      watch(second, origin, complaints);
      return second;
    },
    endSession: () => context.clearCookies(),
    close: leave,
  };
}

function watch(page: Page, origin: string, complaints: string[]): void {
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    // A refused request is logged by the browser itself. The pages handle those.
    if (message.type() === "error" && !/^Failed to load resource/.test(message.text())) complaints.push(message.text());
  });
  page.on("request", (request) => {
    if (!/^(data|blob):/.test(request.url()) && new URL(request.url()).origin !== origin)
      complaints.push(request.url());
  });
}
