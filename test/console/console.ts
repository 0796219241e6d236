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
import { signedIn } from "../harness/jar.ts";
import { PASSWORD, type PeopleStage, type Person, stagePeople } from "../harness/people.ts";
import type { Scope, Tenant } from "../harness/server.ts";
import { assertAccessible, setLook, WIDE } from "./accessibility.ts";
import { newTabs, type Tabs } from "./tabs.ts";

export { NARROW } from "./accessibility.ts";

const BUILD = path.resolve(import.meta.dirname, "../../console/build.js");

export interface Console {
  readonly stage: PeopleStage;
  readonly browser: Browser;
  readonly url: string;
  /** Opens a page as somebody with this role. Without `tenant`, the person gets a new one. */
  visit(role: Role, path: string, options?: VisitOptions): Promise<Visit>;
}

export interface VisitOptions {
  readonly tenant?: Pick<Tenant, "id" | "apiKey">;
  readonly viewport?: { readonly width: number; readonly height: number };
  readonly dark?: boolean;
}

export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly person: Person;
  /** CSP reports, errors of scripts, and requests to other hosts, until now. */
  readonly complaints: readonly string[];
  /** The heading of the page, once it is there. */
  heading(): Promise<string>;
  /**
   * Fails for a violation of accessibility rules and for sideways scrolling, in light and dark, at 320 and 1280 px. Saves
   * a screenshot of each under this name if `CONSOLE_SHOTS` names a folder.
   */
  assertAccessible(name: string): Promise<void>;
  close(): Promise<void>;
}

interface Parts extends Pick<Console, "stage" | "browser"> {
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
  return { stage, browser, tabs: newTabs(async () => newPage(await newContext(browser))) };
}

/** The server and the browser of this process, or of this file if it runs alone. */
export async function startConsole(scope: Scope): Promise<Console> {
  const { stage, browser, tabs } = await (shared ?? startParts(scope));
  const { url } = stage.server;
  return {
    stage,
    browser,
    url,
    async visit(role, to, { tenant, viewport = WIDE, dark = false } = {}) {
      const person = await stage.person(role, tenant);
      const jar = await signedIn(url, person.email, PASSWORD);
      const tab = await tabs.take();
      const [name = "", value = ""] = (jar.cookie ?? "").split("=");
      await tab.context.addCookies([{ name, value, url }]);
      await setLook(tab.page, { viewport, colorScheme: dark ? "dark" : "light" });
      const opened = await open(tab.page, url + to);
      return {
        ...opened,
        person,
        get context() {
          tab.keep();
          return tab.context;
        },
        close: () => tab.leave(),
      };
    },
  };
}

/** A context without a session. */
export function newContext(
  browser: Browser,
  { viewport = WIDE, dark = false }: Pick<VisitOptions, "viewport" | "dark"> = {},
): Promise<BrowserContext> {
  return browser.newContext({
    locale: "en-GB",
    timezoneId: "Europe/Berlin",
    colorScheme: dark ? "dark" : "light",
    reducedMotion: "reduce",
    viewport,
    // For axe. The reports below show that the pages obey the policy; they are sent all the same.
    permissions: ["clipboard-read", "clipboard-write"],
  });
}

export async function openPage(context: BrowserContext, url: string): Promise<Omit<Visit, "person">> {
  return { ...(await open(await newPage(context), url)), context, close: () => context.close() };
}

async function newPage(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await page.addInitScript(AXE_LOADER);
  await page.addInitScript(
    "addEventListener('securitypolicyviolation', (event) => console.error('CSP', event.violatedDirective, event.blockedURI))",
  );
  return page;
}

async function open(page: Page, url: string): Promise<Omit<Visit, "person" | "context" | "close">> {
  const complaints: string[] = [];
  watch(page, new URL(url).origin, complaints);
  await page.goto(url);
  return {
    page,
    complaints,
    async heading() {
      return (await page.locator("h1").first().textContent()) ?? "";
    },
    assertAccessible: (name) => assertAccessible(page, name),
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
