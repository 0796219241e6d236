/**
 * A resource that tenants share by the dynamic threshold rule of shared-memory switches (Choudhury and Hahne, 1998): a
 * tenant may take more only while the amount that it holds fits into the amount that is free.
 *
 * One greedy tenant gets half, two get a third each, n get 1/(n+1) each. An equal amount stays free, and only tenants that
 * hold less can use it. The rule needs one number for each tenant and no configuration.
 */
import type { Seq } from "../../domain/ids.ts";

export class Shares {
  readonly #max: number;
  readonly #amounts = new Map<Seq, number>();
  #taken = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** The amount that all tenants hold. */
  get taken(): number {
    return this.#taken;
  }

  /** The amount that this tenant holds. */
  of(tenantSeq: Seq): number {
    return this.#amounts.get(tenantSeq) ?? 0;
  }

  /**
   * How much more the tenant may take; 0 or less when nothing.
   *
   * @param part the amount that one part of the tenant holds, such as the lane that asks. It counts twice. This applies
   *             the rule among the tenant's own lanes too: its busiest lanes leave a reserve for its quiet ones.
   */
  allowance(tenantSeq: Seq, part = 0): number {
    return this.#max - this.#taken - this.of(tenantSeq) - part;
  }

  take(tenantSeq: Seq, amount: number): void {
    this.#taken += amount;
    this.#amounts.set(tenantSeq, this.of(tenantSeq) + amount);
  }

  free(tenantSeq: Seq, amount: number): void {
    this.#taken -= amount;
    const left = this.of(tenantSeq) - amount;
    if (left > 0) this.#amounts.set(tenantSeq, left);
    else this.#amounts.delete(tenantSeq);
  }

  /** The tenants that hold something and may take no more. */
  full(): Seq[] {
    return [...this.#amounts.keys()].filter((tenantSeq) => this.allowance(tenantSeq) <= 0);
  }
}
