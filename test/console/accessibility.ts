/** Accessibility and sideways scrolling of the page as it is, with a screenshot if wanted. */
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import type { Page } from "playwright-core";
import { violations } from "../harness/browser.ts";
import { within } from "../harness/deadline.ts";

export const NARROW = { width: 320, height: 640 };
export const WIDE = { width: 1280, height: 800 };
/** Screenshots go here, if it is set. */
const SHOTS = process.env.CONSOLE_SHOTS;

/** Everything next to the content: the navigation, the search, and the account. */
const FRAME = ":has(> #content) > :not(#content)";

export interface Look {
  readonly viewport: { readonly width: number; readonly height: number };
  readonly colorScheme: "light" | "dark";
}

const ALL_LOOKS = [WIDE, NARROW].flatMap((viewport) =>
  (["light", "dark"] as const).map((colorScheme) => ({ viewport, colorScheme })),
);

/** Resolves after a frame in which the page has the color scheme, and nothing fades from the one before. */
const whenDrawn = (colorScheme: string): string => `new Promise((done) => {
  const look = () => {
    const applied = document.documentElement.dataset.mantineColorScheme === "${colorScheme}";
    if (applied && !document.getAnimations().some((one) => one instanceof CSSTransition)) requestAnimationFrame(() => done());
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})`;

let checks = 0;

/**
 * Checks the page in the colors that it has, because a change of them takes as long as a check, and in turns at 320 and
 * 1280 px. With screenshots, in all four combinations.
 */
export async function assertAccessible(page: Page, name: string, own: Look): Promise<void> {
  checks += 1;
  const looks = SHOTS === undefined ? [{ ...own, viewport: checks % 2 === 0 ? WIDE : NARROW }] : ALL_LOOKS;
  for (const look of looks) {
    const { viewport, colorScheme } = look;
    await changeLook(page, look);
    const where = `${name}, ${viewport.width} px, ${colorScheme}`;
    await screenshot(page, `${name}-${viewport.width}-${colorScheme}`);
    assert.deepEqual(await violations(page, { frame: FRAME }), [], where);
    const overflowPx = await page.evaluate<number>(
      "document.documentElement.scrollWidth - document.documentElement.clientWidth",
    );
    assert.ok(overflowPx <= 0, `${where}: scrolls sideways by ${overflowPx} px`);
  }
  await changeLook(page, own);
}

export async function setLook(page: Page, { viewport, colorScheme }: Look): Promise<void> {
  await setSize(page, viewport);
  await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
}

/**
 * A list changes between a table and cards with the width, and a row that has the focus would lose it. So this waits until
 * the page is drawn.
 */
async function changeLook(page: Page, look: Look): Promise<void> {
  if (SHOTS !== undefined) await setLook(page, look);
  else await setSize(page, look.viewport);
  await within(
    page.evaluate(whenDrawn(look.colorScheme)),
    `the page at ${look.viewport.width} px, ${look.colorScheme}`,
  );
}

async function setSize(page: Page, size: Look["viewport"]): Promise<void> {
  const { width, height } = page.viewportSize() ?? {};
  if (width !== size.width || height !== size.height) await page.setViewportSize(size);
}

async function screenshot(page: Page, name: string): Promise<void> {
  if (SHOTS === undefined) return;
  await mkdir(SHOTS, { recursive: true });
  await page.screenshot({ path: path.join(SHOTS, `${name}.png`), fullPage: true });
}
