/** The bare server of `raw-server.ts`, as the benchmarks use it. */
import { end, forkListening } from "./kit/children.ts";
import type { Receiver } from "./kit/receiving.ts";
import { type NextRequest, singly } from "./kit/requests.ts";

interface RawServer extends AsyncDisposable {
  readonly pid: number;
  readonly port: number;
  /** The requests of `throughput`, with the same bytes. */
  readonly next: NextRequest;
}

export async function startRawServer(receiver: Receiver): Promise<RawServer> {
  const env = { RECEIVER_PORT: String(receiver.port) };
  const { child, port } = await forkListening(new URL("./raw-server.ts", import.meta.url), env);
  const types = Array.from({ length: 8 }, (_, index) => `bench.${index}`);
  return {
    pid: child.pid ?? 0,
    port,
    next: singly({ port, apiKey: `sb_live_${"0".repeat(48)}` }, types),
    [Symbol.asyncDispose]: () => end(child, "SIGKILL"),
  };
}
