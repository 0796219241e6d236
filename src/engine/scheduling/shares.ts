/**
 * A resource that tenants share, by the dynamic threshold rule of shared-memory switches (Choudhury and Hahne, 1998):
 * a tenant may take more only while what it holds fits into what is free.
 *
 * One greedy tenant gets half, two get a third each, n of them 1/(n+1) each. As much as each of them has stays free, and
 * only tenants that hold less can use it. The rule needs one number per tenant and no configuration.
 */
import type { Seq } from "../../domain/ids.ts";

export interface Shares {
  /** What all tenants hold. */
  readonly taken: number;
  /** What this tenant holds. */
  of(tenantSeq: Seq): number;
  /**
   * How much more the tenant may take; 0 or less when nothing.
   *
   * @param part what the part of the tenant that asks, one of its lanes, holds of it. Counting it twice applies the rule
   *             among the tenant's own lanes too: its busiest lanes leave a reserve for its quiet ones.
   */
  allowance(tenantSeq: Seq, part?: number): number;
  take(tenantSeq: Seq, amount: number): void;
  giveBack(tenantSeq: Seq, amount: number): void;
  /** The tenants that hold something and may take no more. */
  full(): Seq[];
}

export function createShares(max: number): Shares {
  const held = new Map<Seq, number>();
  let taken = 0;

  const of = (tenantSeq: Seq): number => held.get(tenantSeq) ?? 0;
  const allowance = (tenantSeq: Seq, part = 0): number => max - taken - of(tenantSeq) - part;

  return {
    get taken() {
      return taken;
    },
    of,
    allowance,
    take(tenantSeq, amount) {
      taken += amount;
      held.set(tenantSeq, of(tenantSeq) + amount);
    },
    giveBack(tenantSeq, amount) {
      taken -= amount;
      const left = of(tenantSeq) - amount;
      if (left > 0) held.set(tenantSeq, left);
      else held.delete(tenantSeq);
    },
    full: () => [...held.keys()].filter((tenantSeq) => allowance(tenantSeq) <= 0),
  };
}
