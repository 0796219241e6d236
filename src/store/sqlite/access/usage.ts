/**
 * The tenants' quotas, and the sums that are too slow to count by an index. They are read once per tenant and group
 * commit, and written once at its end, in the same transaction as the rows that they sum up.
 */

import {
  type QuotaExceeded,
  type QuotaSettings,
  type Quotas,
  quotaExceeded,
  quotasOf,
} from "../../../domain/access/quota.ts";
import type { Seq } from "../../../domain/ids.ts";
import type { Connection } from "../connection.ts";
import { one } from "../read-connection.ts";

export interface Usage {
  quotas(tenantSeq: Seq): Quotas;
  /** Null when the tenant may store this many more bytes. */
  excessOfBytes(tenantSeq: Seq, bytes: number): QuotaExceeded | null;
  /** Null when the tenant may have one more open pause. */
  excessOfPauses(tenantSeq: Seq): QuotaExceeded | null;
  /** Negative for bytes that were deleted. */
  addBytes(tenantSeq: Seq, bytes: number): void;
  /** Negative for pauses that ended. */
  addOpenPauses(tenantSeq: Seq, count: number): void;
  flush(): void;
  clear(): void;
}

interface Standing {
  readonly quotas: Quotas;
  readonly openPauses: number;
  readonly storedBytes: number;
  addedPauses: number;
  addedBytes: number;
}

interface StandingColumns {
  readonly quotas: string;
  readonly open_pauses: number;
  readonly stored_bytes: number;
}

const READ = "SELECT quotas, open_pauses, stored_bytes FROM tenants WHERE seq = ?";
const ADD = `
  UPDATE tenants
  SET open_pauses = open_pauses + ?, stored_bytes = stored_bytes + ?
  WHERE seq = ?`;

export function createUsage(connection: Connection): Usage {
  const standings = new Map<Seq, Standing>();

  function of(tenantSeq: Seq): Standing {
    const known = standings.get(tenantSeq);
    if (known !== undefined) return known;
    const row = one<StandingColumns>(connection, READ, tenantSeq);
    if (row === undefined) throw new Error(`no tenant ${tenantSeq}`);
    const standing: Standing = {
      quotas: readQuotas(row.quotas),
      openPauses: row.open_pauses,
      storedBytes: row.stored_bytes,
      addedPauses: 0,
      addedBytes: 0,
    };
    standings.set(tenantSeq, standing);
    return standing;
  }

  return {
    quotas: (tenantSeq) => of(tenantSeq).quotas,
    excessOfBytes(tenantSeq, bytes) {
      const { quotas, storedBytes, addedBytes } = of(tenantSeq);
      const limit = quotas.stored_bytes;
      return storedBytes + addedBytes + bytes > limit ? quotaExceeded("stored_bytes", limit) : null;
    },
    excessOfPauses(tenantSeq) {
      const { quotas, openPauses, addedPauses } = of(tenantSeq);
      const limit = quotas.open_pauses;
      return openPauses + addedPauses >= limit ? quotaExceeded("open_pauses", limit) : null;
    },
    addBytes(tenantSeq, bytes) {
      of(tenantSeq).addedBytes += bytes;
    },
    addOpenPauses(tenantSeq, count) {
      of(tenantSeq).addedPauses += count;
    },
    flush() {
      for (const [tenantSeq, { addedPauses, addedBytes }] of standings) {
        if (addedPauses !== 0 || addedBytes !== 0) connection.prepare(ADD).run(addedPauses, addedBytes, tenantSeq);
      }
    },
    clear: () => standings.clear(),
  };
}

const DEFAULTS = quotasOf({});

export function readQuotas(text: string): Quotas {
  return text === "{}" ? DEFAULTS : quotasOf(JSON.parse(text) as QuotaSettings);
}
