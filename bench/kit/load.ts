/** Load on one port: a closed loop as fast as answers come, or an open one at a fixed rate. */
import { nowUs } from "./clock.ts";
import { Connection } from "./connection.ts";
import type { NextRequest } from "./requests.ts";
import { Samples } from "./samples.ts";

/** Only what happens within it is measured. */
export interface Window {
  readonly fromUs: number;
  readonly toUs: number;
}

export interface Load {
  readonly port: number;
  readonly connections: number;
  readonly next: NextRequest;
  /** Requests a second, whatever the answers do; null: each connection sends when it has its answer. */
  readonly ratePerSecond: number | null;
  readonly window: Window;
  /** The status of what is accepted; 202 when left out. */
  readonly acceptedStatus?: number;
}

export interface Loaded {
  /** Requests accepted, in all and within the window. */
  readonly accepted: number;
  readonly acceptedInWindow: number;
  /** Answered anything else, in all. */
  readonly refused: number;
  /** Of those sent within the window and accepted; at a fixed rate from when each was due. */
  readonly answerUs: Samples;
}

/** How long the server gets warm before anything is measured. */
const WARM_UP_US = 3_000_000;
const TICK_MS = 1;
const LAST_ANSWERS_MS = 15_000;

export function windowOf(seconds: number, warmUpUs = WARM_UP_US): Window {
  const fromUs = nowUs() + warmUpUs;
  return { fromUs, toUs: fromUs + seconds * 1e6 };
}

/** No window at all: until there is nothing more to send. */
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
  /** Times at which requests were due that no connection was free for. */
  readonly #due: number[] = [];
  /** No further request will become due. */
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
      // In turn: the server closes a connection on which no request has come for a while.
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

  /** Something has come to rest: when all has, and nothing more is to be sent, the load is over. */
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
