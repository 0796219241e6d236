/** The respond page as people see it: in a real browser, with its own headers, and without scripts. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import type { BrowserContextOptions, Page } from "playwright-core";
import { RESPOND_PAGE_HEADERS, type RespondPage, respondPage } from "../../src/pages/respond-page.ts";
import { OPEN, PAGES } from "../fixtures/respond-pages.ts";
import { AXE_LOADER, startBrowser, violations } from "../harness/browser.ts";
import { signalled } from "../harness/deadline.ts";

interface Posted {
  readonly url: string;
  readonly type: string | undefined;
  readonly fields: Readonly<Record<string, string>>;
}

const STATES = Object.entries<RespondPage>(PAGES);
const NARROW = { width: 320, height: 568 };
const WIDE = { width: 1280, height: 800 };
const TOUCH_PX_MIN = 44;

/** Receives the next POST. */
let take: (posted: Posted) => void = () => assert.fail("no test is waiting for a POST");

/** Serves each state under its index. Answers a POST as the server does, with a 303 to the same path. */
const server = createServer((request, response) => {
  const { method, url = "", headers } = request;
  const path = url.split("?")[0] ?? "";
  if (method === "GET") {
    const [, page] = STATES[Number(path.slice("/respond/".length))] ?? [];
    response.writeHead(200, RESPOND_PAGE_HEADERS).end(respondPage(page ?? { kind: "unknown" }));
    return;
  }
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const fields = Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString("utf8")));
    take({ url, type: headers["content-type"], fields });
    response.writeHead(303, { location: path }).end();
  });
});

await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
after(() => {
  server.close();
  server.closeAllConnections();
});
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const browser = await startBrowser({ after });

function pathOf(name: keyof typeof PAGES): string {
  return `/respond/${STATES.findIndex(([state]) => state === name)}`;
}

async function openPage(options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ reducedMotion: "reduce", ...options });
  return context.newPage();
}

// Each test begins with a navigation. A context for each of them would start a process of the browser for each.
const page = await openPage();
const pageWithoutScripts = await openPage({ javaScriptEnabled: false });

/** Runs `act` and returns the form that the page then posts. The redirect is over, so the next test can navigate. */
async function postedBy(page: Page, act: () => Promise<void>): Promise<Posted> {
  const { promise, give } = signalled<Posted>("a POST");
  take = give;
  const [posted] = await Promise.all([promise, page.waitForEvent("load"), act()]);
  return posted;
}

const overflowPx = (page: Page): Promise<number> =>
  page.evaluate<number>("document.documentElement.scrollWidth - document.documentElement.clientWidth");

const focusedText = (page: Page): Promise<string> =>
  page.evaluate<string>("document.activeElement.name + ' ' + document.activeElement.value");

/** CSP reports, errors, and requests that fail, from now on. */
async function complaintsOf(page: Page): Promise<readonly string[]> {
  const complaints: string[] = [];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("requestfailed", (request) => complaints.push(request.url()));
  await page.addInitScript(
    "addEventListener('securitypolicyviolation', (event) => console.error(event.violatedDirective))",
  );
  return complaints;
}

test("no state violates accessibility rules or scrolls sideways, in light and dark mode, on a phone, a desktop, or with text at 200 %", async () => {
  const complaints = await complaintsOf(page);
  await page.addInitScript(AXE_LOADER);
  const backgrounds = new Set<string>();
  for (const [index, [name]] of STATES.entries()) {
    await page.goto(`${origin}/respond/${index}`);
    // The contrast depends on the colors, and the overflow on the width.
    const [first, second] = index % 2 === 0 ? [NARROW, WIDE] : [WIDE, NARROW];
    for (const [colorScheme, viewport] of [
      ["light", first],
      ["dark", second],
    ] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.setViewportSize(viewport);
      const where = `${name}, ${colorScheme}, ${viewport.width} px`;
      assert.deepEqual(await violations(page, { onlyLooks: colorScheme === "dark" }), [], where);
      assert.ok((await overflowPx(page)) <= 0, `${where}: scrolls sideways`);
      backgrounds.add(await page.evaluate<string>("getComputedStyle(document.body).backgroundColor"));
    }
    await page.setViewportSize({ width: 640, height: 800 });
    // A script may set it, while the page's policy blocks an attribute and an element.
    const setSize =
      "document.documentElement.style.fontSize = '200%', getComputedStyle(document.documentElement).fontSize";
    assert.equal(await page.evaluate<string>(setSize), "32px");
    assert.ok((await overflowPx(page)) <= 0, `${name} scrolls sideways with text at 200 %`);
  }
  // The page's own policy blocks none of its content, and its style applies.
  assert.deepEqual(complaints, []);
  for (const background of ["rgb(243, 244, 246)", "rgb(13, 16, 20)"])
    assert.ok(backgrounds.has(background), background);
});

