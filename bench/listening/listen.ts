/** A program listens, with the SDK: how long an event takes to it, how many it gets, and what a held backlog costs. */
import { Signalbox as Client } from "../../packages/sdk/src/index.ts";
import type { Benchmark, Measure } from "../kit/benchmark.ts";
import { nowUs, sleep } from "../kit/clock.ts";
import { readNumbers } from "../kit/events.ts";
import { runLoad, untilAllIsSent, type Window, windowOf } from "../kit/load.ts";
import { inBatches, singly } from "../kit/requests.ts";
import { Samples } from "../kit/samples.ts";
import { createEndpoint, type Signalbox, startSignalbox } from "../kit/signalbox.ts";

const TYPE = "bench.listened";
const SLOW_PER_SECOND = 200;
const FAST_PER_SECOND = 2000;
const CONNECTIONS = 16;
/** The most that a listener holds. */
const HELD = 10_000;
const EVENTS_EACH = 100;
const STALLED_MS = 5000;

export const listenBench: Benchmark = {
  name: "listen",
  about: "a program of the same machine listens with the SDK; it answers at once",
  async run({ seconds, profileDir, note }) {
    await using server = await startSignalbox({ profileDir });
    const listening = await Listening.start(server);
    note(`${SLOW_PER_SECOND}/s`);
    const slow = await measureAt(server, listening, SLOW_PER_SECOND, seconds);
    note(`${FAST_PER_SECOND}/s`);
    const fast = await measureAt(server, listening, FAST_PER_SECOND, seconds);
    await listening.stop();
    note(`holding ${HELD} deliveries`);
    const heldMs = await holdMs(server);
    const paused = await createEndpoint(server, { name: "paused", url: "http://127.0.0.1:9/", event_types: [TYPE] });
    await server.call("PATCH", `/v1/endpoints/${paused}`, { status: "PAUSED" });
    await server.call("DELETE", `/v1/listeners/${listening.id}`);
    const pausedMs = await holdMs(server);
    if (profileDir !== null) await server.stop();
    return [
      ...atRate(SLOW_PER_SECOND, slow),
      ...atRate(FAST_PER_SECOND, fast),
      { name: "missing", unit: "", value: slow.missing + fast.missing, goal: { atMost: 0 } },
      { name: "CPU per held event, listener ÷ paused endpoint", unit: "×", value: heldMs / pausedMs },
      { name: "peak memory", unit: "MB", value: server.peakMb() },
    ];
  },
};

interface AtRate {
  readonly receivedPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly missing: number;
}

function atRate(perSecond: number, { receivedPerSecond, p50Ms, p99Ms }: AtRate): readonly Measure[] {
  const goal = perSecond === SLOW_PER_SECOND ? { goal: { atMost: 30 } } : {};
  return [
    { name: `${perSecond}/s: received`, unit: "/s", value: receivedPerSecond, goal: { atLeast: perSecond * 0.99 } },
    { name: `${perSecond}/s: p50 to receipt`, unit: "ms", value: p50Ms },
    { name: `${perSecond}/s: p99 to receipt`, unit: "ms", value: p99Ms, ...goal },
  ];
}

async function measureAt(server: Signalbox, listening: Listening, perSecond: number, seconds: number): Promise<AtRate> {
  const window = windowOf(seconds);
  listening.begin(window);
  const next = singly(server, [TYPE]);
  const { port } = server;
  const loaded = await runLoad({ port, connections: CONNECTIONS, next, ratePerSecond: perSecond, window });
  await listening.arrived(loaded.accepted);
  return {
    receivedPerSecond: listening.inWindow / seconds,
    p50Ms: listening.receiptUs.percentile(0.5) / 1000,
    p99Ms: listening.receiptUs.percentile(0.99) / 1000,
    missing: loaded.accepted - listening.received,
  };
}

/** The server's processor time for events that are held. */
async function holdMs(server: Signalbox): Promise<number> {
  const beforeMs = server.cpuMs();
  const next = inBatches(server, { eventsEach: EVENTS_EACH, events: HELD, typeOf: () => TYPE });
  await runLoad({ port: server.port, connections: 4, next, ratePerSecond: null, window: untilAllIsSent() });
  return server.cpuMs() - beforeMs;
}

class Listening {
  readonly id: string;
  readonly #leaving = new AbortController();
  readonly #ended: Promise<unknown>;
  #window: Window = { fromUs: 0, toUs: 0 };
  receiptUs = new Samples();
  received = 0;
  inWindow = 0;

  static async start(server: Signalbox): Promise<Listening> {
    const client = new Client({ url: `http://127.0.0.1:${server.port}`, apiKey: server.apiKey });
    const { id } = await client.listeners.put({ name: "bench", event_types: [TYPE] });
    return new Promise((resolve) => {
      const listening: Listening = new Listening(client, id, () => resolve(listening));
    });
  }

  private constructor(client: Client, id: string, connected: () => void) {
    this.id = id;
    const onStatus = ({ kind }: { readonly kind: string }) => (kind === "connected" ? connected() : undefined);
    const options = { listener: id, reader: "bench", signal: this.#leaving.signal, onStatus };
    this.#ended = client.listen(options, ({ body }) => {
      this.#take(body);
      return { status: 200 };
    });
  }

  begin(window: Window): void {
    this.#window = window;
    this.receiptUs = new Samples();
    this.received = 0;
    this.inWindow = 0;
  }

  /** Resolves when so many have arrived, or nothing has for a while. */
  async arrived(expected: number): Promise<void> {
    for (let last = -1; this.received < expected && last !== this.received; ) {
      last = this.received;
      for (let waitedMs = 0; waitedMs < STALLED_MS && this.received < expected; waitedMs += 50) await sleep(50);
    }
  }

  async stop(): Promise<void> {
    this.#leaving.abort();
    await this.#ended;
  }

  #take(body: string): void {
    const at = nowUs();
    const sentUs = readNumbers(body)?.sentUs ?? at;
    this.received += 1;
    const { fromUs, toUs } = this.#window;
    if (at >= fromUs && at < toUs) this.inWindow += 1;
    if (sentUs >= fromUs && sentUs < toUs) this.receiptUs.add(at - sentUs);
  }
}
