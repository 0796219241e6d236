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
  // A test leaves a page before optimized code has paid for its compilation.
  "--js-flags=--no-opt,--no-maglev",
];

let shared: Promise<Browser> | null = null;

/** From now on, the test files of this process share a browser. */
export function shareBrowser(scope: Scope): void {
  shared = launch(scope);
}

/** The browser of this process, or of this file if it runs alone. Each test creates its own context. */
export async function startBrowser(scope: Scope): Promise<Browser> {
  return await (shared ?? launch(scope));
}

async function launch(scope: Scope): Promise<Browser> {
  const { program, env } = await unpackChromium();
  const browser = await chromium.launch({ executablePath: program, args: FLAGS, env: { ...process.env, ...env } });
  scope.after(() => browser.close());
  return browser;
}

/** Only ASCII: one other character makes the whole code two bytes a character, which takes 13 ms more CPU for each document. */
const AXE = readFileSync(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8").replace(
  /[\u0080-\uffff]/g,
  (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`,
);

/**
 * For a page's initial scripts, which the page's policy does not restrict. A document that is not checked does not run
 * the code. Sending the code for each check took as long as the check.
 */
export const AXE_LOADER = `globalThis.loadAxe = () => { ${AXE} };`;

/** The rules that depend on colors and sizes. The results of the others are the same for a document that only looks different. */
const OF_LOOKS = ["color-contrast", "link-in-text-block", "scrollable-region-focusable"];

interface CheckOptions {
  readonly frame?: string;
  /** For a document that was checked with other colors and at another size. */
  readonly onlyLooks?: boolean;
}

/**
 * Each accessibility violation and where it is. Over a page that was checked without it, only the dialog is checked.
 * `frame` is a selector of what every page shows: the first check of it is enough for a document, because half of a check's
 * time goes there. The page needs {@link AXE_LOADER}.
 */
export async function violations(
  page: Page,
  { frame = ":not(*)", onlyLooks = false }: CheckOptions = {},
): Promise<readonly string[]> {
  // `preload` would fetch media and the style sheets of other hosts, which no page has. The results contain every
  // element of the page, so only the violations leave it.
  const found = await page.evaluate<AxeResults["violations"]>(`(async () => {
    if (globalThis.axe === undefined) loadAxe();
    const dialog = document.querySelector("[role=dialog]");
    const frame = [...document.querySelectorAll(${JSON.stringify(frame)})];
    const isChecked = frame.length > 0 && frame.includes(globalThis.checkedFrame);
    if (dialog === null) globalThis.checkedFrame = frame[0];
    const page = isChecked ? { include: document, exclude: frame } : document;
    const options = { resultTypes: ["violations"], preload: false${onlyLooks ? `, runOnly: ${JSON.stringify(OF_LOOKS)}` : ""} };
    return (await axe.run(dialog ?? page, options)).violations;
  })()`);
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 300)} ${failureSummary?.slice(0, 200)}`),
  );
}
