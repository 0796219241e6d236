/** The verbs that change sources. */
import type { Actor } from "../../domain/access/access.ts";
import { quotaExceeded } from "../../domain/access/quota.ts";
import type { EpochMs, Seq, Uuid } from "../../domain/ids.ts";
import type { Source, SourceSettings } from "../../domain/inbound/source.ts";
import type { CreateSource, CreateSourceResult, PatchSource, PatchSourceResult } from "../../ports/store.ts";
import { type AuditEntry, audit, changesOf } from "../access/audit.ts";
import { insert, one } from "../read-connection.ts";
import { uuidBytes } from "../rows.ts";
import type { Writing } from "../writing.ts";
import { eraseCredentialsOf } from "./credentials.ts";
import { loadSource, settingsText } from "./source-rows.ts";
import { countSources, findSource, getSource } from "./source-views.ts";

// ── Create ──────────────────────────────────────────────────────────────────────────────────────────────────────────

// Served by sources_by_name, so that deleted sources cost nothing.
const OF_NAME = "SELECT seq FROM sources WHERE name = ? AND deleted_at IS NULL";

export function createSource(w: Writing, request: CreateSource): CreateSourceResult {
  const { actor, tenantSeq, id, settings, secret, now } = request;
  const before = getSource(w, tenantSeq, id);
  if (before !== null) return { kind: "created", source: before };
  if (one(w, OF_NAME, settings.name) !== undefined) return { kind: "nameTaken" };
  const limit = w.usage.quotas(tenantSeq).sources;
  if (countSources(w, tenantSeq) >= limit) return quotaExceeded("sources", limit);
  const seq = insertSource(w, { tenantSeq, id, settings, secret, now });
  auditSource(w, { actor, tenantSeq, type: "source.created", source: { id, name: settings.name }, now });
  return { kind: "created", source: loadSource(w, seq) };
}

const INSERT = `
  INSERT INTO sources (id, tenant_seq, name, scheme, settings, secret_sealed, created_at, updated_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)
  RETURNING seq`;

function insertSource(w: Writing, source: Omit<CreateSource, "actor">): Seq {
  const { tenantSeq, id, settings, secret, now } = source;
  const sealed = secret === null ? null : w.vault.seal(secret);
  return insert(
    w,
    INSERT,
    uuidBytes(id),
    tenantSeq,
    settings.name,
    settings.scheme,
    settingsText(settings),
    sealed,
    now,
    now,
  );
}

// ── Those of the settings ───────────────────────────────────────────────────────────────────────────────────────────

interface ConfiguredSource {
  readonly id: Uuid;
  readonly name: string;
  readonly secret: string;
}

const FIRST_TENANT = "SELECT seq FROM tenants ORDER BY seq LIMIT 1";

/** A source as `SIGNALBOX_INBOUND_SOURCES` defines it; see docs/inbound.md. */
const CONFIGURED = {
  scheme: "jcs",
  eventType: { place: null, prefix: "", fallback: null },
  hmac: null,
  basic: null,
} as const satisfies Omit<SourceSettings, "name">;

/** @throws when there is no tenant yet that could own them */
export function ensureSources(w: Writing, configured: readonly ConfiguredSource[], now: EpochMs): string[] {
  const differing: string[] = [];
  for (const { id, name, secret } of configured) {
    const present = findSource(w, { name });
    if (present === null) createConfigured(w, { id, name, secret }, now);
    else if (present.secret !== secret) differing.push(name);
  }
  return differing;
}

function createConfigured(w: Writing, { id, name, secret }: ConfiguredSource, now: EpochMs): void {
  const tenantSeq = one<{ seq: Seq }>(w, FIRST_TENANT)?.seq;
  if (tenantSeq === undefined) throw new Error(`no tenant for source ${name}`);
  insertSource(w, { tenantSeq, id, settings: { name, ...CONFIGURED }, secret, now });
  auditSource(w, { actor: "system", tenantSeq, type: "source.created", source: { id, name }, now });
}

// ── Patch ───────────────────────────────────────────────────────────────────────────────────────────────────────────

