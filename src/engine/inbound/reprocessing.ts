/** What processing a record again would do: publish a valid one once more, or verify a refused one. */
import type { Event } from "../../domain/delivery/event.ts";
import { cameThrough } from "../../domain/delivery/loops.ts";
import { inTrace, traceContextIn } from "../../domain/delivery/trace-context.ts";
import type { EpochMs, Uuid } from "../../domain/ids.ts";
import type { InboundRequest, Rejection } from "../../domain/inbound/request.ts";
import { expiredSecrets, type Source, secretsAt } from "../../domain/inbound/source.ts";
import type { DeletedSource, InboundRecord, KeptCredentials, Reprocess } from "../../ports/store.ts";
import { repeatDigest } from "./digests.ts";
import { explainRejection } from "./explain/explain.ts";
import { contentDigest } from "./json/jcs.ts";
import { isOfCredentials } from "./kept-headers.ts";
import { hopsOf } from "./loops.ts";
import { faultsText, notificationOf, readBody, readFacts } from "./pause-status.ts";
import { parseRequest } from "./payload/parse-request.ts";
import { type Rejected, rejected } from "./schemes/signature.ts";
import { verifyRequest } from "./verify/verify.ts";

export interface Failed {
  readonly kind: "failed";
  readonly reason: Rejection;
  /** May search for the cause, so call it only when somebody reads the result. */
  explain(): string;
}

// ── A valid record ──────────────────────────────────────────────────────────────────────────────────────────────────

export interface Published {
  readonly kind: "published";
  readonly event: Event | null;
  /** The type that the record shows from now on; null leaves it unchanged. */
  readonly eventType: string | null;
}

export interface PublishAgain {
  readonly record: InboundRecord;
  /** May be deleted, since nothing is verified. Null when nothing of the source is left. */
  readonly source: DeletedSource | null;
  readonly eventId: Uuid;
  readonly now: EpochMs;
}

/** Publishes a pause status unchanged, and any other request by the source's current settings. */
export function publishAgain({ record, source, eventId: id, now }: PublishAgain): Published | Failed {
  if (source === null) return failed("source_unknown", SOURCE_DELETED);
  const hops = hopsOf(record.raw);
  const trace = traceContextIn(record.raw.headers);
  if (record.kind === "any") {
    const { eventType, payload } = parseRequest(source, record.raw);
    const event = { id, tenantId: source.tenantId, type: eventType, payload, acceptedAt: now, pauseId: null };
    return { kind: "published", event: inTrace(cameThrough(event, hops), trace), eventType };
  }
  const { facts } = record;
  const named = { tenantId: source.tenantId, name: record.sourceName ?? source.name };
  const notice = { id, recordId: record.id, source: named, hops, trace, now };
  const event = facts === null ? null : notificationOf({ ...notice, facts });
  return { kind: "published", event, eventType: null };
}

// ── A refused record ────────────────────────────────────────────────────────────────────────────────────────────────

export interface VerifiedRecord {
  readonly kind: "verified";
  readonly becomes: NonNullable<Reprocess["verified"]>;
  /** The event that the record publishes. */
  eventOf(id: Uuid): Event | null;
}

export interface VerifyAgain {
  readonly record: InboundRecord;
  /** For a pause status without a source, the source that it names. Null when the source is unknown or deleted. */
  readonly source: Source | null;
  /** For a source of scheme `basic`. */
  readonly credentials: KeptCredentials;
  /** The current one: the one at the receipt may have been wrong. */
  readonly publicUrl: string;
  readonly now: EpochMs;
}

interface Attempt extends VerifyAgain {
  readonly source: Source;
}

const SOURCE_DELETED = "The source is deleted.";
const ID_UNKNOWN = "There is no source with the ID in the URL.";
const NAME_UNKNOWN =
  "There is no source of scheme jcs with the name in the body; only a source of scheme jcs may send pause statuses.";
const BODY_CUT = "Only a part of the body was kept.";

/** Verify as of the receipt, with the source's current secrets. */
export function verifyAgain({ source, ...rest }: VerifyAgain): VerifiedRecord | Failed {
  const { record } = rest;
  const isNobodys = record.tenantSeq === null;
  if (isNobodys && record.kind === "any") return failed("source_unknown", ID_UNKNOWN);
  if (source === null) return isNobodys ? stillUnknown(record) : failed("source_unknown", SOURCE_DELETED);
  if (record.bodyBytes > record.raw.body.byteLength) return failed("body_unreadable", BODY_CUT);
  if (isNobodys && !isNamedBy(record, source)) return failed("source_unknown", NAME_UNKNOWN);
  return verify({ ...rest, source });
}

/** A record that names no source, or that cannot be read, keeps its first explanation. */
function stillUnknown({ sourceName, rejection, explanation }: InboundRecord): Failed {
  if (sourceName !== null || rejection === null || explanation === null) {
    return failed("source_unknown", NAME_UNKNOWN);
  }
  return failed(rejection, explanation);
}

/** Only scheme `jcs` may send pause statuses. Anybody may name any source, and scheme `none` would verify everything. */
function isNamedBy({ raw }: InboundRecord, { scheme, name }: Source): boolean {
  if (scheme !== "jcs") return false;
  const body = readBody(raw.body);
  return body.kind === "ok" && body.fields.source === name;
}

