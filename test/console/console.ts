/**
 * A server and a browser for the tests of the console's pages. One of each for a file; each test opens pages as a person
 * with a role.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import axe, { type AxeResults } from "axe-core";
import type { Browser, BrowserContext, Page } from "playwright-core";
import type { Role } from "../../src/domain/access/access.ts";
import { startBrowser } from "../harness/browser.ts";
import { within } from "../harness/deadline.ts";
import { signedIn } from "../harness/jar.ts";
import { PASSWORD, type PeopleStage, type Person, stagePeople } from "../harness/people.ts";
import type { Scope, Tenant } from "../harness/server.ts";

export const NARROW = { width: 320, height: 640 };
export const WIDE = { width: 1280, height: 800 };
/** Screenshots go here, if it is set. */
const SHOTS = process.env.CONSOLE_SHOTS;
/** With screenshots, pages are checked in all four combinations. Otherwise the two looks alternate, to save time. */
const LOOKS =
  SHOTS === undefined
    ? ([
        { viewport: WIDE, colorScheme: "light" },
        { viewport: NARROW, colorScheme: "dark" },
      ] as const)
    : [WIDE, NARROW].flatMap((viewport) =>
        (["light", "dark"] as const).map((colorScheme) => ({ viewport, colorScheme })),
      );
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

/** Starts the server and the browser, and builds the console if its sources have changed. */
export async function startConsole(scope: Scope): Promise<Console> {
  await promisify(execFile)(process.execPath, [BUILD, "--strict"]);
  const [stage, browser] = await Promise.all([stagePeople(scope), startBrowser(scope)]);
  const { url } = stage.server;
  return {
    stage,
    browser,
    url,
    async visit(role, to, { tenant, viewport = WIDE, dark = false } = {}) {
      const person = await stage.person(role, tenant);
      const jar = await signedIn(url, person.email, PASSWORD);
      const context = await newContext(browser, { viewport, dark });
      const [name = "", value = ""] = (jar.cookie ?? "").split("=");
      await context.addCookies([{ name, value, url }]);
      return { person, ...(await openPage(context, url + to)) };
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
  const page = await context.newPage();
  const complaints: string[] = [];
  await watch(page, new URL(url).origin, complaints);
  await page.goto(url);
  return {
    page,
    context,
    complaints,
    async heading() {
      return (await page.locator("h1").first().textContent()) ?? "";
    },
    assertAccessible: (name) => assertAccessible(page, name),
    close: () => context.close(),
  };
}

async function watch(page: Page, origin: string, complaints: string[]): Promise<void> {
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    // A refused request is logged by the browser itself. The pages handle those.
    if (message.type() === "error" && !/^Failed to load resource/.test(message.text())) complaints.push(message.text());
  });
  page.on("request", (request) => {
    if (!/^(data|blob):/.test(request.url()) && new URL(request.url()).origin !== origin)
      complaints.push(request.url());
  });
  await page.addInitScript(
    "addEventListener('securitypolicyviolation', (event) => console.error('CSP', event.violatedDirective, event.blockedURI))",
  );
}

/** Resolves after a frame in which the page has the color scheme, and nothing fades from the one before. */
const whenDrawn = (colorScheme: string): string => `new Promise((done) => {
  const look = () => {
    const applied = document.documentElement.dataset.mantineColorScheme === "${colorScheme}";
    if (applied && !document.getAnimations().some((one) => one instanceof CSSTransition)) requestAnimationFrame(done);
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})`;

let checks = 0;

async function assertAccessible(page: Page, name: string): Promise<void> {
  checks += 1;
  const looks = SHOTS === undefined ? LOOKS.slice(checks % LOOKS.length).slice(0, 1) : LOOKS;
  for (const { viewport, colorScheme } of looks) {
    await page.setViewportSize(viewport);
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const where = `${name}, ${viewport.width} px, ${colorScheme}`;
    await within(page.evaluate(whenDrawn(colorScheme)), `the page in its ${colorScheme} colors`);
    await screenshot(page, `${name}-${viewport.width}-${colorScheme}`);
    assert.deepEqual(await violations(page), [], where);
    const overflowPx = await page.evaluate<number>(
      "document.documentElement.scrollWidth - document.documentElement.clientWidth",
    );
    assert.ok(overflowPx <= 0, `${where}: scrolls sideways by ${overflowPx} px`);
  }
  await page.setViewportSize(WIDE);
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
}

/** Each accessibility violation and where it is. */
async function violations(page: Page): Promise<readonly string[]> {
  // As an expression, which the page's policy does not restrict.
  await page.evaluate(`globalThis.axe ?? (() => { ${axe.source} })()`);
  const results = await page.evaluate<AxeResults>("axe.run({ resultTypes: ['violations'] })");
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 300)} ${failureSummary?.slice(0, 200)}`),
  );
}

export async function screenshot(page: Page, name: string): Promise<void> {
  if (SHOTS === undefined) return;
  await mkdir(SHOTS, { recursive: true });
  await page.screenshot({ path: path.join(SHOTS, `${name}.png`), fullPage: true });
}
