/** Load on one port: a closed loop that is as fast as the answers, or an open loop at a fixed rate. */
import { nowUs } from "./clock.ts";
import { Connection } from "./connection.ts";
import type { NextRequest } from "./requests.ts";
import { Samples } from "./samples.ts";

/** Only requests and answers within the window are measured. */
export interface Window {
  readonly fromUs: number;
  readonly toUs: number;
}

export interface Load {
  readonly port: number;
  readonly connections: number;
  readonly next: NextRequest;
  /** Requests per second, independent of the answers. Null: each connection sends again when it has its answer. */
  readonly ratePerSecond: number | null;
  readonly window: Window;
  /** The status of an accepted request; 202 by default. */
  readonly acceptedStatus?: number;
}

export interface Loaded {
  /** Accepted requests, in total and within the window. */
  readonly accepted: number;
  readonly acceptedInWindow: number;
  /** Requests with any other answer, in total. */
  readonly refused: number;
  /** Answer times of accepted requests that were sent within the window. At a fixed rate, from when each was due. */
  readonly answerUs: Samples;
}

/** How long the server warms up before the window begins. */
const WARM_UP_US = 3_000_000;
const TICK_MS = 1;
const LAST_ANSWERS_MS = 15_000;

export function windowOf(seconds: number, warmUpUs = WARM_UP_US): Window {
  const fromUs = nowUs() + warmUpUs;
  return { fromUs, toUs: fromUs + seconds * 1e6 };
}

/** A window without an end: the load runs until there is nothing more to send. */
export function untilAllIsSent(): Window {
  return { fromUs: nowUs(), toUs: Number.POSITIVE_INFINITY };
}

export async function runLoad(load: Load): Promise<Loaded> {
  const connections = await Promise.all(Array.from({ length: load.connections }, () => Connection.open(load.port)));
  try {
    return await new Promise((resolve, reject) => {
      for (const connection of connections) connection.onLost(reject);
      const run = new Run(load, connections, resolve, reject);
      if (load.ratePerSecond === null) run.asFastAsAnswered();
      else run.atRate(load.ratePerSecond);
    });
  } finally {
    for (const connection of connections) connection.close();
  }
}

class Run {
  readonly #load: Load;
  readonly #idle: Connection[];
  readonly #done: (loaded: Loaded) => void;
  readonly #failed: (error: Error) => void;
  readonly #answerUs = new Samples();
  #accepted = 0;
  #acceptedInWindow = 0;
  #refused = 0;
  #onTheWire = 0;
  /** When the requests were due that wait for a free connection. */
  readonly #due: number[] = [];
  /** Whether no further request will become due. */
  #allIsDue = false;
  #deadline: NodeJS.Timeout | undefined;

  constructor(
    load: Load,
    connections: readonly Connection[],
    done: (loaded: Loaded) => void,
    failed: (error: Error) => void,
  ) {
    this.#load = load;
    this.#idle = [...connections];
    this.#done = done;
    this.#failed = failed;
  }

  asFastAsAnswered(): void {
    this.#allIsDue = true;
    const again = (connection: Connection): void => {
      const now = nowUs();
      const request = now < this.#load.window.toUs ? this.#load.next(now) : null;
      if (request === null) this.#rest();
      else this.#send(connection, request, now, again);
    };
    for (const connection of this.#idle.splice(0)) again(connection);
  }

  atRate(perSecond: number): void {
    const everyUs = 1e6 / perSecond;
    let dueUs = nowUs();
    const tick = (): void => {
      const now = Math.min(nowUs(), this.#load.window.toUs);
      for (; dueUs <= now; dueUs += everyUs) this.#due.push(dueUs);
      this.#sendDue();
      if (dueUs < this.#load.window.toUs) {
        setTimeout(tick, TICK_MS);
      } else {
        this.#allIsDue = true;
        this.#rest();
      }
    };
    tick();
  }

  #sendDue(): void {
    const free = Math.min(this.#idle.length, this.#due.length);
    for (const dueUs of this.#due.splice(0, free)) {
      const request = this.#load.next(dueUs);
      // Connections take turns, because the server closes a connection that is idle for a while.
      const connection = this.#idle.shift();
      if (request === null || connection === undefined) return;
      this.#send(connection, request, dueUs, (freed) => {
        this.#idle.push(freed);
        if (this.#due.length > 0) this.#sendDue();
        else this.#rest();
      });
    }
  }

  #send(connection: Connection, request: string, sentUs: number, then: (connection: Connection) => void): void {
    this.#onTheWire += 1;
    connection.send(request, (status) => {
      this.#onTheWire -= 1;
      if (status === (this.#load.acceptedStatus ?? 202)) this.#count(sentUs);
      else this.#refused += 1;
      then(connection);
    });
  }

  #count(sentUs: number): void {
    const { fromUs, toUs } = this.#load.window;
    const now = nowUs();
    this.#accepted += 1;
    if (now >= fromUs && now < toUs) this.#acceptedInWindow += 1;
    if (sentUs >= fromUs) this.#answerUs.add(now - sentUs);
  }

  /** Called when a connection becomes idle. The load is over when all are idle and nothing is left to send. */
  #rest(): void {
    if (!this.#allIsDue || this.#due.length > 0) return;
    if (this.#onTheWire > 0) {
      this.#deadline ??= setTimeout(
        () => this.#failed(new Error("the last requests were not answered")),
        LAST_ANSWERS_MS,
      );
      return;
    }
    clearTimeout(this.#deadline);
    this.#done({
      accepted: this.#accepted,
      acceptedInWindow: this.#acceptedInWindow,
      refused: this.#refused,
      answerUs: this.#answerUs,
    });
  }
}
