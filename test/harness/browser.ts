/** A real browser for the test files of one process. */
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

let started: Promise<Browser> | null = null;
let users = 0;

/** One browser for all test files of this process. It closes when the last of them ends. Each test creates its own context. */
export async function startBrowser(scope: Scope): Promise<Browser> {
  started ??= launch();
  users += 1;
  const browser = await started;
  scope.after(async () => {
    users -= 1;
    if (users > 0) return;
    started = null;
    await browser.close();
  });
  return browser;
}

async function launch(): Promise<Browser> {
  const { program, env } = await unpackChromium();
  return chromium.launch({ executablePath: program, args: FLAGS, env: { ...process.env, ...env } });
}
