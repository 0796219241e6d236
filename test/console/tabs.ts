/**
 * Tabs that one visit after another uses. A new context starts a process without cached files and compiled code, which
 * takes more than twice the CPU time to show a page.
 */
import type { BrowserContext, Page } from "playwright-core";

export interface Tab {
  readonly page: Page;
  /** For cookies, and for more pages, which close when the visit ends. */
  readonly context: BrowserContext;
  /** Ends the visit. */
  leave(): Promise<void>;
}

export interface Tabs {
  /** A tab without cookies and stored data. */
  take(): Promise<Tab>;
}

/** What a test does with these lasts as long as the tab or its context, so no other visit gets the tab. */
const LASTING = new Set<string | symbol>(["addInitScript", "clock", "context", "exposeBinding", "exposeFunction"]);
const LISTENED = ["console", "dialog", "download", "filechooser", "pageerror", "popup", "request", "response"];

export function newTabs(create: () => Promise<Page>): Tabs {
  const idle: Page[] = [];
  return {
    async take() {
      const own = idle.pop() ?? (await create());
      let isChanged = false;
      const page = new Proxy(own, {
        get(target, name) {
          isChanged ||= LASTING.has(name);
          return Reflect.get(target, name, target);
        },
      });
      const leave = async (): Promise<void> => {
        if (!isChanged && (await isReset(own))) idle.push(own);
        else await own.context().close();
      };
      return { page, context: own.context(), leave };
    },
  };
}

/** Removes what the visit has left. Returns false if that is not possible. */
async function isReset(page: Page): Promise<boolean> {
  const context = page.context();
  for (const name of LISTENED) page.removeAllListeners(name);
  try {
    for (const other of context.pages()) if (other !== page) await other.close();
    await page.unrouteAll({ behavior: "ignoreErrors" });
    await page.evaluate("localStorage.clear(), sessionStorage.clear()");
    await page.goto("about:blank");
    await page.mouse.move(0, 0);
    await context.clearCookies();
    return true;
  } catch {
    return false; // closed, crashed, or without an origin
  }
}
