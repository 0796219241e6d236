/** The audit log: who did what in a tenant. The store writes its entries along with the actions. */
import type { AuditType } from "../../domain/access/audit.ts";
import type { EpochMs, Uuid } from "../../domain/ids.ts";
import type { AuditPage, AuditVerbs } from "../../ports/store.ts";
import type { Caller } from "./caller.ts";

export interface AuditInput {
  readonly pauseId: Uuid | null;
  readonly type: AuditType | null;
  readonly subjectId?: Uuid | null;
  readonly actorId?: Uuid | null;
  readonly from: EpochMs | null;
  readonly to: EpochMs | null;
  readonly offset: number;
  readonly limit: number;
}

export class AuditLog {
  readonly #store: Pick<AuditVerbs, "listAudit">;

  constructor(store: Pick<AuditVerbs, "listAudit">) {
    this.#store = store;
  }

  /** Newest entries first. */
  list({ tenantSeq }: Caller, { offset, limit, ...filter }: AuditInput): Promise<AuditPage> {
    return this.#store.listAudit({ tenantSeq, ...filter }, offset, limit);
  }
}
