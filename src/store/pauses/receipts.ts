/** The receipt of a decision: what was asked, and what people chose, signed in the transaction of the ending. */
import { createHash } from "node:crypto";
import canonicalize from "canonicalize";
import { ID_PREFIX } from "../../domain/ids.ts";
import { JSON_DEPTH_MAX } from "../../domain/limits.ts";
import type { Ending } from "../../domain/pauses/pause.ts";
import { findJcsFault } from "../../domain/text/jcs-fault.ts";
import { wholeSeconds } from "../../domain/text/time.ts";
import { uuidText } from "../rows.ts";
import type { Writing } from "../writing.ts";
import { type PauseColumns, votesOf } from "./pause-rows.ts";
import { currentReceiptKey } from "./receipt-keys.ts";

type Decision = Extract<Ending, { readonly status: "responded" }>;

/**
 * The JSON text of the receipt. Null: no person decided.
 *
 * @param via where the signed-in user answered, if that was not with a session
 */
export function receiptOf(
  w: Writing,
  row: PauseColumns,
  ending: Ending,
  via: "user" | "slack" = "user",
): string | null {
  if (ending.status !== "responded") return null;
  const key = currentReceiptKey(w);
  const content = {
    version: 1,
    key_id: key.id,
    pause_id: ID_PREFIX.pause + uuidText(row.id),
    developer_id: ID_PREFIX.tenant + uuidText(row.tenant_id),
    question_hash: questionHash(row),
    metadata_hash: metadataHash(row.metadata ?? "null"),
    choice: ending.choice,
    text: ending.text,
    people: peopleOf(row, ending),
    via: ending.by === undefined ? "link" : via,
    asked_at: wholeSeconds(row.created_at),
    decided_at: wholeSeconds(ending.at),
  };
  return JSON.stringify({ ...content, signature: key.sign(canonicalize(content) ?? "") });
}

/** The users who decided or voted, with the email addresses that they had. */
function peopleOf(row: PauseColumns, { by, choice, at }: Decision): readonly object[] {
  const votes = votesOf(row);
  const decisions = votes.length > 0 || by === undefined ? votes : [{ ...by, choice, at }];
  return decisions.map((decision) => ({
    id: ID_PREFIX.user + decision.id,
    email: decision.email,
    choice: decision.choice,
    at: wholeSeconds(decision.at),
  }));
}

/** Over all that the person saw. */
function questionHash({ message, options, details }: PauseColumns): string {
  const question = {
    message,
    options: JSON.parse(options) as unknown,
    details: details === null ? [] : (JSON.parse(details) as unknown),
  };
  return sha256(canonicalize(question) ?? "");
}

/**
 * Over the canonical form (RFC 8785), or over the text itself if it has none: two texts with different values never have the
 * same hash, because a canonical text is its own canonical form.
 */
function metadataHash(text: string): string {
  const isExact = findJcsFault(text, JSON_DEPTH_MAX) === null;
  return sha256(isExact ? (canonicalize(JSON.parse(text)) ?? "") : text);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
