/**
 * Terminals that sign in with a code (RFC 8628). Which terminals wait is in the store, so that another node can approve
 * them. How often they ask and how many wrong codes a person typed is in memory: it only limits what one node has to do.
 */
import { createHmac } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Role } from "../../domain/access/access.ts";
import {
  DEVICE_CODE_RANDOM_BYTES,
  parseUserCode,
  USER_CODE_RANDOM_BYTES,
  userCodeOf,
} from "../../domain/access/terminal.ts";
import { networkOf } from "../../domain/endpoints/network.ts";
import type { Uuid } from "../../domain/ids.ts";
import {
  entriesMax,
  TERMINAL_CODE_MS,
  TERMINAL_POLL_EARLY_MS,
  TERMINAL_POLL_SECONDS,
  TERMINAL_POLL_SECONDS_MAX,
  TERMINAL_SLOW_DOWN_SECONDS,
  TERMINALS_OPEN_COUNT_MAX,
  TERMINALS_PER_NETWORK_COUNT_MAX,
  WRONG_USER_CODES_COUNT_MAX,
} from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { AccessVerbs, DecideTerminalResult, TerminalVerbs } from "../../ports/store.ts";
import { generateKey, hashKey } from "./access.ts";
import type { Caller } from "./caller.ts";
import type { TooManyTries } from "./session-types.ts";
import { hashToken } from "./sessions.ts";
import type {
  FindTerminalOutput,
  OpenTerminalInput,
  OpenTerminalOutput,
  PollOutput,
  TerminalService,
} from "./terminal-types.ts";
import { WindowCount } from "./window-count.ts";

/** The last time that a terminal asked, in monotonic milliseconds, and how long it has to wait. */
interface Poll {
  readonly at: number;
  readonly intervalSeconds: number;
}

type Store = TerminalVerbs & Pick<AccessVerbs, "findKey">;