function verify(attempt: Attempt): VerifiedRecord | Failed {
  const { record, source, now } = attempt;
  const lost = whyCredentialsAreLost(attempt);
  if (lost !== null) return failed(record.rejection ?? "credentials_mismatch", lost);
  const received = withCredentials(attempt);
  const request = atCurrentUrl(received, attempt.publicUrl);
  const secrets = secretsAt(source, now);
  let verification = verifyRequest(source, secrets, request, record.receivedAt);
  if (verification.kind === "rejected" && request.url !== received.url) {
    verification = verifyRequest(source, secrets, received, record.receivedAt);
  }
  if (verification.kind === "rejected") {
    const refusal = firstRefusal(attempt) ?? headerNotKept(attempt, verification) ?? verification;
    const explain = () => explainRejection(source, secrets, request, refusal, expiredSecrets(source, now));
    return { kind: "failed", reason: refusal.reason, explain };
  }
  return record.kind === "any" ? verifiedAny(attempt) : verifiedPauseStatus(attempt);
}

/** Null when the credentials are there, or when the request never had any. */
function whyCredentialsAreLost({ record, source, credentials }: Attempt): string | null {
  if (source.scheme !== "basic" || record.rejection === "header_missing" || credentials.kind === "kept") return null;
  return credentials.kind === "none" ? PASSWORD_NOT_KEPT : PASSWORD_UNREADABLE;
}

const PASSWORD_NOT_KEPT = "The password was not kept. Ask the sender to send the request again.";
const PASSWORD_UNREADABLE =
  "The password cannot be decrypted: it was encrypted with another master key. Ask the sender to send the request again.";

function withCredentials({ record: { raw }, credentials }: Attempt): InboundRequest {
  if (credentials.kind !== "kept") return raw;
  return { ...raw, headers: { ...raw.headers, authorization: credentials.authorization } };
}

const PATH = "/in/";

/**
 * The request as it would arrive now. Schemes that sign the URL cannot verify what arrived while `SIGNALBOX_PUBLIC_URL`
 * was wrong. They cannot verify with the current URL what arrived before the server moved, so the caller tries both.
 */
function atCurrentUrl(request: InboundRequest, publicUrl: string): InboundRequest {
  const { url } = request;
  const start = (url.split("?", 1)[0] ?? "").lastIndexOf(PATH);
  const current = start === -1 ? url : publicUrl + url.slice(start);
  return current === url ? request : { ...request, url: current };
}

/** The refusal at the receipt, while the source is unchanged: it was made with all of the request's headers. */
function firstRefusal({ record, source }: Attempt): Rejected | null {
  const { rejection, explanation, receivedAt } = record;
  if (record.sourceId === null || source.updatedAt >= receivedAt) return null;
  // A request with `fields_invalid` was verified then, by a secret that has expired since.
  if (rejection === null || explanation === null || rejection === "fields_invalid") return null;
  return rejected(rejection, explanation);
}

/** A header that may hold credentials is kept only when it is a signature, so a missing one may have been there. */
function headerNotKept({ record, source: { hmac } }: Attempt, { reason }: Rejected): Rejected | null {
  if (hmac === null || reason !== "header_missing" || !isOfCredentials(hmac.header.toLowerCase())) return null;
  const { rejection } = record;
  if (rejection === null || rejection === "header_missing") return null;
  const why = `The value of ${hmac.header} was not a signature and was not kept.`;
  return rejected(rejection, `${why} Ask the sender to send the request again.`);
}

function verifiedAny({ record, source, now }: Attempt): VerifiedRecord | Failed {
  const { eventType, payload, deliveryId, challenge } = parseRequest(source, record.raw);
  if (challenge !== null)
    return failed("body_unreadable", "The sender only checks the URL with this request; it is not an event.");
  const { tenantId } = source;
  const digest = repeatDigest(source, record.raw, deliveryId);
  return {
    kind: "verified",
    becomes: { ...ownerOf(source), eventType, facts: null, digest },
    eventOf(id) {
      const event = { id, tenantId, type: eventType, payload, acceptedAt: now, pauseId: null };
      return inTrace(cameThrough(event, hopsOf(record.raw)), traceContextIn(record.raw.headers));
    },
  };
}

function verifiedPauseStatus({ record, source, now }: Attempt): VerifiedRecord | Failed {
  const body = readBody(record.raw.body);
  if (body.kind === "unreadable") return failed("body_unreadable", body.message);
  const stated = readFacts(body.fields);
  if (stated.kind === "invalid") return failed("fields_invalid", faultsText(stated.faults));
  const { eventType, facts } = stated;
  return {
    kind: "verified",
    becomes: { ...ownerOf(source), eventType, facts, digest: contentDigest(record.raw.body) },
    eventOf(id) {
      const trace = traceContextIn(record.raw.headers);
      return notificationOf({ id, recordId: record.id, source, facts, hops: hopsOf(record.raw), trace, now });
    },
  };
}

function ownerOf({ seq, tenantSeq, name }: Source) {
  return { sourceSeq: seq, tenantSeq, sourceName: name };
}

function failed(reason: Rejection, explanation: string): Failed {
  return { kind: "failed", reason, explain: () => explanation };
}
