/** What processing a record again comes to: of a valid one the same event anew, of a refused one what it says once it is verified. */
import type { Event } from "../../domain/delivery/event.ts";
import { cameThrough } from "../../domain/delivery/loops.ts";
import type { EpochMs, Uuid } from "../../domain/ids.ts";
import type { InboundRequest, Rejection } from "../../domain/inbound/request.ts";
import { expiredSecrets, type Source, secretsAt } from "../../domain/inbound/source.ts";
import type { DeletedSource, InboundRecord, KeptCredentials, Reprocess } from "../../ports/store.ts";
import { explainRejection } from "./explain/explain.ts";
import { contentDigest } from "./json/jcs.ts";
import { isOfCredentials } from "./kept-headers.ts";
import { hopsOf } from "./loops.ts";
import { faultsText, notificationOf, readBody, readFacts } from "./pause-status.ts";
import { readRequest } from "./payload/read.ts";
import { digestOf } from "./receiving.ts";
import { type Rejected, rejected } from "./schemes/claim.ts";
import { verifyRequest } from "./verify.ts";

export interface Failed {
  readonly kind: "failed";
  readonly reason: Rejection;
  /** Why only matters to whoever reads it: it may take a search. */
  explain(): string;
}

// ── A valid one ─────────────────────────────────────────────────────────────────────────────────────────────────────

export interface Published {
  readonly kind: "published";
  readonly event: Event | null;
  /** What its record shows as its type from now on; null: what it shows. */
  readonly eventType: string | null;
}

export interface PublishAgain {
  readonly record: InboundRecord;
  /** Also a deleted one, which verifies nothing any more. Null: nothing is left of it. */
  readonly source: DeletedSource | null;
  readonly eventId: Uuid;
  readonly now: EpochMs;
}

/** What it published, once more: a pause status word for word, anything else as the source's present settings have it. */
export function publishAgain({ record, source, eventId: id, now }: PublishAgain): Published | Failed {
  if (source === null) return failed("source_unknown", SOURCE_DELETED);
  const hops = hopsOf(record.raw);
  if (record.kind === "any") {
    const { eventType, payload } = readRequest(source, record.raw);
    const event = { id, tenantId: source.tenantId, type: eventType, payload, acceptedAt: now, pauseId: null };
    return { kind: "published", event: cameThrough(event, hops), eventType };
  }
  const { facts } = record;
  const named = { tenantId: source.tenantId, name: record.sourceName ?? source.name };
  const event = facts === null ? null : notificationOf({ id, recordId: record.id, source: named, facts, hops, now });
  return { kind: "published", event, eventType: null };
}

// ── A refused one ───────────────────────────────────────────────────────────────────────────────────────────────────

export interface Verified {
  readonly kind: "verified";
  readonly becomes: NonNullable<Reprocess["verified"]>;
  /** What it publishes. */
  eventOf(id: Uuid): Event | null;
}

export interface VerifyAgain {
  readonly record: InboundRecord;
  /** Of nobody's pause status the one that it names. Null: it is not known, or deleted. */
  readonly source: Source | null;
  /** For a source of scheme `basic`. */
  readonly credentials: KeptCredentials;
  /** As it is now: the one of its receipt may have been wrong. */
  readonly publicUrl: string;
  readonly now: EpochMs;
}

interface Question extends VerifyAgain {
  readonly source: Source;
}

const SOURCE_DELETED = "Its source is deleted.";
const SOURCE_UNKNOWN = "There is no source of its id.";
const SENDER_UNKNOWN = "There is no source of its name and of scheme jcs; only such a one may send pause statuses.";
const NOT_WHOLE = "Its body was not kept whole.";

/** Verified as of its receipt, with the source's present secrets. */
export function verifyAgain({ source, ...rest }: VerifyAgain): Verified | Failed {
  const { record } = rest;
  const isNobodys = record.tenantSeq === null;
  if (isNobodys && record.kind === "any") return failed("source_unknown", SOURCE_UNKNOWN);
  if (source === null) return isNobodys ? namesNobody(record) : failed("source_unknown", SOURCE_DELETED);
  if (record.bodyBytes > record.raw.body.byteLength) return failed("body_unreadable", NOT_WHOLE);
  if (isNobodys && !isNamedBy(record, source)) return failed("source_unknown", SENDER_UNKNOWN);
  return verify({ ...rest, source });
}

/** What names no source, or cannot be read, still does not. */
function namesNobody({ sourceName, rejection, explanation }: InboundRecord): Failed {
  if (sourceName !== null || rejection === null || explanation === null) {
    return failed("source_unknown", SENDER_UNKNOWN);
  }
  return failed(rejection, explanation);
}

/** A pause status is believed of scheme `jcs` alone: anybody may name any source, and one of `none` verifies whatever comes. */
function isNamedBy({ raw }: InboundRecord, { scheme, name }: Source): boolean {
  if (scheme !== "jcs") return false;
  const body = readBody(raw.body);
  return body.kind === "ok" && body.fields.source === name;
}

