/** Several real servers on one database, a load on all of them, and a receiver that counts what arrives. */
import assert from "node:assert/strict";
import { Agent } from "node:http";
import { type DatabaseAddress, shownDatabase } from "../../src/domain/database-address.ts";
import { CHILD_KEY, type ChildEnvironment, type ListeningChild, newDataDir, startChild } from "../harness/child.ts";
import { postOrLost } from "../harness/crash.ts";
import { polled } from "../harness/deadline.ts";
import { startHooks } from "../harness/hooks.ts";
import type { Scope } from "../harness/server.ts";

const HEADERS = { authorization: `Bearer ${CHILD_KEY}`, "content-type": "application/json" };
const PUBLISHERS_EACH = 2;
/** The wait of a publisher after a response that is not 202, as a careful client has it. */
const RETRY_MS = 100;
/** A publisher whose response takes longer publishes the next event meanwhile. */
const PATIENCE_MS = 1000;

export interface Arrivals {
  readonly accepted: number;
  /** Accepted events that never arrived, of those that may be lost. */
  readonly missing: number;
  /** Responses other than 202. */
  readonly refused: number;
  /** The longest time that one of them took, of requests that were sent after the fault had begun. */
  readonly slowestRefusalMs: number;
  /** Requests whose connection broke. */
  readonly lost: number;
  /** Requests to the receiver beyond the first of each event. They have the same `webhook-id`. */
  readonly repeated: number;
}

export interface ClusterOptions {
  readonly database: DatabaseAddress;
  readonly masterKey: Uint8Array;
  readonly nodes: number;
  /** The address of the database for the second node, when it has another one. */
  readonly second?: DatabaseAddress;
}

export async function startCluster(scope: Scope, options: ClusterOptions): Promise<Cluster> {
  const { database, masterKey, nodes: count, second = database } = options;
  const env = { SIGNALBOX_MASTER_KEY: Buffer.from(masterKey).toString("base64") };
  const cluster = new Cluster(scope, { dataDir: await newDataDir(scope), env });
  for (let index = 0; index < count; index += 1) await cluster.add(index === 1 ? second : database);
  await cluster.receive();
  return cluster;
}

export class Cluster {
  readonly nodes: ListeningChild[] = [];
  readonly #starts: (() => Promise<ListeningChild>)[] = [];
  readonly #mayBeLost = new Set<string>();
  #restartsEnded = false;
  readonly #scope: Scope;
  readonly #start: { readonly dataDir: string; readonly env: ChildEnvironment };
  readonly #agent = new Agent({ keepAlive: true });
  /** The ids of the events that got a 202. */
  readonly #accepted = new Set<string>();
  /** How often each event arrived. Every attempt of a delivery has the same `webhook-id`, which is the event's. */
  readonly #arrivals = new Map<string, number>();
  #refused = 0;
  #slowestRefusalMs = 0;
  #lost = 0;
  #faultBeganMs = Number.POSITIVE_INFINITY;
  readonly #requests = new Set<Promise<boolean>>();
  #number = 0;
  #isLoaded = false;

