/**
 * A tab of the console while 10,000 outcomes a second happen.
 *
 * Publishing, sending, receiving and a browser together take more than two cores, and only the tab is measured. So the
 * deliveries are held for paused endpoints beforehand, and released when the tab is open. The server answers its attempts
 * itself, logs no attempts, and has its files in memory. Everything else is as always: each outcome is stored and told to the
 * tab. Events that are published meanwhile bring new rows into the list.
 */
import type { Browser, Page } from "playwright-core";
import type { Measure, Settings } from "../kit/benchmark.ts";
import { makeDataDir } from "../kit/children.ts";
import { sleep } from "../kit/clock.ts";
import { runLoad, untilAllIsSent } from "../kit/load.ts";
import { inBatches } from "../kit/requests.ts";
import { ADMIN, createEndpoint, type Signalbox, startSignalbox } from "../kit/signalbox.ts";

const OUTCOMES_PER_SECOND = 10_000;
/** How many more are held than the goal needs, because the server may be faster. */
const SPARE = 1.4;
/** By default, each has at most 32 attempts in flight. An event goes to all of them. */
const ENDPOINTS = 20;
const URL_OF_NOBODY = "https://receiver.example.com/";
const CONNECTIONS = 4;
const EVENTS_EACH = 100;
const NEW_EVENTS_EACH = 50;
const NEW_EVENTS_MS = 250;
const WARM_UP_SECONDS = 5;
/** The charts are read again every ten seconds. */
const CHARTS_SECONDS_MIN = 12;
/** For opening pages between the measurements, and for reading the traces. */
const BETWEEN_SECONDS = 8;
const LONGEST_TASK_MS_MAX = 200;
const CURRENT_MS_MAX = 1_000;
/** When to stop waiting. */
const CHANGED_MS_MAX = 10_000;
/** What a tab has asked for before it was hidden is still drawn. */
const ANSWERED_MS = 1_000;

/** For a page's initial scripts: counts what the stream tells, and how soon a list changes. */
const WATCH = `
  globalThis.told = 0;
  // The tab that reads the stream passes every event on to the others.
  const { postMessage } = BroadcastChannel.prototype;
  BroadcastChannel.prototype.postMessage = function (message) {
    if (message.kind === "event") told += message.event.type === "skipped" ? message.event.data.count : 1;
    postMessage.call(this, message);
  };
  globalThis.setHidden = (hidden) => {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  };
  globalThis.firstRow = () => document.querySelector("[data-row]").dataset.row;
  globalThis.msUntilChanged = (row, since = performance.now()) => new Promise((done) => {
    const look = () => {
      const ms = performance.now() - since;
      if (firstRow() !== row || ms > ${CHANGED_MS_MAX}) done(ms);
      else requestAnimationFrame(look);
    };
    look();
  });
`;

export async function measureBusyTab(browser: Browser, settings: Settings): Promise<readonly Measure[]> {
  using dataDir = makeDataDir("memory");
  await using server = await startSignalbox({ dataDir: dataDir.path, profileDir: settings.profileDir, answers: true });
  const tab: Tab = { browser, server, page: await openTab(browser, server) };
  const chartsSeconds = Math.max(settings.seconds, CHARTS_SECONDS_MIN);
  const seconds = WARM_UP_SECONDS + 2 * settings.seconds + chartsSeconds + BETWEEN_SECONDS;
  settings.note("holding deliveries");
  const ids = await hold(server, seconds * OUTCOMES_PER_SECOND * SPARE);
  await follow(tab.page);
  settings.note("releasing them, and watching a tab");
  const watched = new AbortController();
  const published = publishNew(server, watched.signal);
  for (const id of ids) await server.call("PATCH", `/v1/endpoints/${id}`, { status: "ACTIVE" });
  await sleep(WARM_UP_SECONDS * 1000);
  const list = await watch(tab, "a followed list", () => sleep(settings.seconds * 1000));
  const charts = await watch(tab, "opening the overview", async () => {
    await tab.page.getByRole("link", { name: "Overview" }).click();
    await sleep(chartsSeconds * 1000);
  });
  await follow(tab.page);
  let currentMs = Number.NaN;
  const hidden = await watch(tab, "hidden, then shown", async () => {
    currentMs = await hideAndShow(tab.page, settings.seconds);
  });
  watched.abort();
  await published;
  if (settings.profileDir !== null) await server.stop();
  const current = { name: "hidden, then shown: current after", unit: "ms", value: currentMs } as const;
  return [...list, ...charts, ...hidden, { ...current, goal: { atMost: CURRENT_MS_MAX } }];
}

interface Tab {
  readonly browser: Browser;
  readonly server: Signalbox;
  readonly page: Page;
}

async function openTab(browser: Browser, { port }: Signalbox): Promise<Page> {
  const url = `http://127.0.0.1:${port}`;
  const context = await browser.newContext({ locale: "en-GB", viewport: { width: 1280, height: 800 }, baseURL: url });
  await context.request.post("/dashboard/auth/login", { data: ADMIN });
  const page = await context.newPage();
  await page.addInitScript(WATCH);
  await page.goto("/console/");
  return page;
}

