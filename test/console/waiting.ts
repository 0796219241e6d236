/**
 * Waiting inside the page, which looks after each change. Playwright looks again after up to 500 ms, so half of a test's
 * time passed between a change and the next look.
 */
import type { TestContext } from "node:test";
import type { Locator, Page } from "playwright-core";
import { within } from "../harness/deadline.ts";

/** Longer than one render, so that a page that is being built is looked at a few times only. */
const SETTLE_MS = 30;
/** For what changes without a change of the document, such as the value of a field. */
const LOOK_AGAIN_MS = 250;

/** For a page's initial scripts. `nextChange` resolves after the next change of the document or of the focus. */
export const WAITING = `{
  const { setTimeout, clearTimeout } = globalThis;
  const watched = { subtree: true, childList: true, characterData: true, attributes: true };
  let due = null;
  const tell = () => {
    observer.disconnect();
    clearTimeout(due.soon);
    clearTimeout(due.later);
    due.give();
    due = null;
  };
  const onChange = () => { if (due !== null) due.soon ??= setTimeout(tell, ${SETTLE_MS}); };
  const observer = new MutationObserver(onChange);
  for (const type of ["focusin", "focusout"]) addEventListener(type, onChange, true);
  globalThis.nextChange = () => {
    if (due === null) {
      due = { later: setTimeout(tell, ${LOOK_AGAIN_MS}) };
      due.promise = new Promise((give) => { due.give = give; });
      observer.observe(document, watched);
    }
    return due.promise;
  };
  globalThis.whenTrue = async (isTrue) => {
    while (!isTrue()) await nextChange();
  };
}`;

/** Waits until the element is visible. */
export function appears(locator: Locator): Promise<void> {
  return becomes(locator, true);
}

/** Waits until the element is gone or hidden. */
export function disappears(locator: Locator): Promise<void> {
  return becomes(locator, false);
}

async function becomes(locator: Locator, isVisible: boolean): Promise<void> {
  const page = locator.page();
  let isOver = false;
  const look = async (): Promise<void> => {
    while (!isOver) {
      // Before the look, so that a change during the look is not missed. A navigation ends the wait, too.
      const change = page.evaluate("globalThis.nextChange?.()").catch(() => undefined);
      if ((await locator.isVisible()) === isVisible) return;
      await change;
    }
  };
  try {
    await orSayWhatIsThere(page, look(), `${locator} ${isVisible ? "to appear" : "to go"}`);
  } finally {
    isOver = true;
  }
}

/** Waits until an expression is true in the page. `what` names it in the error. */
export async function until(page: Page, expression: string, what: string): Promise<void> {
  await orSayWhatIsThere(page, page.evaluate(`whenTrue(() => ${expression})`), what);
}

/** Whether the page has a heading, and nothing of it is loading. */
const SETTLED = `document.querySelector("main h1") !== null && document.querySelector("main [aria-busy=true]") === null`;

/** Waits until nothing of the page is loading. */
export async function settled(page: Page): Promise<void> {
  await until(page, SETTLED, `${page.url()} to have loaded`);
}

/**
 * Goes to another page as a link does, without loading the console again, and waits until nothing of it is loading. Its
 * heading must be another element or text than the one before, so two pages of one kind need another one between them.
 */
export async function go(page: Page, path: string, heading: string | null = null): Promise<void> {
  const to = JSON.stringify(`/console${path}`);
  const shown = page.evaluate(`(() => {
    const expected = ${JSON.stringify(heading)};
    const before = document.querySelector("main h1");
    const text = before?.textContent;
    history.pushState({}, "", ${to});
    const isOther = (now) => now !== before || now.textContent !== text;
    const isThere = (now) => isOther(now) && (expected === null || now.textContent === expected);
    return whenTrue(() => ${SETTLED} && isThere(document.querySelector("main h1")));
  })()`);
  await orSayWhatIsThere(page, shown, `${to} to have loaded${heading === null ? "" : ` as “${heading}”`}`);
}

/** Goes to another query of the same page, or to another page of the same kind. The caller waits for what is there. */
export async function change(page: Page, path: string): Promise<void> {
  await page.evaluate(`history.pushState({}, "", ${JSON.stringify(`/console${path}`)})`);
}

/**
 * Reads of this URL fail until “Try again” is clicked, however often an event of the stream makes the page read again.
 * `show` makes the page read.
 */
export async function tryAgain(page: Page, url: string, show: () => Promise<unknown>): Promise<void> {
  const error = { error: { code: "INTERNAL_ERROR", message: "The server failed to read.", details: [] } };
  await page.evaluate(`{
    globalThis.isTriedAgain = false;
    const look = ({ target }) => { globalThis.isTriedAgain ||= target.closest("button")?.textContent === "Try again"; };
    addEventListener("click", look, true);
  }`);
  await page.route(url, async (route) => {
    if (await page.evaluate<boolean>("isTriedAgain")) await route.fallback();
    else await route.fulfill({ status: 500, json: error });
  });
  await show();
  await page.getByText("The server failed to read.").waitFor();
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByText("The server failed to read.").waitFor({ state: "detached" });
  await page.unroute(url);
}

/**
 * Lets something happen, and then the person act. The page cannot read of it at `url` before it has sent what the person
 * does.
 */
export async function unnoticed(
  page: Page,
  url: string,
  { happen, act }: Readonly<Record<"happen" | "act", () => Promise<unknown>>>,
): Promise<void> {
  let isSent = false;
  const sent = page.waitForRequest((request) => {
    isSent ||= request.method() !== "GET";
    return isSent;
  });
  await page.route(url, (route) => (isSent ? route.fallback() : route.abort()));
  await happen();
  await act();
  await sent;
  await page.unroute(url);
}

async function orSayWhatIsThere(page: Page, wait: Promise<unknown>, what: string): Promise<void> {
  try {
    await within(wait, what);
  } catch (cause) {
    throw new Error(`waited for ${what}; the page says: ${await textOf(page)}`, { cause });
  }
}

/**
 * The steps of a test with one visit. After a step has failed, the page is not where the next one expects it, so those
 * are skipped. The error of the failed one says what the page shows.
 */
export function stepsOf(t: TestContext, page: Page): (name: string, run: () => Promise<void>) => Promise<void> {
  let hasFailed = false;
  return (name, run) =>
    t.test(name, { skip: hasFailed && "a step before it failed" }, async () => {
      try {
        await run();
      } catch (cause) {
        hasFailed = true;
        throw new Error(`the page says: ${await textOf(page)}`, { cause });
      }
    });
}

function textOf(page: Page): Promise<string> {
  return page.evaluate<string>("document.body.innerText.slice(-800)").catch(String);
}