  constructor(scope: Scope, start: { readonly dataDir: string; readonly env: ChildEnvironment }) {
    this.#scope = scope;
    this.#start = start;
    scope.after(() => this.#agent.destroy());
  }

  /** Start one more node. */
  async add(database: DatabaseAddress): Promise<void> {
    const env = { ...this.#start.env, DATABASE_URL: shownDatabase(database) };
    this.#starts.push(() => startChild(this.#scope, this.#start.dataDir, env));
    await this.#startNode(this.nodes.length);
  }

  async #startNode(index: number): Promise<void> {
    const node = (await this.#starts[index]?.()) ?? assert.fail();
    this.nodes[index] = node;
    void node.exited.then(() => (this.#restartsEnded ? this.#startNode(index) : undefined)).catch(() => undefined);
  }

  /** Stop a node, and start it again. */
  async restart(index: number): Promise<void> {
    const node = this.nodes[index] ?? assert.fail();
    node.signal("SIGTERM");
    await node.exited;
    await this.#startNode(index);
  }

  /** From now on, a node that ends by itself is started again, as a service manager does. */
  restartEnded(): void {
    this.#restartsEnded = true;
    this.#scope.after(() => {
      this.#restartsEnded = false;
    });
  }

  /** Events that are accepted from now on, until the returned function is called, may be lost. */
  mayLose(): () => void {
    const before = new Set(this.#accepted);
    return () => {
      for (const id of this.#accepted) if (!before.has(id)) this.#mayBeLost.add(id);
    };
  }

  /** From now on, the time of refusals counts. */
  faultBegins(): void {
    this.#faultBeganMs = performance.now();
  }

  /** Create the endpoint of the receiver. */
  async receive(): Promise<void> {
    const hooks = await startHooks(this.#scope);
    hooks.react((hook) => {
      const id = String(hook.headers["webhook-id"]);
      this.#arrivals.set(id, (this.#arrivals.get(id) ?? 0) + 1);
      hook.answer(200);
    });
    const [node = assert.fail()] = this.nodes;
    const made = await node.request("POST", "/v1/endpoints", { body: { url: hooks.url } });
    assert.equal(made.status, 201, made.text);
  }

  /** Publish to all nodes until the returned function is called, which resolves when all requests have ended. */
  load(): () => Promise<void> {
    this.#isLoaded = true;
    const publishers = this.nodes.flatMap((_, index) =>
      Array.from({ length: PUBLISHERS_EACH }, () => this.#publishTo(index)),
    );
    // When the trial has failed, publishers to nodes that are gone would never end.
    this.#scope.after(() => {
      this.#isLoaded = false;
    });
    return async () => {
      this.#isLoaded = false;
      await Promise.all(publishers);
      await Promise.all(this.#requests);
    };
  }

  /** Resolves when this many more events were accepted. How fast that is depends on the machine, but it goes on. */
  async acceptedMore(count: number): Promise<void> {
    const goal = this.#accepted.size + count;
    while (this.#accepted.size < goal) {
      const { size } = this.#accepted;
      await polled(
        async () => (this.#accepted.size > size ? true : null),
        `one of ${goal - size} more accepted events`,
      );
    }
  }

  /** Resolves when a request was refused. */
  async refused(): Promise<void> {
    const before = this.#refused;
    await polled(async () => (this.#refused > before ? true : null), "a refused request");
  }

  /** Resolves when every accepted event has arrived. */
  async allArrived(): Promise<Arrivals> {
    const isMissing = (id: string) => !this.#arrivals.has(id);
    const isExpected = (id: string) => isMissing(id) && !this.#mayBeLost.has(id);
    await polled(
      async () => (this.#accepted.values().some(isExpected) ? null : true),
      "the arrival of every accepted event",
    );
    return {
      accepted: this.#accepted.size,
      missing: this.#accepted.values().filter(isMissing).toArray().length,
      refused: this.#refused,
      slowestRefusalMs: Math.round(this.#slowestRefusalMs),
      lost: this.#lost,
      repeated: this.#arrivals.values().reduce((sum, count) => sum + count - 1, 0),
    };
  }

  async #publishTo(index: number): Promise<void> {
    while (this.#isLoaded) {
      const node = this.nodes[index] ?? assert.fail();
      const request = this.#publish(node).finally(() => this.#requests.delete(request));
      this.#requests.add(request);
      if (!(await Promise.race([request, passed(PATIENCE_MS)]))) await passed(RETRY_MS);
    }
  }

  async #publish({ url }: ListeningChild): Promise<boolean> {
    this.#number += 1;
    const body = JSON.stringify({ type: "order.paid", payload: { number: this.#number, padding: "x".repeat(200) } });
    const beganMs = performance.now();
    const answer = await postOrLost(this.#agent, { url: `${url}/v1/events`, headers: HEADERS, body });
    if (answer?.status === 202) {
      this.#accepted.add(JSON.parse(answer.text).event_id as string);
    } else if (answer === null) {
      this.#lost += 1;
    } else {
      assert.equal(answer.status, 503, answer.text);
      assert.match(answer.headers["retry-after"] ?? "", /^\d+$/);
      this.#refused += 1;
      const tookMs = beganMs < this.#faultBeganMs ? 0 : performance.now() - beganMs;
      this.#slowestRefusalMs = Math.max(this.#slowestRefusalMs, tookMs);
    }
    return answer?.status === 202;
  }
}

// tidy-allow timer: a client's patience
const passed = (ms: number) => new Promise<false>((resolve) => setTimeout(resolve, ms, false));
