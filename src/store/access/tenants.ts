/** patchTenant: changes the name, the quotas and the settings. */
import type { Actor } from "../../domain/access/access.ts";
import { changeQuotas, type QuotaChanges, type QuotaSettings } from "../../domain/access/quota.ts";
import type { TenantSettings } from "../../domain/access/tenant.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import type { TenantView } from "../../ports/store.ts";
import { one } from "../read-connection.ts";
import { uuidBytes } from "../rows.ts";
import type { Writing } from "../writing.ts";
import { audit, withPrevious } from "./audit.ts";
import { readSettings, type SettingColumns } from "./lookups.ts";
import { getTenant } from "./tenant-views.ts";

export interface PatchTenant {
  readonly actor: Actor;
  readonly id: Uuid;
  /** When it is absent, the tenant keeps its name. */
  readonly name?: string;
  readonly quotas?: QuotaChanges;
  readonly settings?: Partial<TenantSettings>;
  readonly now: EpochMs;
}

interface Before extends SettingColumns {
  readonly seq: Seq;
  readonly name: string;
  readonly quotas: string;
}

const BEFORE = "SELECT seq, name, quotas, portal_origins, links_withheld FROM tenants WHERE id = ?";
const UPDATE = "UPDATE tenants SET name = ?, quotas = ?, portal_origins = ?, links_withheld = ? WHERE seq = ?";

export function patchTenant(w: Writing, { actor, id, name, quotas, settings, now }: PatchTenant): TenantView | null {
  const before = one<Before>(w, BEFORE, uuidBytes(id));
  if (before === undefined) return null;
  const { portalOrigins, links } = { ...readSettings(before), ...settings };
  const after = {
    name: name ?? before.name,
    quotas: JSON.stringify(changeQuotas(JSON.parse(before.quotas) as QuotaSettings, quotas ?? {})),
    portal_origins: JSON.stringify(portalOrigins),
    links,
  };
  const withheld = links === "withheld" ? 1 : 0;
  // First write the sums of this group: `getTenant` shows them, and later verbs read them again with the new quotas.
  w.usage.flush();
  w.usage.clear();
  const changed =
    after.name !== before.name ||
    after.quotas !== before.quotas ||
    after.portal_origins !== before.portal_origins ||
    withheld !== before.links_withheld;
  if (changed) {
    w.prepare(UPDATE).run(after.name, after.quotas, after.portal_origins, withheld, before.seq);
    const { name: oldName, quotas: oldQuotas, portal_origins: oldOrigins } = before;
    const old = { name: oldName, quotas: oldQuotas, portal_origins: oldOrigins, links: readSettings(before).links };
    const data = withPrevious(old, after);
    audit(w, { tenantSeq: before.seq, actor, type: "tenant.updated", subject: id, data, now });
  }
  return getTenant(w, id);
}
