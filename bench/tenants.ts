/** How much one tenant slows down another: the p99 of a quiet tenant alone, and next to each kind of noisy tenant. */
import type { Benchmark, Measure, Settings } from "./kit/benchmark.ts";
import { measurePublishing, type Published } from "./kit/publishing.ts";
import { type Receiver, startReceiver } from "./kit/receiving.ts";
import { singly } from "./kit/requests.ts";
import { createEndpoint, startSignalbox } from "./kit/signalbox.ts";
import { NOISES, type Noise } from "./kit/tenants.ts";

/** The quiet tenant has one healthy endpoint and publishes at a modest rate. */
const QUIET_PER_SECOND = 200;
const QUIET_CONNECTIONS = 64;
const QUIET_TYPE = "quiet";
const RATIO_MAX = 2;

export const tenants: Benchmark = {
  name: "tenants",
  about: `${QUIET_PER_SECOND} events per second of one tenant to a healthy endpoint, alone and next to each kind of noisy tenant`,
  async run(settings) {
    await using quiet = await startReceiver();
    await using noisy = await startReceiver();
    const alone = await measure(settings, quiet, noisy, null);
    const measures: Measure[] = [
      { name: "alone: p50 to receipt", unit: "ms", value: alone.receiptP50Ms },
      { name: "alone: p99 to receipt", unit: "ms", value: alone.receiptP99Ms },
    ];
    let refused = alone.refused;
    for (const noise of NOISES) {
      const beside = await measure(settings, quiet, noisy, noise);
      refused += beside.refused;
      measures.push(...besideMeasures(noise.about, beside, alone));
    }
    return [...measures, { name: "refused", unit: "", value: refused, goal: { atMost: 0 } }];
  },
};

function besideMeasures(about: string, beside: Published, alone: Published): readonly Measure[] {
  // Percentiles include only events that arrived, so a missing event would improve them.
  const p99Ms = beside.missing > 0 ? Number.POSITIVE_INFINITY : beside.receiptP99Ms;
  return [
    { name: `${about}: p50`, unit: "ms", value: beside.receiptP50Ms },
    { name: `${about}: p99`, unit: "ms", value: p99Ms },
    { name: `${about}: p99 ÷ alone`, unit: "×", value: p99Ms / alone.receiptP99Ms, goal: { atMost: RATIO_MAX } },
    { name: `${about}: missing`, unit: "", value: beside.missing, goal: { atMost: 0 } },
  ];
}

/** Uses a new server each time, so that nothing left over from one noise affects the next. */
async function measure(
  { seconds, scale, profileDir, note }: Settings,
  quiet: Receiver,
  noisy: Receiver,
  noise: Noise | null,
): Promise<Published> {
  await using server = await startSignalbox({ profileDir });
  await createEndpoint(server, { name: QUIET_TYPE, url: quiet.url("accept"), event_types: [QUIET_TYPE] });
  const account = await server.newTenant("noisy");
  const over = new AbortController();
  const made = await noise?.begin({ account, receiver: noisy, scale, over: over.signal });
  const published = await measurePublishing({
    port: server.port,
    receiver: quiet,
    connections: QUIET_CONNECTIONS,
    next: singly(server, [QUIET_TYPE]),
    seconds,
    ratePerSecond: QUIET_PER_SECOND,
    events: 1,
  });
  over.abort();
  await made?.ended;
  const times = `p50 ${published.receiptP50Ms.toFixed(1)} ms, p99 ${published.receiptP99Ms.toFixed(1)} ms`;
  const noiseText = made === undefined ? "" : `; the other tenant: ${made.summary()}`;
  note(`${noise?.about ?? "alone"}: ${times}, peak memory ${Math.round(server.peakMb())} MB${noiseText}`);
  if (profileDir !== null) await server.stop();
  return published;
}