export function patchSource(w: Writing, request: PatchSource): PatchSourceResult {
  const { actor, tenantSeq, id, settings, secret, now } = request;
  const before = getSource(w, tenantSeq, id);
  if (before === null) return { kind: "unknown" };
  const after = { ...before, ...settings };
  const named = after.name === before.name ? undefined : one(w, OF_NAME, after.name);
  if (named !== undefined) return { kind: "nameTaken" };
  writeSettings(w, before.seq, after, now);
  if (secret !== undefined) writeSecret(w, before, secret);
  const changes = changesOf(auditedOf(before), auditedOf(after));
  if (Object.keys(changes).length > 0) {
    const source = { id, name: after.name };
    auditSource(w, { actor, tenantSeq, type: "source.updated", source, changes, now });
  }
  if (secret !== undefined && secret.value !== before.secret) {
    auditSource(w, { actor, tenantSeq, type: "source.rotated", source: { id, name: after.name }, now });
  }
  return { kind: "patched", source: loadSource(w, before.seq) };
}

/** The settings of a source by the names of the API, such as `hmac.header`. None is a secret. */
function auditedOf({ name, eventType, hmac, basic }: SourceSettings): Record<string, unknown> {
  const parts = Object.entries({ event_type: eventType, hmac, basic });
  const fields = parts.flatMap(([part, values]) =>
    Object.entries(values ?? {}).map(([field, value]) => [`${part}.${snakeCase(field)}`, value] as const),
  );
  return { name, ...Object.fromEntries(fields) };
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

const UPDATE_SETTINGS = "UPDATE sources SET name = ?, settings = ?, updated_at = ? WHERE seq = ?";

function writeSettings(w: Writing, seq: Seq, settings: SourceSettings, now: EpochMs): void {
  w.prepare(UPDATE_SETTINGS).run(settings.name, settingsText(settings), now, seq);
}

const REPLACE_SECRET = `
  UPDATE sources
  SET previous_secret_sealed = CASE WHEN CAST(:until AS INTEGER) IS NOT NULL THEN secret_sealed END,
      previous_secret_until = :until,
      secret_sealed = :sealed
  WHERE seq = :seq`;
// Keep the previous secret: a repeated rotation must not end the overlap that the first one began.
const KEEP_SECRET = `
  UPDATE sources
  SET previous_secret_sealed = CASE WHEN CAST(:until AS INTEGER) IS NOT NULL THEN previous_secret_sealed END,
      previous_secret_until = CASE WHEN previous_secret_sealed IS NOT NULL THEN :until END
  WHERE seq = :seq`;

function writeSecret(w: Writing, { seq, secret }: Source, change: NonNullable<PatchSource["secret"]>): void {
  const until = change.previousUntil;
  if (change.value === secret) w.prepare(KEEP_SECRET).run({ seq, until });
  else w.prepare(REPLACE_SECRET).run({ seq, until, sealed: w.vault.seal(change.value) });
}

// ── Delete ──────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface DeleteSource {
  readonly actor: Actor;
  readonly tenantSeq: Seq;
  readonly id: Uuid;
  readonly now: EpochMs;
}

interface StoredSource {
  readonly seq: Seq;
  readonly name: string;
}

const LIVE = "SELECT seq, name FROM sources WHERE id = ? AND tenant_seq = ? AND deleted_at IS NULL";
const ERASE = `
  UPDATE sources
  SET deleted_at = ?, secret_sealed = NULL, previous_secret_sealed = NULL, previous_secret_until = NULL
  WHERE seq = ?`;

/** Reads no secret, so that a source whose secret does not decrypt can be deleted as well. */
export function deleteSource(w: Writing, { actor, tenantSeq, id, now }: DeleteSource): boolean {
  const found = one<StoredSource>(w, LIVE, uuidBytes(id), tenantSeq);
  if (found === undefined) return false;
  w.prepare(ERASE).run(now, found.seq);
  eraseCredentialsOf(w, found.seq);
  auditSource(w, { actor, tenantSeq, type: "source.deleted", source: { id, name: found.name }, now });
  return true;
}

interface SourceChange extends Pick<AuditEntry, "tenantSeq" | "actor" | "now"> {
  readonly type: "source.created" | "source.updated" | "source.rotated" | "source.deleted";
  readonly source: { readonly id: Uuid; readonly name: string };
  readonly changes?: AuditEntry["data"];
}

function auditSource(w: Writing, { source, changes, ...entry }: SourceChange): void {
  audit(w, { ...entry, subject: source.id, data: { sourceId: source.id, name: source.name, ...changes } });
}
