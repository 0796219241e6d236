/** patchTenant: changes the name and the quotas. */
import type { Actor } from "../../../domain/access/access.ts";
import { changeQuotas, type QuotaChanges, type QuotaSettings } from "../../../domain/access/quota.ts";
import type { EpochMs, Seq, Uuid } from "../../../domain/ids.ts";
import type { TenantView } from "../../../ports/store.ts";
import { uuidBytes } from "../../rows.ts";
import { one } from "../read-connection.ts";
import type { Writing } from "../writing.ts";
import { audit } from "./audit.ts";
import { getTenant } from "./tenant-views.ts";

export interface PatchTenant {
  readonly actor: Actor;
  readonly id: Uuid;
  /** When it is absent, the tenant keeps its name. */
  readonly name?: string;
  readonly quotas?: QuotaChanges;
  readonly now: EpochMs;
}

const BEFORE = "SELECT seq, name, quotas FROM tenants WHERE id = ?";

export function patchTenant(w: Writing, { actor, id, name, quotas, now }: PatchTenant): TenantView | null {
  const before = one<{ seq: Seq; name: string; quotas: string }>(w, BEFORE, uuidBytes(id));
  if (before === undefined) return null;
  const after = {
    name: name ?? before.name,
    quotas: JSON.stringify(changeQuotas(JSON.parse(before.quotas) as QuotaSettings, quotas ?? {})),
  };
  // First write the sums of this group: `getTenant` shows them, and later verbs read them again with the new quotas.
  w.usage.flush();
  w.usage.clear();
  if (after.name !== before.name || after.quotas !== before.quotas) {
    w.prepare("UPDATE tenants SET name = ?, quotas = ? WHERE seq = ?").run(after.name, after.quotas, before.seq);
    audit(w, { tenantSeq: before.seq, actor, type: "tenant.updated", data: after, now });
  }
  return getTenant(w, id);
}
