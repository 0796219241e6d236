/** Knows whether several tenants use the server at present. One tenant's burst must then leave time for the others. */
import type { Seq } from "../../domain/ids.ts";
import { TENANT_ACTIVE_MS } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";

export class TenantActivity {
  readonly #clock: Pick<Clock, "monotonicMs">;
  #latest: Seq | null = null;
  /** When the latest tenant last changed. */
  #changedAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Pick<Clock, "monotonicMs">) {
    this.#clock = clock;
  }

  /** The tenant publishes, receives or delivers something. */
  note(tenantSeq: Seq): void {
    if (tenantSeq === this.#latest) return;
    if (this.#latest !== null) this.#changedAtMs = this.#clock.monotonicMs();
    this.#latest = tenantSeq;
  }

  /** Whether more than one tenant has been active within `TENANT_ACTIVE_MS`. */
  get isShared(): boolean {
    return this.#clock.monotonicMs() - this.#changedAtMs < TENANT_ACTIVE_MS;
  }
}
