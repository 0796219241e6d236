/** A real browser for a test file. */
import { type Browser, chromium } from "playwright-core";
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
