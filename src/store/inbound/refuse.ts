/** refuse: records a request that failed verification, within limits of their own. */
import { REFUSED_BODY_BYTES_MAX } from "../../domain/limits.ts";
import type { Refuse } from "../../ports/store.ts";
import { one } from "../read-connection.ts";
import { uuidBytes } from "../rows.ts";
import type { Writing } from "../writing.ts";
import { eraseCredentials, keepCredentials } from "./credentials.ts";
import { insertInbound } from "./rows.ts";

const IS_THERE = "SELECT 1 FROM inbound WHERE id = ?";

export function refuseOne(w: Writing, request: Refuse): void {
  const { source, raw, credentials, rejection, explanation, ...row } = request;
  // Looked for only where it can matter: a repeated call first fails on its unique id.
  if (w.mode.careful && one(w, IS_THERE, uuidBytes(row.id)) !== undefined) return;
  const seq = insertInbound(w, {
    ...row,
    sourceSeq: source?.seq ?? null,
    tenantSeq: source?.tenantSeq ?? null,
    facts: null,
    refused: { rejection, explanation },
    raw: source === null ? { ...raw, body: raw.body.subarray(0, REFUSED_BODY_BYTES_MAX) } : raw,
  });
  if (source !== null && credentials !== null) keepCredentials(w, seq, source.seq, credentials);
  for (const going of w.memory.refusals.entered(source?.seq ?? null, row.address, seq)) {
    w.prepare("DELETE FROM inbound WHERE seq = ?").run(going);
    eraseCredentials(w, going);
  }
}
