/** Whether a request at a public route is what it claims to be, and what is recorded of it when it is not. */
import type { EpochMs, Uuid } from "../../../domain/ids.ts";
import type { Rejection } from "../../../domain/inbound/request.ts";
import { type Source, secretsAt } from "../../../domain/inbound/source.ts";
import type { InboundKind } from "../../../ports/store.ts";
import type { PublicRequest } from "../inbound-types.ts";
import type { KnownSources } from "../known-sources.ts";
import { readBody, shownText } from "../pause-status.ts";
import { embeddedFault } from "../schemes/jcs.ts";
import type { WorkTimer } from "./bounded-verifier.ts";
import { verifyRequest } from "./verify.ts";

export interface Refusal {
  readonly kind: InboundKind;
  /** Null when the request names no known source. */
  readonly source: Source | null;
  readonly sourceName: string | null;
  readonly eventType: string | null;
  readonly rejection: Rejection;
  /** What was wrong, in brief. The server does not search for the cause of what an unknown sender sends. */
  readonly explanation: string;
}

type Refused = { readonly kind: "refused"; readonly refusal: Refusal };

export interface Verified {
  readonly kind: "verified";
  readonly source: Source;
  readonly now: EpochMs;
}

export interface VerifiedPauseStatus extends Verified {
  readonly fields: Readonly<Record<string, unknown>>;
}

export async function verifyPauseStatus(
  sources: KnownSources,
  timer: WorkTimer,
  request: PublicRequest,
): Promise<VerifiedPauseStatus | Refused> {
  const kind = "pauseStatus";
  const body = timer.measure(() => readBody(request.body));
  if (body.kind === "unreadable") {
    const nobody = { kind, source: null, sourceName: null, eventType: null } as const;
    return refused(nobody, { rejection: "body_unreadable", explanation: body.message });
  }
  const { fields } = body;
  const shown = { kind, sourceName: shownText(fields.source), eventType: shownText(fields.event_type) } as const;
  const named = typeof fields.source === "string" ? fields.source : null;
  const source = named === null ? null : await sources.byName(named);
  if (source === null || source.scheme !== "jcs") {
    // The body is checked as if the source existed: the response must not show whether it does.
    const fault = timer.measure(() => embeddedFault(request));
    const reason: Reason =
      fault === null ? whyUnusable(named, source) : { rejection: "body_unreadable", explanation: fault };
    return refused({ ...shown, source: null }, reason);
  }
  const result = verifyBySource(timer, request, source);
  return result.kind === "verified" ? { ...result, fields } : refused({ ...shown, source }, result.reason);
}

export async function verifyAtSource(
  sources: KnownSources,
  timer: WorkTimer,
  request: PublicRequest,
  sourceId: Uuid,
): Promise<Verified | Refused> {
  const source = await sources.byId(sourceId);
  const shown = { kind: "any", source, sourceName: source?.name ?? null, eventType: null } as const;
  if (source === null) {
    return refused(shown, { rejection: "source_unknown", explanation: "There is no source with this ID." });
  }
  const result = verifyBySource(timer, request, source);
  return result.kind === "verified" ? result : refused(shown, result.reason);
}

type Reason = Pick<Refusal, "rejection" | "explanation">;

function verifyBySource(
  timer: WorkTimer,
  request: PublicRequest,
  source: Source,
): Verified | { readonly kind: "rejected"; readonly reason: Reason } {
  const now = timer.now();
  const verification = timer.measure(() => verifyRequest(source, secretsAt(source, now), request, now));
  if (verification.kind === "verified") return { kind: "verified", source, now };
  const { reason: rejection, explanation } = verification;
  return { kind: "rejected", reason: { rejection, explanation } };
}

function refused(request: Omit<Refusal, "rejection" | "explanation">, reason: Reason): Refused {
  return { kind: "refused", refusal: { ...request, ...reason } };
}

function whyUnusable(named: string | null, source: Source | null): Reason {
  if (named === null) {
    return { rejection: "source_unknown", explanation: "The field `source` is missing or is not a string." };
  }
  if (source === null) return { rejection: "source_unknown", explanation: "There is no source with this name." };
  const explanation = `This source's scheme is ${source.scheme}; only a source of scheme jcs may send pause statuses.`;
  return { rejection: "source_unusable", explanation };
}
