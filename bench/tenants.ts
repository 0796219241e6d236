/**
 * How much one tenant slows down another: the p99 of a quiet tenant alone, and next to each kind of noisy tenant. The
 * same noise on another server of the machine shows how much of the difference is the machine's.
 *
 * The noise begins while the quiet tenant publishes, since the beginning of a burst is what disturbs most. Before that, the
 * servers run at full speed for a while, because V8 compiles the code of a new server.
 */
import type { Benchmark, Measure, Settings } from "./kit/benchmark.ts";
import { sleep } from "./kit/clock.ts";
import { runLoad, windowOf } from "./kit/load.ts";
import { measurePublishing, type Published } from "./kit/publishing.ts";
import { type Receiver, startReceiver } from "./kit/receiving.ts";
import { singly } from "./kit/requests.ts";
import { createEndpoint, type Signalbox, startSignalbox } from "./kit/signalbox.ts";
import { NOISES, type Noise } from "./kit/tenants.ts";

/** The quiet tenant has one healthy endpoint and publishes at a modest rate. */
const QUIET_PER_SECOND = 200;
const QUIET_CONNECTIONS = 64;
const QUIET_TYPE = "quiet";
const RATIO_MAX = 2;
const WARM_UP_SECONDS = 3;
const WARM_UP_TYPE = "warm";
/** The quiet tenant publishes for so long before its window begins. The noise begins with the window. */
const QUIET_WARM_UP_US = 1_000_000;

export const tenants: Benchmark = {
  name: "tenants",
  about: `${QUIET_PER_SECOND} events per second of one tenant to a healthy endpoint, alone and next to each kind of noisy tenant`,
  async run(settings) {
    await using quiet = await startReceiver();
    await using noisy = await startReceiver();
    const alone = await measure(settings, { quiet, noisy, noise: null, elsewhere: false });
    const measures: Measure[] = [
      { name: "alone: p50 to receipt", unit: "ms", value: alone.receiptP50Ms },
      { name: "alone: p99 to receipt", unit: "ms", value: alone.receiptP99Ms },
    ];
    let refused = alone.refused;
    for (const noise of NOISES) {
      const elsewhere = await measure(settings, { quiet, noisy, noise, elsewhere: true });
      const shared = await measure(settings, { quiet, noisy, noise, elsewhere: false });
      refused += shared.refused;
      measures.push(...measuresOf(noise.about, { shared, alone, elsewhere }));
    }
    return [...measures, { name: "refused", unit: "", value: refused, goal: { atMost: 0 } }];
  },
};

interface Compared {
  readonly shared: Published;
  readonly alone: Published;
  /** Next to the same noise on another server. */
  readonly elsewhere: Published;
}

function measuresOf(about: string, { shared, alone, elsewhere }: Compared): readonly Measure[] {
  // Percentiles include only events that arrived, so a missing event would improve them.
  const p99Ms = shared.missing > 0 ? Number.POSITIVE_INFINITY : shared.receiptP99Ms;
  return [
    { name: `${about}: p50`, unit: "ms", value: shared.receiptP50Ms },
    { name: `${about}: p99`, unit: "ms", value: p99Ms },
    { name: `${about}: p99 ÷ alone`, unit: "×", value: p99Ms / alone.receiptP99Ms, goal: { atMost: RATIO_MAX } },
    { name: `${about}, on another server: p99`, unit: "ms", value: elsewhere.receiptP99Ms },
    { name: `${about}: p99 ÷ on another server`, unit: "×", value: p99Ms / elsewhere.receiptP99Ms },
    { name: `${about}: missing`, unit: "", value: shared.missing, goal: { atMost: 0 } },
  ];
}

interface Scene {
  readonly quiet: Receiver;
  readonly noisy: Receiver;
  readonly noise: Noise | null;
  /** Whether the noise goes to another server. */
  readonly elsewhere: boolean;
}

/** Uses new servers each time, so that nothing left over from one noise affects the next. */
async function measure({ seconds, scale, profileDir, note }: Settings, scene: Scene): Promise<Published> {
  const { quiet, noisy, noise } = scene;
  await using server = await startSignalbox({ profileDir });
  await using other = scene.elsewhere ? await startSignalbox({ profileDir: null }) : null;
  await createEndpoint(server, { name: QUIET_TYPE, url: quiet.url("accept"), event_types: [QUIET_TYPE] });
  const account = await (other ?? server).newTenant("noisy");
  for (const each of other === null ? [server] : [server, other]) await warmUp(each, quiet);
  const over = new AbortController();
  const begun = sleep(QUIET_WARM_UP_US / 1000).then(() =>
    noise?.begin({ account, receiver: noisy, scale, over: over.signal }),
  );
  const published = await measurePublishing({
    port: server.port,
    receiver: quiet,
    connections: QUIET_CONNECTIONS,
    next: singly(server, [QUIET_TYPE]),
    seconds,
    warmUpUs: QUIET_WARM_UP_US,
    ratePerSecond: QUIET_PER_SECOND,
    events: 1,
  });
  over.abort();
  const made = await begun;
  await made?.ended;
  const times = `p50 ${published.receiptP50Ms.toFixed(1)} ms, p99 ${published.receiptP99Ms.toFixed(1)} ms`;
  const noiseText = made === undefined ? "" : `; the other tenant: ${made.summary()}`;
  const where = scene.elsewhere ? ", on another server" : "";
  note(`${noise?.about ?? "alone"}${where}: ${times}, peak memory ${Math.round(server.peakMb())} MB${noiseText}`);
  if (profileDir !== null) await server.stop();
  return published;
}

async function warmUp(server: Signalbox, receiver: Receiver): Promise<void> {
  await createEndpoint(server, { name: WARM_UP_TYPE, url: receiver.url("accept"), event_types: [WARM_UP_TYPE] });
  const window = windowOf(WARM_UP_SECONDS, 0);
  const next = singly(server, [WARM_UP_TYPE]);
  await runLoad({ port: server.port, connections: QUIET_CONNECTIONS, next, ratePerSecond: null, window });
}
