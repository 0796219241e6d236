/** The audit: who did what. Each verb that changes something writes its row in its own transaction. */
import type { Actor } from "../../domain/access/access.ts";
import type { AuditType } from "../../domain/access/audit.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import { AUDIT_VALUE_CHARS_MAX } from "../../domain/limits.ts";
import type { RecordedAction } from "../../ports/store.ts";
import { uuidBytes } from "../rows.ts";
import type { Writing } from "../writing.ts";

export interface AuditEntry {
  /** The tenant whose audit gets the row. A `global_admin` can act on a tenant that is not its own. */
  readonly tenantSeq: Seq;
  /** `human`: a person who had the link of a pause. `system`: Signalbox itself. */
  readonly actor: Pick<Actor, "kind" | "id"> | "human" | "system";
  readonly type: AuditType;
  readonly pauseId?: Uuid;
  /** What it was about, unless that was a pause. */
  readonly subject?: Uuid;
  /** Ids in it are bare UUIDs: the API that shows them adds its own prefix. */
  readonly data: Readonly<Record<string, string | null>>;
  readonly now: EpochMs;
}

const INSERT = `
  INSERT INTO audit (id, tenant_seq, event_type, actor_kind, actor_id, pause_id, subject_id, data, created_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`;

export function audit(w: Writing, { tenantSeq, actor, type, pauseId, subject, data, now }: AuditEntry): void {
  const { kind, id } = typeof actor === "string" ? { kind: actor, id: null } : actor;
  const isSomebody = id !== null && kind !== "system";
  w.prepare(INSERT).run(
    uuidBytes(w.newId()),
    tenantSeq,
    type,
    kind,
    isSomebody ? uuidBytes(id) : null,
    pauseId === undefined ? null : uuidBytes(pauseId),
    subject === undefined ? null : uuidBytes(subject),
    JSON.stringify(data),
    now,
  );
}

/** The new values, and as `previous_…` the former ones of those that changed. */
export function withPrevious<Values extends Readonly<Record<string, string>>>(before: Partial<Values>, after: Values) {
  const changed = Object.entries(before).filter(([name, value]) => after[name] !== value);
  return { ...after, ...Object.fromEntries(changed.map(([name, value]) => [`previous_${name}`, value ?? null])) };
}

/**
 * What an update changed: the new values, and as `previous_…` the former ones. Values that are not text are JSON, and long
 * ones are cut.
 */
export function changesOf(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): Record<string, string | null> {
  const changes: Record<string, string | null> = {};
  for (const [name, value] of Object.entries(after)) {
    const [former, latter] = [textOf(before[name]), textOf(value)];
    if (former === latter) continue;
    changes[name] = cut(latter);
    changes[`previous_${name}`] = cut(former);
  }
  return changes;
}

function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return typeof value === "string" ? value : JSON.stringify(value);
}

function cut(text: string | null): string | null {
  if (text === null || text.length <= AUDIT_VALUE_CHARS_MAX) return text;
  return `${text.slice(0, AUDIT_VALUE_CHARS_MAX).toWellFormed()}…`;
}

/** Record an action that changed nothing in the store, such as an export. */
export function recordAction(w: Writing, entry: RecordedAction): void {
  audit(w, entry);
}

/** Which key or user it was, for the data of what a `developer` did. */
export function byActor({ kind, id }: Actor): Readonly<Record<string, string>> {
  return kind === "user" ? { userId: id } : { keyId: id };
}