test("a typical question fits on a small phone, and every button is large enough for a thumb", async () => {
  await page.setViewportSize(NARROW);
  for (const name of ["open", "open without a note", "open with a choice picked"] as const) {
    await page.goto(origin + pathOf(name));
    const boxes = await Promise.all((await page.locator("button").all()).map((button) => button.boundingBox()));
    assert.equal(boxes.length, OPEN.options.length);
    for (const box of boxes) {
      assert.ok(
        box !== null && box.y >= 0 && box.y + box.height <= NARROW.height,
        `${name}: a button is outside the viewport`,
      );
      assert.ok(box.height >= TOUCH_PX_MIN && box.width >= NARROW.width - 2 * TOUCH_PX_MIN, `${name}: too small`);
    }
  }
});

test("hostile text is shown as text", async () => {
  await page.goto(origin + pathOf("open with hostile text"));
  const { message } = PAGES["open with hostile text"];
  assert.equal(await page.locator(".message").textContent(), message);
  assert.equal(await page.locator("textarea").inputValue(), message);
  assert.equal(await page.locator("button").first().getAttribute("value"), message);
  assert.equal(await page.locator("script, img").count(), 0);
});

test("the keyboard reaches every button in order, with a visible focus outline, and Enter submits", async () => {
  const page = pageWithoutScripts;
  await page.goto(origin + pathOf("open"));
  const reached: string[] = [];
  for (let stop = 0; stop < 1 + OPEN.options.length; stop += 1) {
    await page.keyboard.press("Tab");
    reached.push(await focusedText(page));
    const outline = await page.evaluate<string>("getComputedStyle(document.activeElement).outlineStyle");
    assert.equal(outline, "solid");
  }
  assert.deepEqual(reached, ["text ", ...OPEN.options.map((option) => `choice ${option}`)]);
  await page.keyboard.press("Shift+Tab");
  const posted = await postedBy(page, () => page.keyboard.press("Enter"));
  assert.deepEqual(posted.fields, { text: "", choice: "Reject" });
});

test("the option in the link has the focus, and Enter submits it", async () => {
  const page = pageWithoutScripts;
  await page.goto(`${origin}${pathOf("open with a choice picked")}?choice=Reject`);
  // Browsers move the focus only after they have rendered the page.
  await page.locator("button:focus").waitFor();
  assert.equal(await focusedText(page), "choice Reject");
  const posted = await postedBy(page, () => page.keyboard.press("Enter"));
  assert.equal(posted.fields.choice, "Reject");
});

test("without scripts the form posts choice and text to its own path, and the response redirects back", async () => {
  const page = pageWithoutScripts;
  await page.goto(`${origin}${pathOf("open")}?choice=Reject`);
  await page.locator("textarea").fill("First, wait.\nThen go: 100 % & more ✅");
  const posted = await postedBy(page, () => page.getByRole("button", { name: "Approve" }).click());
  assert.deepEqual(posted, {
    url: `${pathOf("open")}?`,
    type: "application/x-www-form-urlencoded",
    // Browsers send line breaks as CR LF.
    fields: { text: "First, wait.\r\nThen go: 100 % & more ✅", choice: "Approve" },
  });
  await page.waitForURL(origin + pathOf("open"));
});
