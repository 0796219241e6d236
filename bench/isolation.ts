/** How much 200 dead endpoints, which get half of the events, slow down the healthy ones: p99 with and without. */
import type { Benchmark } from "./kit/benchmark.ts";
import { measurePublishing } from "./kit/publishing.ts";
import { type Receiver, startReceiver } from "./kit/receiving.ts";
import { singly } from "./kit/requests.ts";
import { createEndpoint, createEndpoints, type Signalbox, startSignalbox } from "./kit/signalbox.ts";

const DEAD = 200;
const CONNECTIONS = 64;

export const isolation: Benchmark = {
  name: "isolation",
  about: "8 healthy endpoints at a fixed rate, without and with as many events for 200 dead endpoints",
  async run({ seconds, ratePerSecond, profileDir, note }) {
    await using receiver = await startReceiver();
    await using server = await startSignalbox({ profileDir });
    const healthy = await createEndpoints(server, receiver.url("accept"));
    const load = { port: server.port, receiver, connections: CONNECTIONS, seconds, events: 1 };
    note("without dead endpoints");
    const before = await measurePublishing({ ...load, next: singly(server, healthy), ratePerSecond });
    note("registering dead endpoints");
    const dead = await createDead(server, receiver);
    // Healthy and dead endpoints alternate, so the rate of the healthy ones stays the same.
    const types = dead.flatMap((type, index) => [healthy[index % healthy.length] ?? "", type]);
    note("with dead endpoints");
    const shared = await measurePublishing({
      ...load,
      next: singly(server, types),
      ratePerSecond: ratePerSecond * 2,
      receivedShare: 0.5,
    });
    if (profileDir !== null) await server.stop();
    return [
      { name: "without: delivered", unit: "/s", value: before.deliveredPerSecond },
      { name: "without: p50 to receipt", unit: "ms", value: before.receiptP50Ms },
      { name: "without: p99 to receipt", unit: "ms", value: before.receiptP99Ms },
      { name: "with: delivered", unit: "/s", value: shared.deliveredPerSecond },
      { name: "with: p50 to receipt", unit: "ms", value: shared.receiptP50Ms },
      { name: "with: p99 to receipt", unit: "ms", value: shared.receiptP99Ms },
      {
        name: "p99 with ÷ without",
        unit: "×",
        value: shared.receiptP99Ms / before.receiptP99Ms,
        goal: { atMost: 2 },
      },
      { name: "with: p99 of the 202", unit: "ms", value: shared.answerP99Ms },
      { name: "refused", unit: "", value: before.refused + shared.refused },
      { name: "missing", unit: "", value: before.missing + shared.missing, goal: { atMost: 0 } },
    ];
  },
};

/** A third accept and never answer, a third refuse the connection, a third have a host name that does not resolve. */
async function createDead(server: Signalbox, receiver: Receiver): Promise<readonly string[]> {
  const refusing = "http://127.0.0.1:1/";
  const urlOf = (index: number): string =>
    [receiver.url("silent"), refusing, `http://dead-${index}.invalid/`][index % 3] ?? "";
  const types = Array.from({ length: DEAD }, (_, index) => `dead.${index}`);
  // All at once, because each registration waits until the look-up of its host name has failed.
  await Promise.all(
    types.map((type, index) => createEndpoint(server, { name: type, url: urlOf(index), event_types: [type] })),
  );
  return types;
}
