/** Pauses: created and decided under load. Then many deadlines pass at once, with the server up and down. */
import { ask, decide, overConnections, type Question } from "../kit/asking.ts";
import type { Benchmark, Measure, Settings } from "../kit/benchmark.ts";
import { makeDataDir } from "../kit/children.ts";
import { nowUs, sleep } from "../kit/clock.ts";
import type { Connection } from "../kit/connection.ts";
import { untilAllIsSent, type Window, windowOf } from "../kit/load.ts";
import { type Receiver, startReceiver } from "../kit/receiving.ts";
import { Samples } from "../kit/samples.ts";
import { type Signalbox, startSignalbox } from "../kit/signalbox.ts";

const CONNECTIONS = 64;
const PENDING = 100_000;
const DUE = 1000;
const DAY_SECONDS = 86_400;
/** The time from creating the first of the pauses that expire together until they expire: enough to create them all. */
const LEAD_SECONDS = 5;
/** How long after the last deadline the killed server is restarted. */
const DOWN_AFTER_MS = 500;
const LATE_MS_MAX = 1000;
const RESTART_SECONDS_MAX = 30;
/** If nothing arrives for this long, the rest counts as missing. */
const STALLED_MS = 5000;
/** How long the receiver waits for repeated webhooks after every pause has had its first. */
const REPEATS_MS = 1000;

export const pauses: Benchmark = {
  name: "pauses",
  about:
    "pauses created and decided over 64 connections, with one webhook; then 1,000 of 100,000 expire in the same second",
  async run(settings) {
    await using receiver = await startReceiver();
    const decisions = await measureDecisions(receiver, settings);
    const deadlines = await measureDeadlines(receiver, settings);
    const sum = (count: "missing" | "repeats") => decisions[count] + deadlines[count];
    return [
      ...decisions.measures,
      ...deadlines.measures,
      { name: "refused", unit: "", value: decisions.refused },
      { name: "repeated", unit: "", value: sum("repeats"), goal: { atMost: 0 } },
      { name: "missing", unit: "", value: sum("missing"), goal: { atMost: 0 } },
    ];
  },
};

async function createWebhook(server: Signalbox, receiver: Receiver): Promise<void> {
  const events = ["pause.responded", "pause.timed_out", "pause.cancelled"];
  await server.call("POST", "/v1/webhooks", { url: receiver.url("accept"), events, secret: "0123456789abcdef" });
}

// ── Created and decided ─────────────────────────────────────────────────────────────────────────────────────────────

async function measureDecisions(receiver: Receiver, { seconds, profileDir, note }: Settings) {
  await using server = await startSignalbox({ profileDir });
  await createWebhook(server, receiver);
  note("creating and deciding pauses");
  const window = windowOf(seconds);
  await receiver.begin(window, true);
  const load = new DecisionLoad(server, window);
  await overConnections(server, CONNECTIONS, (connection) => load.askAndDecide(connection));
  await receiver.arrived(load.decided, STALLED_MS);
  await sleep(REPEATS_MS);
  const { distinct, distinctInWindow, repeats } = await receiver.report();
  const receiptUs = load.untilReceipt(await receiver.receipts());
  const peakMb = server.peakMb();
  await server.stop();
  const measures: Measure[] = [
    { name: "decided", unit: "/s", value: load.decidedInWindow / seconds },
    { name: "webhooks received", unit: "/s", value: distinctInWindow / seconds },
    ...percentiles("the question's 201", load.questionUs),
    ...percentiles("the decision's 200", load.decisionUs),
    ...percentiles("decision to receipt", receiptUs),
    { name: "peak memory", unit: "MB", value: peakMb },
  ];
  return { measures, refused: load.refused, repeats, missing: load.decided - distinct };
}

/** The state that the connections share. Each connection creates a pause, decides it, and starts again. */
class DecisionLoad {
  readonly questionUs = new Samples();
  readonly decisionUs = new Samples();
  decided = 0;
  decidedInWindow = 0;
  refused = 0;
  readonly #server: Signalbox;
  readonly #window: Window;
  /** When each decision within the window was sent, by the sequence number of its question. */
  readonly #decidedUs = new Map<number, number>();

  constructor(server: Signalbox, window: Window) {
    this.#server = server;
    this.#window = window;
  }

