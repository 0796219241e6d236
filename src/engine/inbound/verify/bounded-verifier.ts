/**
 * Verification within the limits on failing requests. Large bodies are verified one after the other: the next one starts
 * when the result of the one before is known. So however many arrive together, they spend no more time than `Refusals`
 * allows, and once one of them is genuine, the others from its network count as trusted.
 */
import type { EpochMs } from "../../../domain/ids.ts";
import { LIGHT_BODY_BYTES_MAX } from "../../../domain/limits.ts";
import type { Clock } from "../../../ports/clock.ts";
import { SerialQueue } from "../../scheduling/serial-queue.ts";
import type { PublicRequest } from "../inbound-types.ts";
import type { RefusalLimits } from "../refusal-limits.ts";

type VerifierClock = Pick<Clock, "monotonicMs" | "now">;

const TOO_MANY = { kind: "tooMany" } as const;

export class BoundedVerifier {
  readonly #clock: VerifierClock;
  readonly #refusals: RefusalLimits;
  readonly #large = new SerialQueue();

  constructor(clock: VerifierClock, refusals: RefusalLimits) {
    this.#clock = clock;
    this.#refusals = refusals;
  }

  /**
   * @param verify decides on the request, and measures its work with the timer
   * @returns `tooMany` when the request's network failed too often, or took too long; the request is not recorded then
   */
  verify<Result extends { readonly kind: "verified" | "refused" }>(
    request: PublicRequest,
    verify: (timer: WorkTimer) => Promise<Result>,
  ): Promise<Result | typeof TOO_MANY> {
    const { address, body } = request;
    if (body.byteLength <= LIGHT_BODY_BYTES_MAX) return this.#verifyNow(request, verify);
    const result = this.#large.run(async () =>
      this.#refusals.mayTry(address, body.byteLength) ? this.#verifyNow(request, verify) : TOO_MANY,
    );
    return result ?? Promise.resolve(TOO_MANY);
  }

  async #verifyNow<Result extends { readonly kind: "verified" | "refused" }>(
    { address }: PublicRequest,
    verify: (timer: WorkTimer) => Promise<Result>,
  ): Promise<Result | typeof TOO_MANY> {
    const timer = new WorkTimer(this.#clock);
    const result = await verify(timer);
    if (result.kind === "verified") this.#refusals.trust(address);
    else if (!this.#refusals.countFailure(address, timer.workMs)) return TOO_MANY;
    return result;
  }
}

/** The time that the verification of one request takes, without the time that it waits for the store. */
export class WorkTimer {
  readonly #clock: VerifierClock;
  #workMs = 0;

  constructor(clock: VerifierClock) {
    this.#clock = clock;
  }

  get workMs(): number {
    return this.#workMs;
  }

  now(): EpochMs {
    return this.#clock.now();
  }

  measure<Result>(work: () => Result): Result {
    const startMs = this.#clock.monotonicMs();
    const result = work();
    this.#workMs += this.#clock.monotonicMs() - startMs;
    return result;
  }
}
