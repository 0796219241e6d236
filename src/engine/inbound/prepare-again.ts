/** What processing a record again comes to: of a valid one the same event anew, of a refused one what it says once it is verified. */
import type { Event } from "../../domain/event.ts";
import type { EpochMs, Uuid } from "../../domain/ids.ts";
import type { InboundRequest, Rejection } from "../../domain/inbound/request.ts";
import { expiredSecrets, type Source, secretsAt } from "../../domain/inbound/source.ts";
import type { InboundRecord, KeptCredentials, Reprocess } from "../../ports/store.ts";
import { explainRejection } from "./explain/explain.ts";
import { contentDigest } from "./jcs.ts";
import { notificationOf, readBody, readFacts } from "./pause-status.ts";
import { readRequest } from "./read.ts";
import { digestOf } from "./receiving.ts";
import { verifyRequest } from "./verify.ts";

export interface Failed {
  readonly kind: "failed";
  readonly reason: Rejection;
  explain(): string;
}

export type Prepared =
  | { readonly kind: "ready"; readonly event: Event | null; readonly verified: Reprocess["verified"] }
  | Failed;

export interface Again {
  readonly record: InboundRecord;
  /** Null: it is not known, or deleted. */
  readonly source: Source | null;
  /** Of a refused one whose source is of scheme `basic`. */
  readonly credentials: KeptCredentials;
  uuid(): Uuid;
  readonly now: EpochMs;
}

export function prepareAgain({ source, ...again }: Again): Prepared {
  const { valid } = again.record;
  if (source !== null) return valid ? prepareValid({ ...again, source }) : prepareRefused({ ...again, source });
  return failed("source_unknown", valid ? SOURCE_DELETED : SOURCE_UNKNOWN);
}

const SOURCE_DELETED = "Its source is deleted.";
const SOURCE_UNKNOWN = "It came from no source that is known, or its source is deleted.";

interface AgainOfSource extends Again {
  readonly source: Source;
}

/** What it published, once more. */
function prepareValid(again: AgainOfSource): Prepared {
  return { kind: "ready", event: eventOf(again), verified: null };
}

/** Verified as of its receipt, with the source's present secrets. */
function prepareRefused(again: AgainOfSource): Prepared {
  const { record, source } = again;
  if (record.bodyBytes > record.raw.body.byteLength) return failed("body_unreadable", "Its body was not kept whole.");
  const lost = whyLost(again);
  if (lost !== null) return failed(record.rejection ?? "credentials_mismatch", lost);
  const request = asItCame(again);
  const secrets = secretsAt(source, again.now);
  const verification = verifyRequest(source, secrets, request, record.receivedAt);
  if (verification.kind === "rejected") {
    const expired = expiredSecrets(source, again.now);
    const explain = () => explainRejection(source, secrets, request, verification, expired);
    return { kind: "failed", reason: verification.reason, explain };
  }
  return record.kind === "any" ? prepareAny(again) : preparePauseStatus(again);
}

/** Why what it was to be verified by is not there; null: it is, or never was. */
function whyLost({ record, source, credentials }: AgainOfSource): string | null {
  if (source.scheme !== "basic" || record.rejection === "header_missing" || credentials.kind === "kept") return null;
  return credentials.kind === "none" ? NOT_KEPT : UNOPENABLE;
}

const NOT_KEPT = "Its password was not kept. Have its sender send it again.";
const UNOPENABLE =
  "Its password does not open: it was encrypted under another master key. Have its sender send it again.";

function asItCame({ record: { raw }, credentials }: AgainOfSource): InboundRequest {
  if (credentials.kind !== "kept") return raw;
  return { ...raw, headers: { ...raw.headers, authorization: credentials.authorization } };
}

function prepareAny(again: AgainOfSource): Prepared {
  const { record, source } = again;
  const { eventType, deliveryId, challenge } = readRequest(source, record.raw);
  if (challenge !== null) return failed("body_unreadable", "It asks whether anybody is there; it is no event.");
  const digest = digestOf(source, record.raw, deliveryId);
  const verified = { ...ownerOf(source), eventType, facts: null, digest };
  return { kind: "ready", event: eventOf(again), verified };
}

function preparePauseStatus({ record, source, uuid, now }: AgainOfSource): Prepared {
  const body = readBody(record.raw.body);
  if (body.kind === "unreadable") return failed("body_unreadable", body.message);
  const stated = readFacts(body.fields);
  if (stated.kind === "invalid") {
    return failed("fields_invalid", stated.faults.map(({ field, rule }) => `${field} ${rule}`).join("; "));
  }
  const { eventType, facts } = stated;
  const event = notificationOf({ id: uuid(), recordId: record.id, source, facts, now });
  const verified = { ...ownerOf(source), eventType, facts, digest: contentDigest(record.raw.body) };
  return { kind: "ready", event, verified };
}

function ownerOf({ seq, tenantSeq, name }: Source) {
  return { sourceSeq: seq, tenantSeq, sourceName: name };
}

function eventOf({ record, source, uuid, now }: AgainOfSource): Event | null {
  const { facts } = record;
  if (record.kind === "pauseStatus") {
    return facts === null ? null : notificationOf({ id: uuid(), recordId: record.id, source, facts, now });
  }
  const { eventType, payload } = readRequest(source, record.raw);
  return { id: uuid(), tenantId: source.tenantId, type: eventType, payload, acceptedAt: now, pauseId: null };
}

function failed(reason: Rejection, explanation: string): Failed {
  return { kind: "failed", reason, explain: () => explanation };
}
