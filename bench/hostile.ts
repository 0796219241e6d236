/**
 * How hostile and greedy clients affect everybody else: for each attack, the growth of the server's memory and the
 * longest `/healthz` during the attack. Each attack has its own server, is bounded, and ends by itself.
 */
import net from "node:net";
import type { Benchmark, Measure, Settings } from "./kit/benchmark.ts";
import { sleep } from "./kit/clock.ts";
import { Connection } from "./kit/connection.ts";
import { getText, postText } from "./kit/requests.ts";
import { type Signalbox, startSignalbox } from "./kit/signalbox.ts";

const HEALTH_MS_MAX = 250;
/** The wait between one `/healthz` and the next. */
const PROBE_REST_MS = 10;
/** How long the probe continues after the last byte of the attack. */
const AFTER_MS = 1000;
const KB = 1024;
const MB = 1024 * KB;

interface Attack {
  readonly name: string;
  /** How much memory may grow: by the bodies and what is parsed from them, and by what the server's limits allow. */
  readonly growthMbMax: number;
  /** Runs before the attack, and is not measured. */
  prepare?(server: Signalbox, settings: Settings): Promise<void>;
  /** Resolves when the server has answered, or the time is up. */
  attack(server: Signalbox, settings: Settings): Promise<void>;
}

export const hostile: Benchmark = {
  name: "hostile",
  about: "memory and the longest /healthz during pipelined floods, expensive filters, large bodies and slow senders",
  async run(settings) {
    const measures: Measure[] = [];
    for (const attack of ATTACKS) measures.push(...(await measureAttack(attack, settings)));
    return measures;
  },
};

async function measureAttack(attack: Attack, settings: Settings): Promise<readonly Measure[]> {
  settings.note(attack.name);
  await using server = await startSignalbox({ profileDir: settings.profileDir });
  await attack.prepare?.(server, settings);
  await server.call("GET", "/openapi.json");
  await sleep(AFTER_MS);
  const beforeMb = server.peakMb();
  const longestMs = await probeWhile(server, () => attack.attack(server, settings));
  const growthMb = server.peakMb() - beforeMb;
  if (settings.profileDir !== null) await server.stop();
  return [
    { name: `${attack.name}: memory before`, unit: "MB", value: beforeMb },
    { name: `${attack.name}: growth`, unit: "MB", value: growthMb, goal: { atMost: attack.growthMbMax } },
    { name: `${attack.name}: longest /healthz`, unit: "ms", value: longestMs, goal: { atMost: HEALTH_MS_MAX } },
  ];
}

/** Requests `/healthz` again and again during the work, and returns the longest time. Infinity: one got no answer. */
async function probeWhile(server: Signalbox, work: () => Promise<void>): Promise<number> {
  const over = new AbortController();
  const probing = (async () => {
    const connection = await Connection.open(server.port);
    const request = getText({ port: server.port, apiKey: null }, "/healthz");
    let longestMs = 0;
    try {
      while (!over.signal.aborted) {
        const askedAt = performance.now();
        await connection.ask(request);
        longestMs = Math.max(longestMs, performance.now() - askedAt);
        await sleep(PROBE_REST_MS);
      }
    } catch {
      longestMs = Number.POSITIVE_INFINITY;
    }
    connection.close();
    return longestMs;
  })();
  try {
    await work();
    await sleep(AFTER_MS);
  } finally {
    over.abort();
  }
  return probing;
}

// ── Floods ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const PIPELINED = 1500;
const FLOODERS = 200;

/** Each connection sends the text, and reads its answers or not, until the time is up. */
async function sendOver(connections: number, port: number, text: string, takes: boolean, seconds: number) {
  const sockets = Array.from({ length: connections }, (_, index) => {
    const localAddress = `127.0.${2 + (index >> 7)}.${1 + (index & 127)}`;
    const socket = net.connect({ port, host: "127.0.0.1", localAddress });
    socket.on("error", () => undefined);
    if (takes) socket.resume();
    else socket.pause();
    socket.write(text, "latin1");
    return socket;
  });
  await sleep(seconds * 1000);
  for (const socket of sockets) socket.destroy();
}

function pipelining(path: string, connections: number, takes: boolean): Pick<Attack, "attack"> {
  return {
    attack: ({ port }, { seconds }) =>
      sendOver(connections, port, getText({ port, apiKey: null }, path).repeat(PIPELINED), takes, seconds),
  };
}

const PAUSES = 100;
const METADATA = { text: "x".repeat(15 * KB) };

/** With a key. Each answer has about 1.6 MB, and the client does not read it. */
const largeAnswers: Pick<Attack, "prepare" | "attack"> = {
  async prepare(server) {
    const body = { message: "Ship it?", options: ["yes", "no"], metadata: METADATA };
    for (let count = 0; count < PAUSES; count += 1) await server.call("POST", "/v1/pause", body);
  },
  attack: (server, { seconds }) =>
    sendOver(FLOODERS, server.port, getText(server, `/v1/pause?limit=${PAUSES}`).repeat(PIPELINED), false, seconds),
};

// ── Filters ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const ENDPOINTS = 10_000;
const FILTERS = 100;
const BATCH_EVENTS = 1000;
const REGISTERING = 8;

