/** findReaders: who reads which listener. */
import type { Seq, Uuid } from "../../domain/ids.ts";
import type { ListenerReader } from "../../ports/store.ts";
import { all, type ReadConnection } from "../read-connection.ts";
import { uuidText } from "../rows.ts";

const BY_SEQ = `
  SELECT endpoint_seq, connection, reader
  FROM listeners
  WHERE endpoint_seq IN (SELECT CAST(value AS INTEGER) FROM json_each(?))`;

interface ReaderColumns {
  readonly endpoint_seq: Seq;
  readonly connection: Uint8Array | null;
  readonly reader: string | null;
}

export function findReaders(connection: ReadConnection, endpointSeqs: readonly Seq[]): ListenerReader[] {
  return all<ReaderColumns>(connection, BY_SEQ, JSON.stringify(endpointSeqs)).map((row) => ({
    endpointSeq: row.endpoint_seq,
    connection: connectionOf(row.connection),
    reader: row.reader,
  }));
}

function connectionOf(bytes: Uint8Array | null): Uuid | null {
  return bytes === null ? null : uuidText(bytes);
}
