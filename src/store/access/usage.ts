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
} from "../../domain/access/quota.ts";
import type { Seq } from "../../domain/ids.ts";
import type { Connection } from "../connection.ts";
import { one } from "../read-connection.ts";

interface Standing {
  readonly quotas: Quotas;
  openPauses: number;
  storedBytes: number;
  endpointVersion: number;
  addedPauses: number;
  addedBytes: number;
}

interface StandingColumns {
  readonly quotas: string;
  readonly open_pauses: number;
  readonly stored_bytes: number;
  readonly endpoint_version: number;
}

const READ = "SELECT quotas, open_pauses, stored_bytes, endpoint_version FROM tenants WHERE seq = ?";
const READ_ALL = `
  SELECT seq, quotas, open_pauses, stored_bytes, endpoint_version
  FROM tenants
  WHERE seq IN (SELECT CAST(value AS INTEGER) FROM json_each(?))`;
const ADD = `
  UPDATE tenants
  SET open_pauses = open_pauses + ?, stored_bytes = stored_bytes + ?
  WHERE seq = ?`;

export class Usage {
  readonly #connection: Connection;
  readonly #standings = new Map<Seq, Standing>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Read the tenants that are not known, all at once, when the returned function is called. */
  readAhead(tenantSeqs: ReadonlySet<Seq>): () => void {
    const unknown = [...tenantSeqs].filter((seq) => !this.#standings.has(seq));
    if (unknown.length === 0) return () => undefined;
    const rows = this.#connection.prepare(READ_ALL).allLater(JSON.stringify(unknown));
    return () => {
      for (const row of rows() as unknown as (StandingColumns & { readonly seq: Seq })[]) {
        this.#standings.set(row.seq, standingOf(row));
      }
    };
  }

  /** The version of the tenant's endpoints, which each change of them raises. */
  endpointVersion(tenantSeq: Seq): number {
    return this.#of(tenantSeq).endpointVersion;
  }

  /** A verb of this group has raised the version. */
  endpointsChanged(tenantSeq: Seq): void {
    const standing = this.#standings.get(tenantSeq);
    if (standing !== undefined) standing.endpointVersion += 1;
  }

  quotas(tenantSeq: Seq): Quotas {
    return this.#of(tenantSeq).quotas;
  }

  /** Null when the tenant may store this many more bytes. */
  excessOfBytes(tenantSeq: Seq, bytes: number): QuotaExceeded | null {
    const { quotas, storedBytes, addedBytes } = this.#of(tenantSeq);
    const limit = quotas.stored_bytes;
    return storedBytes + addedBytes + bytes > limit ? quotaExceeded("stored_bytes", limit) : null;
  }

  /** Null when the tenant may have one more open pause. */
  excessOfPauses(tenantSeq: Seq): QuotaExceeded | null {
    const { quotas, openPauses, addedPauses } = this.#of(tenantSeq);
    const limit = quotas.open_pauses;
    return openPauses + addedPauses >= limit ? quotaExceeded("open_pauses", limit) : null;
  }

  /** Negative for bytes that were deleted. */
  addBytes(tenantSeq: Seq, bytes: number): void {
    this.#of(tenantSeq).addedBytes += bytes;
  }

  /** Negative for pauses that ended. */
  addOpenPauses(tenantSeq: Seq, count: number): void {
    this.#of(tenantSeq).addedPauses += count;
  }

  flush(): void {
    const changed = [...this.#standings].filter(([, of]) => of.addedPauses !== 0 || of.addedBytes !== 0);
    if (changed.length === 0) return;
    const values = changed.map(([tenantSeq, of]) => [of.addedPauses, of.addedBytes, tenantSeq]);
    this.#connection.prepare(ADD).runEach(values);
    for (const [, of] of changed) {
      of.openPauses += of.addedPauses;
      of.storedBytes += of.addedBytes;
      of.addedPauses = 0;
      of.addedBytes = 0;
    }
  }

  get size(): number {
    return this.#standings.size;
  }

  clear(): void {
    this.#standings.clear();
  }

  #of(tenantSeq: Seq): Standing {
    const known = this.#standings.get(tenantSeq);
    if (known !== undefined) return known;
    const row = one<StandingColumns>(this.#connection, READ, tenantSeq);
    if (row === undefined) throw new Error(`no tenant ${tenantSeq}`);
    const standing = standingOf(row);
    this.#standings.set(tenantSeq, standing);
    return standing;
  }
}

function standingOf(row: StandingColumns): Standing {
  return {
    quotas: readQuotas(row.quotas),
    openPauses: row.open_pauses,
    storedBytes: row.stored_bytes,
    endpointVersion: row.endpoint_version,
    addedPauses: 0,
    addedBytes: 0,
  };
}

const DEFAULTS = quotasOf({});

export function readQuotas(text: string): Quotas {
  return text === "{}" ? DEFAULTS : quotasOf(JSON.parse(text) as QuotaSettings);
}
