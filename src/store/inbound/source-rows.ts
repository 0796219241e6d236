/** Reads source rows, for every verb that needs one. */
import type { EpochMs, Seq } from "../../domain/ids.ts";
import type { Scheme, Source, SourceSettings } from "../../domain/inbound/source.ts";
import { one, type ReadConnection } from "../read-connection.ts";
import { uuidText } from "../rows.ts";

/** The columns for `readSource`, of a table that the query names `sources s`. */
export const SOURCE_COLUMNS = `
  s.seq, s.id, s.tenant_seq, (SELECT t.id FROM tenants t WHERE t.seq = s.tenant_seq) AS tenant_id, s.name, s.scheme,
  s.settings, s.secret_sealed, s.previous_secret_sealed, s.previous_secret_until, s.created_at, s.updated_at`;

export interface SourceColumns {
  readonly seq: Seq;
  readonly id: Uint8Array;
  readonly tenant_seq: Seq;
  readonly tenant_id: Uint8Array;
  readonly name: string;
  readonly scheme: Scheme;
  readonly settings: string;
  readonly secret_sealed: Uint8Array | null;
  readonly previous_secret_sealed: Uint8Array | null;
  readonly previous_secret_until: EpochMs | null;
  readonly created_at: EpochMs;
  readonly updated_at: EpochMs;
}

/** The content of the column `settings`. */
type SettingsText = Pick<SourceSettings, "eventType" | "hmac" | "basic">;

export function settingsText({ eventType, hmac, basic }: SettingsText): string {
  return JSON.stringify({ eventType, hmac, basic } satisfies SettingsText);
}

export function readSource({ vault }: Pick<ReadConnection, "vault">, row: SourceColumns): Source {
  const { secret_sealed: secret, previous_secret_sealed: previous, previous_secret_until: until } = row;
  return {
    seq: row.seq,
    id: uuidText(row.id),
    tenantSeq: row.tenant_seq,
    tenantId: uuidText(row.tenant_id),
    name: row.name,
    scheme: row.scheme,
    ...(JSON.parse(row.settings) as SettingsText),
    secret: secret === null ? null : vault.open(secret),
    previousSecret: previous === null || until === null ? null : { secret: vault.open(previous), until },
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

const BY_SEQ = `SELECT ${SOURCE_COLUMNS} FROM sources s WHERE s.seq = ?`;

/** @throws when there is none. Callers have sequences only of sources that exist. */
export function loadSource(connection: ReadConnection, seq: Seq): Source {
  const row = one<SourceColumns>(connection, BY_SEQ, seq);
  if (row === undefined) throw new Error(`no source ${seq}`);
  return readSource(connection, row);
}
