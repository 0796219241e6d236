/**
 * getCredentials, and the credentials of refused requests. They are kept encrypted until the request is verified or
 * deleted.
 */
import type { Seq, Uuid } from "../../domain/ids.ts";
import type { KeptCredentials } from "../../ports/store.ts";
import { one, type ReadConnection } from "../read-connection.ts";
import { uuidBytes } from "../rows.ts";
import type { Writing } from "../writing.ts";

const CREDENTIALS = `
  SELECT i.valid, c.sealed
  FROM inbound i LEFT JOIN inbound_credentials c ON c.inbound_seq = i.seq
  WHERE i.id = ?`;

interface CredentialsColumns {
  readonly valid: number;
  readonly sealed: Uint8Array | null;
}

export function getCredentials(connection: ReadConnection, id: Uuid): KeptCredentials | null {
  const row = one<CredentialsColumns>(connection, CREDENTIALS, uuidBytes(id));
  if (row === undefined || row.valid === 1) return null;
  if (row.sealed === null) return { kind: "none" };
  try {
    return { kind: "kept", authorization: connection.vault.open(row.sealed) };
  } catch {
    return { kind: "unopenable" };
  }
}

// If the source was deleted meanwhile, there is no reason to keep them.
const KEEP = `
  INSERT INTO inbound_credentials (inbound_seq, sealed)
  SELECT ?, ?
  WHERE EXISTS (SELECT 1 FROM sources WHERE seq = ? AND deleted_at IS NULL)`;

export function keepCredentials(w: Writing, inboundSeq: Seq, sourceSeq: Seq, credentials: string): void {
  w.prepare(KEEP).run(inboundSeq, w.vault.seal(credentials), sourceSeq);
}

/** For a record that is deleted, or that is valid now. */
export function eraseCredentials(w: Writing, inboundSeq: Seq): void {
  w.prepare("DELETE FROM inbound_credentials WHERE inbound_seq = ?").run(inboundSeq);
}

// No more than are kept per source.
const ERASE_OF_SOURCE = `
  DELETE FROM inbound_credentials
  WHERE inbound_seq IN (SELECT seq FROM inbound INDEXED BY inbound_refused WHERE source_seq = ? AND valid = 0)`;

export function eraseCredentialsOf(w: Writing, sourceSeq: Seq): void {
  w.prepare(ERASE_OF_SOURCE).run(sourceSeq);
}