function verify(question: Question): Verified | Failed {
  const { record, source, now } = question;
  const lost = whyLost(question);
  if (lost !== null) return failed(record.rejection ?? "credentials_mismatch", lost);
  const came = asItCame(question);
  const request = atPresentUrl(came, question.publicUrl);
  const secrets = secretsAt(source, now);
  let verification = verifyRequest(source, secrets, request, record.receivedAt);
  if (verification.kind === "rejected" && request.url !== came.url) {
    verification = verifyRequest(source, secrets, came, record.receivedAt);
  }
  if (verification.kind === "rejected") {
    const refusal = asToldThen(question) ?? notKept(question, verification) ?? verification;
    const explain = () => explainRejection(source, secrets, request, refusal, expiredSecrets(source, now));
    return { kind: "failed", reason: refusal.reason, explain };
  }
  return record.kind === "any" ? verifiedAny(question) : verifiedPauseStatus(question);
}

/** Why what it was to be verified by is not there; null: it is, or never was. */
function whyLost({ record, source, credentials }: Question): string | null {
  if (source.scheme !== "basic" || record.rejection === "header_missing" || credentials.kind === "kept") return null;
  return credentials.kind === "none" ? NOT_KEPT : UNOPENABLE;
}

const NOT_KEPT = "Its password was not kept. Have its sender send it again.";
const UNOPENABLE =
  "Its password does not open: it was encrypted under another master key. Have its sender send it again.";

function asItCame({ record: { raw }, credentials }: Question): InboundRequest {
  if (credentials.kind !== "kept") return raw;
  return { ...raw, headers: { ...raw.headers, authorization: credentials.authorization } };
}

const PATH = "/in/";

/**
 * As it would come now. Schemes that sign the URL cannot verify what came while `SIGNALBOX_PUBLIC_URL` was wrong; nor what
 * came before the server moved, so the URL of its receipt is tried as well.
 */
function atPresentUrl(request: InboundRequest, publicUrl: string): InboundRequest {
  const { url } = request;
  const start = (url.split("?", 1)[0] ?? "").lastIndexOf(PATH);
  const present = start === -1 ? url : publicUrl + url.slice(start);
  return present === url ? request : { ...request, url: present };
}

/** While its source is as it was then, what was said of it holds, and was said with all its headers in sight. */
function asToldThen({ record, source }: Question): Rejected | null {
  const { rejection, explanation, receivedAt } = record;
  if (record.sourceId === null || source.updatedAt >= receivedAt) return null;
  // It was verified then: by a secret that has expired since.
  if (rejection === null || explanation === null || rejection === "fields_invalid") return null;
  return rejected(rejection, explanation);
}

/** A header that may hold credentials is kept only when it can be read as a signature: a missing one may have been there. */
function notKept({ record, source: { hmac } }: Question, { reason }: Rejected): Rejected | null {
  if (hmac === null || reason !== "header_missing" || !isOfCredentials(hmac.header.toLowerCase())) return null;
  const { rejection } = record;
  if (rejection === null || rejection === "header_missing") return null;
  const why = `What was in ${hmac.header} could not be read as a signature, and was not kept.`;
  return rejected(rejection, `${why} Have its sender send it again.`);
}

function verifiedAny({ record, source, now }: Question): Verified | Failed {
  const { eventType, payload, deliveryId, challenge } = readRequest(source, record.raw);
  if (challenge !== null) return failed("body_unreadable", "It asks whether anybody is there; it is no event.");
  const digest = digestOf(source, record.raw, deliveryId);
  const { tenantId } = source;
  return {
    kind: "verified",
    becomes: { ...ownerOf(source), eventType, facts: null, digest },
    eventOf(id) {
      const event = { id, tenantId, type: eventType, payload, acceptedAt: now, pauseId: null };
      return cameThrough(event, hopsOf(record.raw));
    },
  };
}

function verifiedPauseStatus({ record, source, now }: Question): Verified | Failed {
  const body = readBody(record.raw.body);
  if (body.kind === "unreadable") return failed("body_unreadable", body.message);
  const stated = readFacts(body.fields);
  if (stated.kind === "invalid") return failed("fields_invalid", faultsText(stated.faults));
  const { eventType, facts } = stated;
  return {
    kind: "verified",
    becomes: { ...ownerOf(source), eventType, facts, digest: contentDigest(record.raw.body) },
    eventOf: (id) => notificationOf({ id, recordId: record.id, source, facts, hops: hopsOf(record.raw), now }),
  };
}

function ownerOf({ seq, tenantSeq, name }: Source) {
  return { sourceSeq: seq, tenantSeq, sourceName: name };
}

function failed(reason: Rejection, explanation: string): Failed {
  return { kind: "failed", reason, explain: () => explanation };
}