const manyFilters: Pick<Attack, "prepare" | "attack"> = {
  async prepare(server, { scale, note }) {
    const endpoints = Math.max(1, Math.round(ENDPOINTS * scale));
    note(`registering ${endpoints} endpoints`);
    let next = 0;
    const register = async (): Promise<void> => {
      while (next < endpoints) {
        const index = next++;
        const types = Array.from({ length: FILTERS }, (_, filter) => `nobody.sends.${index}.this.${filter}.*`);
        await server.call("POST", "/v1/endpoints", {
          name: `greedy ${index}`,
          url: "http://127.0.0.1:1/",
          event_types: types,
        });
      }
    };
    await Promise.all(Array.from({ length: REGISTERING }, register));
  },
  async attack(server, { note }) {
    const events = Array.from({ length: BATCH_EVENTS }, (_, index) => ({ type: `nobody.wants.${index}`, payload: {} }));
    note(`answered ${await postOnce(server, "/v1/events/batch", JSON.stringify({ events }))}`);
  },
};

// ── Bodies ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Returns the status. */
async function postOnce(to: { port: number; apiKey: string | null }, path: string, body: string): Promise<number> {
  const connection = await Connection.open(to.port);
  const { status } = await connection.ask(postText(to, path, body));
  connection.close();
  return status;
}

/** Creates the body before the attack, so that the probe does not wait for it. */
const batchOf = (body: () => string): Pick<Attack, "prepare" | "attack"> => {
  let text = "";
  return {
    async prepare() {
      text = body();
    },
    async attack(server, { note }) {
      note(`answered ${await postOnce(server, "/v1/events/batch", text)}`);
    },
  };
};

/** As long as a batch may be. The elements are all the same. */
const filled = (element: string): string => {
  const count = Math.floor((8 * MB - 20) / (element.length + 1));
  return `{"events":[${Array.from({ length: count }, () => element).join(",")}]}`;
};
const MEMBERS = 750_000;
const manyMembers = (): string =>
  `{${Array.from({ length: MEMBERS }, (_, index) => `"${index.toString(36)}":0`).join(",")}}`;

const NEAR_MISSES = 900;
const NEAR_MISS_ROUNDS = 20;
/** Unknown names that are so similar to a field's name that the server compares each of them with every field. */
const nearMisses = (name: string): string =>
  `{${Array.from({ length: NEAR_MISSES }, (_, index) => `"${name}${String(index).padStart(50, "_")}":0`).join(",")}}`;

const SLOW_SENDERS = 3000;
const SLOW_BODY_BYTES = 256 * KB;
const SENDERS_AT_ONCE = 100;

/** Many senders that send a body except for its end. */
async function sendSlowly({ port }: Signalbox, { seconds }: Settings): Promise<void> {
  const head = `POST /in/unknown HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: ${SLOW_BODY_BYTES}\r\n\r\n`;
  const text = head + "x".repeat(SLOW_BODY_BYTES - 100);
  const sending: Promise<void>[] = [];
  for (let sent = 0; sent < SLOW_SENDERS; sent += SENDERS_AT_ONCE) {
    sending.push(sendOver(SENDERS_AT_ONCE, port, text, true, seconds));
    await sleep(PROBE_REST_MS);
  }
  await Promise.all(sending);
}

/** Heads that never end, over more connections than one address may have. */
async function openHalf({ port }: Signalbox, { seconds }: Settings): Promise<void> {
  await sendOver(SLOW_SENDERS, port, "GET /healthz HTTP/1.1\r\nhost:", true, seconds);
}

const ATTACKS: readonly Attack[] = [
  { name: "1,500 pipelined /openapi.json", growthMbMax: 100, ...pipelining("/openapi.json", 1, false) },
  { name: `the same over ${FLOODERS} connections`, growthMbMax: 150, ...pipelining("/openapi.json", FLOODERS, false) },
  {
    name: "1,500 pipelined unknown paths over 50 connections, read",
    growthMbMax: 150,
    ...pipelining("/nothing", 50, true),
  },
  { name: "1.6 MB lists of pauses that no client reads", growthMbMax: 400, ...largeAnswers },
  { name: "a batch with 1,000,000 filters", growthMbMax: 200, ...manyFilters },
  { name: "8 MB of [0,0,…]", growthMbMax: 250, ...batchOf(() => filled("0")) },
  { name: "8 MB of {}", growthMbMax: 250, ...batchOf(() => filled("{}")) },
  { name: "750,000 members", growthMbMax: 250, ...batchOf(manyMembers) },
  {
    name: "900 misspelled names",
    growthMbMax: 100,
    async attack({ port }) {
      const to = { port, apiKey: null };
      for (let round = 0; round < NEAR_MISS_ROUNDS; round += 1) {
        await postOnce(to, "/dashboard/auth/login", nearMisses("email"));
        await postOnce(to, "/v1/respond/x", nearMisses("choice"));
      }
    },
  },
  { name: `${SLOW_SENDERS} bodies that never end`, growthMbMax: 200, attack: sendSlowly },
  { name: `${SLOW_SENDERS} heads that never end`, growthMbMax: 150, attack: openHalf },
];
