/** A real browser for a test file. */
import { type Browser, chromium } from "playwright-core";
import { unpackChromium } from "./chromium.ts";
import type { Scope } from "./server.ts";

/** Of the flags that `@sparticuz/chromium` advises, those that change no rule of the web; `--single-process` is too frail. */
const FLAGS = [
  "--no-sandbox",
  "--no-zygote",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-domain-reliability",
  "--no-pings",
  "--font-render-hinting=none",
];

/** One for all tests of a file: each takes a context of its own from it. */
export async function startBrowser(scope: Scope): Promise<Browser> {
  const { program, env } = await unpackChromium();
  const browser = await chromium.launch({ executablePath: program, args: FLAGS, env: { ...process.env, ...env } });
  scope.after(() => browser.close());
  return browser;
}