/** Returns the ids of the paused endpoints. */
async function hold(server: Signalbox, deliveries: number): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let index = 0; index < ENDPOINTS; index += 1) {
    const body = { name: `held ${index}`, url: URL_OF_NOBODY, event_types: ["held"] };
    const id = await createEndpoint(server, body);
    await server.call("PATCH", `/v1/endpoints/${id}`, { status: "PAUSED" });
    ids.push(id);
  }
  const events = Math.ceil(deliveries / ENDPOINTS);
  const next = inBatches(server, { eventsEach: EVENTS_EACH, events, typeOf: () => "held" });
  const { port } = server;
  const { refused } = await runLoad({
    port,
    connections: CONNECTIONS,
    next,
    ratePerSecond: null,
    window: untilAllIsSent(),
  });
  if (refused > 0) throw new Error(`${refused} batches were refused`);
  return ids;
}

/** New rows for the list, until the signal. */
async function publishNew(server: Signalbox, until: AbortSignal): Promise<void> {
  await createEndpoint(server, { name: "new", url: URL_OF_NOBODY, event_types: ["new"] });
  const events = Array.from({ length: NEW_EVENTS_EACH }, () => ({ type: "new", payload: {} }));
  while (!until.aborted) {
    await server.call("POST", "/v1/events/batch", { events });
    await sleep(NEW_EVENTS_MS);
  }
}

/** Opens the list by its link, and follows it. */
async function follow(page: Page): Promise<void> {
  await page.getByRole("link", { name: "Deliveries" }).click();
  await page.locator("[data-row]").first().waitFor();
  await page.keyboard.press("l");
  await page.getByRole("button", { name: "Following" }).waitFor();
}

/**
 * The browser of the tests has no window that could cover a tab, so the page is told that it is hidden.
 *
 * @returns how long the list takes to show what has happened meanwhile
 */
async function hideAndShow(page: Page, seconds: number): Promise<number> {
  await page.evaluate("setHidden(true)");
  await sleep(ANSWERED_MS);
  const row = await page.evaluate("firstRow()");
  await sleep(seconds * 1000);
  if (row !== (await page.evaluate("firstRow()"))) throw new Error("a hidden tab went on reading");
  return await page.evaluate<number>(`setHidden(false); msUntilChanged("${row}")`);
}

/** What happens during an act. */
async function watch(
  { browser, server, page }: Tab,
  name: string,
  act: () => Promise<unknown>,
): Promise<readonly Measure[]> {
  await browser.startTracing(page, { categories: ["toplevel"] });
  const before = { attempts: await server.attempts(), told: await page.evaluate<number>("told") };
  const startMs = performance.now();
  await act();
  const seconds = (performance.now() - startMs) / 1000;
  const outcomes = (await server.attempts()) - before.attempts;
  const told = (await page.evaluate<number>("told")) - before.told;
  const tasks = tasksIn(await browser.stopTracing());
  return [
    {
      name: `${name}: outcomes`,
      unit: "/s",
      value: outcomes / seconds,
      goal: { atLeast: OUTCOMES_PER_SECOND },
    },
    { name: `${name}: changes that the tab was told of, one by one or as a number`, unit: "/s", value: told / seconds },
    {
      name: `${name}: longest task`,
      unit: "ms",
      value: Math.max(...tasks.map(({ wallMs }) => wallMs)),
      goal: { atMost: LONGEST_TASK_MS_MAX },
    },
    {
      name: `${name}: longest task, processor time alone`,
      unit: "ms",
      value: Math.max(...tasks.map(({ cpuMs }) => cpuMs)),
    },
  ];
}

/** Of the format of Chromium's traces. Times are in microseconds. */
interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Absent for a task that had begun before. */
  readonly dur?: number;
  /** The processor time of `dur`: without the time in which other processes ran. */
  readonly tdur?: number;
  readonly args: { readonly name?: string };
}

/** The tasks of the tab's main thread, in milliseconds: of wall time, and of processor time. */
function tasksIn(trace: Buffer): readonly Task[] {
  const { traceEvents } = JSON.parse(trace.toString("utf8")) as { readonly traceEvents: readonly TraceEvent[] };
  const threadOf = ({ pid, tid }: TraceEvent): string => `${pid} ${tid}`;
  const names = traceEvents.filter(({ name }) => name === "thread_name");
  const main = new Set(names.filter(({ args }) => args.name === "CrRendererMain").map(threadOf));
  return traceEvents
    .filter((event) => event.name === "ThreadControllerImpl::RunTask" && main.has(threadOf(event)))
    .map(({ dur = 0, tdur = 0 }) => ({ wallMs: dur / 1000, cpuMs: tdur / 1000 }));
}

interface Task {
  readonly wallMs: number;
  readonly cpuMs: number;
}