  async askAndDecide(connection: Connection): Promise<"again" | "last"> {
    const { fromUs, toUs } = this.#window;
    const askedUs = nowUs();
    if (askedUs >= toUs) return "last";
    const question = await ask(connection, this.#server, DAY_SECONDS);
    const decidedUs = nowUs();
    if (question === null || !(await decide(connection, this.#server, question))) {
      this.refused += 1;
      return "again";
    }
    const endUs = nowUs();
    this.decided += 1;
    if (endUs >= fromUs && endUs < toUs) this.decidedInWindow += 1;
    if (askedUs < fromUs) return "again";
    this.questionUs.add(decidedUs - askedUs);
    this.decisionUs.add(endUs - decidedUs);
    this.#decidedUs.set(question.seq, decidedUs);
    return "again";
  }

  untilReceipt(receipts: ReadonlyMap<number, number>): Samples {
    const samples = new Samples();
    for (const [seq, decidedUs] of this.#decidedUs) {
      const receivedUs = receipts.get(seq);
      if (receivedUs !== undefined) samples.add(receivedUs - decidedUs);
    }
    return samples;
  }
}

function percentiles(name: string, us: Samples): Measure[] {
  return [
    { name: `${name}: p50`, unit: "ms", value: us.percentile(0.5) / 1000 },
    { name: `${name}: p99`, unit: "ms", value: us.percentile(0.99) / 1000 },
  ];
}

// ── Deadlines ───────────────────────────────────────────────────────────────────────────────────────────────────────

async function measureDeadlines(receiver: Receiver, { scale, note }: Settings) {
  const pending = Math.round(PENDING * scale);
  const due = Math.max(1, Math.round(DUE * scale));
  using dataDir = makeDataDir();
  const start = () => startSignalbox({ dataDir: dataDir.path, profileDir: null });
  let expired: Told;
  let expiredTogether: number;
  let missed: readonly Question[];
  {
    await using server = await start();
    await createWebhook(server, receiver);
    note(`creating ${pending.toLocaleString("en")} pauses that stay pending`);
    await askMany(server, pending, () => DAY_SECONDS);
    note(`waiting until ${due.toLocaleString("en")} more expire`);
    await receiver.begin(untilAllIsSent(), true);
    const questions = await askTogether(server, due);
    expired = await toldOf(receiver, questions, STALLED_MS);
    expiredTogether = together(questions);
    await receiver.begin(untilAllIsSent(), true);
    missed = await askTogether(server, due);
  } // The server is killed here, with SIGKILL.
  note("waiting until as many more expire while the server is down");
  await untilExpired(missed);
  await sleep(DOWN_AFTER_MS);
  const restartUs = nowUs();
  await using _server = await start();
  const caughtUp = await toldOf(receiver, missed, RESTART_SECONDS_MAX * 1000);
  const measures: Measure[] = [
    { name: "pending pauses", unit: "", value: pending },
    { name: "expired in the same second", unit: "", value: expiredTogether },
    { name: "expiry to receipt: p99", unit: "ms", value: expired.lateMs.percentile(0.99) },
    {
      name: "expiry to receipt: longest",
      unit: "ms",
      value: expired.lateMs.percentile(1),
      goal: { atMost: LATE_MS_MAX },
    },
    { name: "expired while stopped", unit: "", value: missed.length },
    {
      name: "start to the receipt of the last of them",
      unit: "s",
      value: (caughtUp.lastUs - restartUs) / 1e6,
      goal: { atMost: RESTART_SECONDS_MAX },
    },
  ];
  return {
    measures,
    repeats: expired.repeats + caughtUp.repeats,
    missing: expired.missing + caughtUp.missing,
  };
}

/** Resolves when all questions have been asked. */
async function askMany(server: Signalbox, count: number, expiresInSeconds: () => number): Promise<readonly Question[]> {
  const questions: Question[] = [];
  let left = count;
  await overConnections(server, CONNECTIONS, async (connection) => {
    if (left === 0) return "last";
    left -= 1;
    const question = await ask(connection, server, expiresInSeconds());
    if (question === null) throw new Error("a question was refused");
    questions.push(question);
    return "again";
  });
  return questions;
}

/** Asks questions that all expire in the same second. The server runs on the same machine, so its clock agrees. */
function askTogether(server: Signalbox, count: number): Promise<readonly Question[]> {
  const nowSeconds = () => Math.floor(Date.now() / 1000);
  const end = nowSeconds() + LEAD_SECONDS;
  return askMany(server, count, () => Math.max(1, end - nowSeconds()));
}

async function untilExpired(questions: readonly Question[]): Promise<void> {
  const lastMs = questions.reduce((last, { expiresAtMs }) => Math.max(last, expiresAtMs), 0);
  await sleep(Math.max(0, lastMs - Date.now()));
}

interface Told {
  readonly lateMs: Samples;
  /** When the last webhook arrived. */
  readonly lastUs: number;
  readonly missing: number;
  readonly repeats: number;
}

/** Waits until the receiver has a webhook for the timeout of each question, and measures how late they came. */
async function toldOf(receiver: Receiver, questions: readonly Question[], stalledMs: number): Promise<Told> {
  await untilExpired(questions);
  await receiver.arrived(questions.length, stalledMs);
  await sleep(REPEATS_MS);
  const { repeats } = await receiver.report();
  const receipts = await receiver.receipts();
  // Receipts are on the clock that the processes share, and deadlines are on the wall clock.
  const wallUs = Date.now() * 1000 - nowUs();
  const lateMs = new Samples();
  for (const { seq, expiresAtMs } of questions) {
    const receivedUs = receipts.get(seq);
    if (receivedUs !== undefined) lateMs.add((receivedUs + wallUs) / 1000 - expiresAtMs);
  }
  const lastUs = [...receipts.values()].reduce((last, us) => Math.max(last, us), 0);
  return { lateMs, lastUs, missing: questions.length - lateMs.count, repeats };
}

/** The largest number of questions that expire in the same second. */
function together(questions: readonly Question[]): number {
  const bySecond = Map.groupBy(questions, ({ expiresAtMs }) => expiresAtMs);
  return Math.max(...[...bySecond.values()].map(({ length }) => length));
}