export class Terminals implements TerminalService {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #polls = new LRUCache<string, Poll>(entriesMax(TERMINALS_OPEN_COUNT_MAX));
  /** The store has the same limits for all nodes. What a stranger may ask it for at any rate would cost a transaction each. */
  readonly #opened = new WindowCount({ countMax: TERMINALS_PER_NETWORK_COUNT_MAX, windowMs: TERMINAL_CODE_MS });
  readonly #openedInAll = new WindowCount({ countMax: TERMINALS_OPEN_COUNT_MAX, windowMs: TERMINAL_CODE_MS });
  readonly #wrongCodes = new WindowCount({ countMax: WRONG_USER_CODES_COUNT_MAX, windowMs: TERMINAL_CODE_MS });

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  async open({ name, role, address }: OpenTerminalInput): Promise<OpenTerminalOutput> {
    const network = networkOf(address);
    const waitMs = this.#recordOpening(network);
    if (waitMs > 0) return tooMany(waitMs);
    const deviceCode = this.#clock.randomHex(DEVICE_CODE_RANDOM_BYTES);
    const userCode = userCodeOf(this.#clock.randomHex(USER_CODE_RANDOM_BYTES));
    const now = this.#clock.now();
    const expiresAt = now + TERMINAL_CODE_MS;
    const client = { name, role, address, network };
    const result = await this.#store.openTerminal({
      terminal: { ...client, hash: hashToken(deviceCode), userCode, expiresAt },
      now,
    });
    return result.kind === "opened" ? { kind: "opened", deviceCode, userCode } : tooMany(result.until - now);
  }

  /** 0: another terminal may ask. */
  #recordOpening(network: string): number {
    const now = this.#clock.monotonicMs();
    const waitMs = Math.max(this.#opened.waitMs(now, network), this.#openedInAll.waitMs(now, ""));
    if (waitMs > 0) return waitMs;
    this.#opened.record(now, network);
    this.#openedInAll.record(now, "");
    return 0;
  }

  async poll(deviceCode: string): Promise<PollOutput> {
    const hash = hashToken(deviceCode);
    const early = this.#earlyPoll(hash);
    if (early !== null) return { kind: "slowDown", intervalSeconds: early.intervalSeconds };
    const state = await this.#store.findTerminalState(hash, this.#clock.now());
    switch (state) {
      case "pending":
        return { kind: "pending", intervalSeconds: this.#recordPoll(hash) };
      case "approved":
        return this.#issue(hash, keyOf(deviceCode));
      case "denied":
        return { kind: "denied" };
      case null:
        return this.#issueAgain(hash, keyOf(deviceCode));
    }
  }

  /** Null: the terminal may ask now. */
  #earlyPoll(hash: string): Poll | null {
    const last = this.#polls.get(hash);
    const now = this.#clock.monotonicMs();
    if (last === undefined || now >= last.at + last.intervalSeconds * 1000 - TERMINAL_POLL_EARLY_MS) return null;
    const intervalSeconds = Math.min(last.intervalSeconds + TERMINAL_SLOW_DOWN_SECONDS, TERMINAL_POLL_SECONDS_MAX);
    const poll = { at: now, intervalSeconds };
    this.#polls.set(hash, poll);
    return poll;
  }

  #recordPoll(hash: string): number {
    const intervalSeconds = this.#polls.get(hash)?.intervalSeconds ?? TERMINAL_POLL_SECONDS;
    this.#polls.set(hash, { at: this.#clock.monotonicMs(), intervalSeconds });
    return intervalSeconds;
  }

  /** @param id of a key that the terminal has already */
  async #issue(hash: string, apiKey: string, id: Uuid | null = null): Promise<PollOutput> {
    const key = { id: id ?? this.#clock.uuid(), hash: hashKey(apiKey) };
    const result = await this.#store.issueTerminalKey({ hash, key, now: this.#clock.now() });
    switch (result.kind) {
      case "issued":
        return { ...result, apiKey };
      case "unknown": // without an id, another request of the terminal was faster
        return id === null ? this.#issueAgain(hash, apiKey) : { kind: "expired" };
      default:
        return result;
    }
  }

  /** The response that had the key may be lost. */
  async #issueAgain(hash: string, apiKey: string): Promise<PollOutput> {
    const issued = await this.#store.findKey(hashKey(apiKey));
    const isRecent = issued !== null && this.#clock.now() < issued.createdAt + TERMINAL_CODE_MS;
    return isRecent ? this.#issue(hash, apiKey, issued.id) : { kind: "expired" };
  }

  async find(caller: Caller, text: string): Promise<FindTerminalOutput> {
    return this.#withCode<FindTerminalOutput>(caller, text, async (userCode) => {
      const terminal = await this.#store.findTerminal(userCode, this.#clock.now());
      return terminal === null ? { kind: "unknown" } : { kind: "found", terminal };
    });
  }

  async decide(caller: Caller, text: string, role: Role | null): Promise<DecideTerminalResult | TooManyTries> {
    const { actor, tenantSeq } = caller;
    return this.#withCode<DecideTerminalResult>(caller, text, (userCode) =>
      this.#store.decideTerminal({ actor, tenantSeq, userCode, role, now: this.#clock.now() }),
    );
  }

  /** Nobody finds the code of another person's terminal by trying. */
  async #withCode<Output extends { readonly kind: string }>(
    { actor }: Caller,
    text: string,
    run: (userCode: string) => Promise<Output>,
  ): Promise<Output | { readonly kind: "unknown" } | TooManyTries> {
    const now = this.#clock.monotonicMs();
    const waitMs = this.#wrongCodes.waitMs(now, actor.id);
    if (waitMs > 0) return tooMany(waitMs);
    // Recorded first: many requests at once must not all pass.
    this.#wrongCodes.record(now, actor.id);
    const userCode = parseUserCode(text);
    const output = userCode === null ? ({ kind: "unknown" } as const) : await run(userCode);
    if (output.kind !== "unknown") this.#wrongCodes.takeBack(now, actor.id);
    return output;
  }
}

/**
 * A terminal that asks again gets the same key, though the server keeps neither the key nor the device code. Both are
 * secrets of the terminal with as many random bits, and the hash of the device code, which is stored, gives no key.
 */
function keyOf(deviceCode: string): string {
  const digest = createHmac("sha256", deviceCode).update("API key of the terminal").digest();
  return generateKey({ randomHex: (bytes) => digest.toString("hex", 0, bytes) }, false);
}

function tooMany(waitMs: number): TooManyTries {
  return { kind: "tooMany", retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1000)) };
}
