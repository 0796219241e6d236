/** Stores the results of attempts: settlements join the store's group commits in batches. */
import type { LeasedDelivery } from "../../domain/delivery/delivery.ts";
import type { Destination } from "../../domain/endpoints/endpoint.ts";
import { StoreUnavailable } from "../../domain/errors.ts";
import { GROUP_BYTES_MAX, GROUP_DELIVERIES_MAX } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { SettledResult, Settlement, SettleResult, Store } from "../../ports/store.ts";
import type { Telemetry } from "../../ports/telemetry.ts";
import { Batcher } from "../scheduling/batcher.ts";
import { Company } from "../scheduling/company.ts";
import type { TenantActivity } from "../scheduling/tenant-activity.ts";
import type { Outage } from "../upkeep/outage.ts";
import type { AttemptMade } from "./attempts.ts";

export interface SettlementsOptions {
  readonly clock: Pick<Clock, "after" | "monotonicMs">;
  readonly store: Pick<Store, "settle">;
  readonly telemetry: Pick<Telemetry, "noticed">;
  readonly outage: Pick<Outage, "wait">;
  readonly activity: TenantActivity;
}

/** Roughly what a settlement takes in a group commit, in addition to its snippet. */
const SETTLEMENT_BYTES = 300;

export class Settlements {
  readonly #telemetry: SettlementsOptions["telemetry"];
  readonly #batcher: Batcher<Settlement, SettleResult>;
  readonly #company: Company;

  constructor({ clock, store, telemetry, outage, activity }: SettlementsOptions) {
    this.#telemetry = telemetry;
    this.#company = new Company(clock);
    this.#batcher = new Batcher({
      carryOut: (batch) => store.settle(batch),
      rowsMax: GROUP_DELIVERIES_MAX,
      bytesMax: GROUP_BYTES_MAX,
      tenantOf: ({ tenantSeq }) => tenantSeq,
      activity,
      company: this.#company,
      // An attempt that was made must be stored. Nothing new is sent until it is.
      onFailure: (error) => outage.wait(error),
    });
  }

  /** Settlements that wait for their commit. */
  get size(): number {
    return this.#batcher.size;
  }

  /** Events are sent to the store: what waits shares their commit. */
  join(publish: Promise<unknown>): void {
    this.#company.come(publish);
  }

  /** Resolves when no settlement waits. */
  drained(): Promise<void> {
    return this.#batcher.drained();
  }

  /**
   * Store the result of an attempt. Never rejects.
   *
   * @param endpoint as it was when the attempt started
   * @returns null when the result could not be stored; the reconcile then voids the lease
   */
  async settle(delivery: LeasedDelivery, endpoint: Destination, made: AttemptMade): Promise<SettledResult | null> {
    const settlement: Settlement = {
      tenantSeq: delivery.tenantSeq,
      deliverySeq: delivery.seq,
      token: delivery.token,
      endpointSeq: delivery.endpointSeq,
      generation: endpoint.generation,
      ...made,
    };
    // The next delivery of an ordered lane waits for the result, and so may the state of an endpoint that fails.
    const isPatient = !delivery.ordered && made.transition.health === "success";
    const bytes = SETTLEMENT_BYTES + (made.attempt.snippet?.length ?? 0);
    try {
      const result = await this.#batcher.add(settlement, { rows: 1, bytes }, isPatient);
      return result.kind === "broken" ? this.#failed(delivery, result.message) : result;
    } catch (error) {
      return this.#failed(delivery, messageOf(error));
    }
  }

  #failed({ seq }: LeasedDelivery, message: string): null {
    this.#telemetry.noticed({ level: "error", what: "settle_failed", fields: { deliverySeq: seq, message } });
    return null;
  }
}

/** With its stack only if a fault of the program is possible. */
function messageOf(error: unknown): string {
  if (error instanceof StoreUnavailable) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
