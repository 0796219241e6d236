/** A real browser for a test file, and the accessibility rules of axe-core. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { AxeResults } from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";
import { unpackChromium } from "./chromium.ts";
import type { Scope } from "./server.ts";

/**
 * The flags that `@sparticuz/chromium` recommends, except those that change web behavior and `--single-process`, which
 * is unstable.
 */
const FLAGS = [
  "--no-sandbox",
  "--no-zygote",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-domain-reliability",
  "--no-pings",
  "--font-render-hinting=none",
];

/** Starts one browser for all tests of a file. Each test creates its own context. */
export async function startBrowser(scope: Scope): Promise<Browser> {
  const { program, env } = await unpackChromium();
  const browser = await chromium.launch({ executablePath: program, args: FLAGS, env: { ...process.env, ...env } });
  scope.after(() => browser.close());
  return browser;
}

const AXE = readFileSync(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");

/**
 * For a page's initial scripts, which the page's policy does not restrict. A document that is not checked does not run
 * the code. Sending the code for each check took as long as the check.
 */
export const AXE_LOADER = `globalThis.loadAxe = () => { ${AXE} };`;

/**
 * Each accessibility violation and where it is. Over a page that was checked without it, only the dialog is checked. The page
 * needs {@link AXE_LOADER}.
 */
export async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate("void (globalThis.axe ?? loadAxe())");
  // `preload` would fetch media and the style sheets of other hosts, which no page has. The results contain every
  // element of the page, so only the violations leave it.
  const found = await page.evaluate<AxeResults["violations"]>(
    "axe.run(document.querySelector('[role=dialog]') ?? document, { resultTypes: ['violations'], preload: false }).then(({ violations }) => violations)",
  );
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 300)} ${failureSummary?.slice(0, 200)}`),
  );
}
