/** Events that are published all the time, programs that listen to them, and the count of what arrives. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
// tidy-allow timer: the pace of the load
import { setTimeout as sleep } from "node:timers/promises";
import { CHILD_KEY } from "../harness/child.ts";
import { polled } from "../harness/deadline.ts";
import { type Client, clientOf, type Scope } from "../harness/server.ts";

const PROGRAM = path.join(import.meta.dirname, "reading-program.ts");
/** A reader that sleeps for longer has lost its attempts. */
const TIMEOUT_SECONDS = 1;
const PAUSE_MS = 10;
/** The response of a frozen node may take longer. Other events are published meanwhile. */
const PATIENCE_MS = 1000;
/** Events that are accepted after a fault. */
const EVENTS_AFTER = 100;
const SETTINGS = { timeout_seconds: TIMEOUT_SECONDS, retry_schedule_seconds: [1, 1, 1, 1, 1, 1, 1, 1] };

export type Reader = ReturnType<Scene["startReader"]>;

/** @param url where the servers are */
export async function startScene(scope: Scope, url: string): Promise<Scene> {
  const client = clientOf(url, CHILD_KEY);
  const made = await client.request("POST", "/v1/listeners", { body: { name: "faults", ...SETTINGS } });
  return new Scene(scope, client, made.body.id);
}

export class Scene {
  readonly #scope: Scope;
  readonly #client: Client;
  readonly #listener: string;
  /** The number of each accepted event, by its id. */
  readonly #accepted = new Map<string, number>();
  /** How often each event has arrived. */
  readonly #arrived = new Map<string, number>();

  constructor(scope: Scope, client: Client, listener: string) {
    this.#scope = scope;
    this.#client = client;
    this.#listener = listener;
  }

  /** Publish until the returned function is called. */
  publish(): () => Promise<void> {
    let isPublishing = true;
    const publishing = (async () => {
      for (let n = 0; isPublishing; n += 1) {
        await Promise.race([this.#publish(n), sleep(PATIENCE_MS)]);
        await sleep(PAUSE_MS);
      }
    })();
    return async () => {
      isPublishing = false;
      await publishing;
    };
  }

  async #publish(n: number): Promise<void> {
    const body = { type: "fault.tried", payload: { n } };
    const answer = await this.#client.request("POST", "/v1/events", { body }).catch(() => null);
    if (answer?.status === 202) this.#accepted.set(answer.body.event_id, n);
  }

  startReader(name: string, at: string, takeover = "") {
    const child = spawn(process.execPath, [PROGRAM, at, this.#listener, name, takeover], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#scope.after(() => void child.kill("SIGKILL"));
    const said: string[] = [];
    createInterface({ input: child.stdout }).on("line", (line) => {
      said.push(line);
      const [, id, body = ""] = /^got (\S+) (.*)$/.exec(line) ?? [];
      if (id !== undefined) this.#arrive(id, body);
    });
    const times = (start: string) => said.filter((line) => line.startsWith(start)).length;
    const says = (start: string, count = 1) =>
      polled(async () => (times(start) >= count ? true : null), `${name} says ${start} (${count})`);
    return { child, says, said, times };
  }

  #arrive(id: string, body: string): void {
    this.#arrived.set(id, (this.#arrived.get(id) ?? 0) + 1);
    const number = this.#accepted.get(id);
    if (number !== undefined) assert.ok(body.includes(`"n":${number}}`), `${id} has the payload of event ${number}`);
  }

  /** Resolves when everything has arrived that was accepted during the fault, and some more. */
  async caughtUp(after: string): Promise<void> {
    const goal = this.#accepted.size + EVENTS_AFTER;
    await polled(async () => (this.#accepted.size >= goal ? true : null), `${after}: ${EVENTS_AFTER} accepted events`);
    await this.#allArrived(after);
  }

  async #allArrived(after: string): Promise<void> {
    const expected = [...this.#accepted.keys()];
    const lost = () => expected.filter((id) => !this.#arrived.has(id));
    await polled(async () => (lost().length === 0 ? true : null), `${after}: all ${expected.length} events`).catch(
      (error) => {
        throw new Error(`${after}: ${lost().length} of ${expected.length} events did not arrive`, { cause: error });
      },
    );
    const repeats = [...this.#arrived.values()].reduce((sum, times) => sum + times - 1, 0);
    process.stdout.write(`${after}: ${expected.length} events, ${repeats} repeats so far\n`);
  }

  /** Resolves when the server, too, has every delivery as delivered. */
  async allDelivered(): Promise<void> {
    await this.#allArrived("at the end");
    for (const status of ["PENDING", "SCHEDULED", "HELD", "IN_PROGRESS", "FAILED", "CANCELLED", "EXPIRED"]) {
      const isNone = async () => {
        const { body } = await this.#client.request("GET", `/v1/deliveries?limit=1&status=${status}`);
        return body.results?.length === 0 ? true : null;
      };
      await polled(isNone, `no delivery that is ${status}`);
    }
    const unknown = [...this.#arrived.keys()].filter((id) => !this.#accepted.has(id)).length;
    process.stdout.write(`all are DELIVERED; ${unknown} events arrived whose publisher got no response\n`);
  }
}
