/**
 * The web console in the tests' Chromium: the sizes of its files, how soon it can be used on a slow processor, how soon a
 * list shows its rows, and whether a tab stays usable while 10,000 outcomes a second happen.
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import type { Browser, Page } from "playwright-core";
import { startBrowser } from "../test/harness/browser.ts";
import type { Benchmark, Measure, Settings } from "./kit/benchmark.ts";
import { makeDataDir } from "./kit/children.ts";
import { fillAndStop } from "./kit/history.ts";
import { startReceiver } from "./kit/receiving.ts";
import { median } from "./kit/samples.ts";
import { ADMIN, startSignalbox } from "./kit/signalbox.ts";
import { measureBusyTab } from "./tab/busy-tab.ts";

const ROOT = path.join(import.meta.dirname, "..");
const DIST = path.join(ROOT, "console/dist");
const KB = 1024;
const DELIVERIES = 1_000_000;
const SLOWDOWN = 4;
const OPENINGS = 5;

export const consoleBench: Benchmark = {
  name: "console",
  about: `the console in Chromium: sizes, the first page at ${SLOWDOWN}× slower CPU, 100 of a million rows, a tab under load`,
  once: true,
  async run(settings) {
    execFileSync(process.execPath, [path.join(ROOT, "console/build.js"), "--strict"]);
    const ends: (() => void | Promise<void>)[] = [];
    const browser = await startBrowser({ after: (end) => ends.push(end) });
    try {
      const pages = await measurePages(browser, settings);
      return [...sizes(), ...pages, ...(await measureBusyTab(browser, settings))];
    } finally {
      for (const end of ends) await end();
    }
  },
};

// ── Sizes ───────────────────────────────────────────────────────────────────────────────────────────────────────────

function sizes(): readonly Measure[] {
  const page = readFileSync(path.join(DIST, "index.html"), "utf8");
  const start = closure([...page.matchAll(/\/console\/assets\/([^"]+\.(?:js|css))"/g)].map(([, name = ""]) => name));
  const names = readdirSync(path.join(DIST, "assets"));
  const pages = names.filter((name) => /-page-[\w-]+\.js$/.test(name));
  const charts = closure(names.filter((name) => /^drawing-.*\.js$/.test(name))).filter((name) => !start.includes(name));
  return [
    size("sign-in and shell: script, gzipped", start.filter(isScript), 240),
    size(
      "sign-in and shell: style, gzipped",
      start.filter((name) => !isScript(name)),
      25,
    ),
    size("largest page: script, gzipped", [pages.reduce((a, b) => (bytesOf(a) > bytesOf(b) ? a : b))], 25),
    size("charts: script, gzipped", charts.filter(isScript), 150),
  ];
}

const isScript = (name: string): boolean => name.endsWith(".js");
const read = (name: string): Buffer => readFileSync(path.join(DIST, "assets", name));
const bytesOf = (name: string): number => gzipSync(read(name), { level: 9 }).length;

function size(name: string, files: readonly string[], atMostKb: number): Measure {
  const value = files.reduce((sum, file) => sum + bytesOf(file), 0);
  return { name, unit: "bytes", value, goal: { atMost: atMostKb * KB } };
}

/** The files, and those that they import before they run. */
function closure(names: readonly string[], found: string[] = []): string[] {
  for (const name of names) {
    if (found.includes(name)) continue;
    found.push(name);
    if (!isScript(name)) continue;
    const imports = read(name)
      .toString("utf8")
      .matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g);
    closure(
      [...imports].map(([, file = ""]) => file),
      found,
    );
  }
  return found;
}

// ── Pages ───────────────────────────────────────────────────────────────────────────────────────────────────────────

async function measurePages(browser: Browser, settings: Settings): Promise<readonly Measure[]> {
  await using receiver = await startReceiver();
  using dataDir = makeDataDir();
  const total = Math.round(DELIVERIES * settings.scale);
  settings.note(`creating ${total.toLocaleString("en")} deliveries`);
  await fillAndStop(dataDir.path, receiver, total);
  await using server = await startSignalbox({ dataDir: dataDir.path, profileDir: settings.profileDir });
  const url = `http://127.0.0.1:${server.port}`;
  const context = await browser.newContext({ locale: "en-GB", viewport: { width: 1280, height: 800 } });
  await context.request.post(`${url}/dashboard/auth/login`, { data: ADMIN });
  const page = await context.newPage();
  await page.addInitScript(WATCH);
  settings.note("opening pages");
  const openMs = await openings(page, `${url}/console/endpoints`, "heading");
  const listMs = await openings(page, `${url}/console/deliveries`, "rows");
  await context.close();
  return [
    {
      name: `first page usable at ${SLOWDOWN}× slower CPU, median of ${OPENINGS}`,
      unit: "ms",
      value: openMs,
      goal: { atMost: 1500 },
    },
    {
      name: "list of 100 rows: from its response to the rows, median",
      unit: "ms",
      value: listMs,
      goal: { atMost: 300 },
    },
  ];
}

/** Records, in the page's own time, when the heading and the rows are there. */
const WATCH = `
  globalThis.seen = { heading: null, rows: null };
  const look = () => {
    if (seen.heading === null && document.querySelector("h1")) seen.heading = performance.now();
    if (seen.rows === null && document.querySelectorAll("[data-row]").length >= 20) {
      const answers = performance.getEntriesByType("resource").filter(({ name }) => /v1\\/deliveries/.test(name));
      seen.rows = performance.now() - Math.max(0, ...answers.map(({ responseEnd }) => responseEnd));
    }
    if (seen.rows === null) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
  globalThis.once = (what) => new Promise((done) => {
    const check = () => (seen[what] === null ? requestAnimationFrame(check) : done(seen[what]));
    check();
  });
`;

async function openings(page: Page, url: string, what: "heading" | "rows"): Promise<number> {
  const session = await page.context().newCDPSession(page);
  const isSlow = what === "heading";
  const took: number[] = [];
  for (let count = 0; count < OPENINGS; count += 1) {
    if (isSlow) await session.send("Emulation.setCPUThrottlingRate", { rate: SLOWDOWN });
    await page.goto(url);
    // Not `waitForFunction`, which evaluates text in the page: the page's policy forbids that.
    took.push(await page.evaluate<number>(`once("${what}")`));
  }
  await session.send("Emulation.setCPUThrottlingRate", { rate: 1 });
  return median(took);
}
