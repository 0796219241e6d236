/**
 * Whether a request is what it says, and what finding that out takes. Large bodies are looked at one at a time: each
 * next one only when it is known what came of the one before, so that there is no more of them than there is time for,
 * however many begin at once, and so that many genuine ones together pay for nothing but the first.
 */
import type { EpochMs, Uuid } from "../../domain/ids.ts";
import type { Rejection } from "../../domain/inbound/request.ts";
import { type Source, secretsAt } from "../../domain/inbound/source.ts";
import { LIGHT_BODY_BYTES_MAX } from "../../domain/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import type { InboundKind } from "../../ports/store.ts";
import type { PublicRequest } from "./inbound-service.ts";
import type { KnownSources } from "./known-sources.ts";
import { readBody, shownText } from "./pause-status.ts";
import type { Refusals } from "./refusals.ts";
import { embeddedFault } from "./schemes/jcs.ts";
import { verifyRequest } from "./verify.ts";

export interface Refused {
  readonly kind: InboundKind;
  /** Null: of nobody known. */
  readonly source: Source | null;
  readonly sourceName: string | null;
  readonly eventType: string | null;
  readonly rejection: Rejection;
  /** What was wrong, in brief: nothing that a stranger sends is worth a search for its cause. */
  readonly explanation: string;
}

export interface Verified {
  readonly kind: "verified";
  readonly source: Source;
  readonly now: EpochMs;
}

export interface VerifiedPauseStatus extends Verified {
  readonly fields: Readonly<Record<string, unknown>>;
}

type Verdict<V extends Verified> = V | { readonly kind: "refused"; readonly refused: Refused };
/** What comes too often, or takes too long, is not kept. */
type Judgement<V extends Verified> = Verdict<V> | { readonly kind: "tooMany" };

export type Verify = <V extends Verified>(
  request: PublicRequest,
  find: (look: Look) => Promise<Verdict<V>>,
) => Promise<Judgement<V>>;

const TOO_MANY = { kind: "tooMany" } as const;

type VerifyClock = Pick<Clock, "monotonicMs" | "now">;

export function createVerify(clock: VerifyClock, refusals: Refusals): Verify {
  let largeBefore: Promise<unknown> = Promise.resolve();

  async function verify<V extends Verified>(
    { address }: PublicRequest,
    find: (look: Look) => Promise<Verdict<V>>,
  ): Promise<Judgement<V>> {
    const look = new Look(clock);
    const verdict = await find(look);
    if (verdict.kind === "verified") refusals.proved(address);
    else if (!refusals.failed(address, look.workMs)) return TOO_MANY;
    return verdict;
  }

  return (request, find) => {
    const { address, body } = request;
    if (body.byteLength <= LIGHT_BODY_BYTES_MAX) return verify(request, find);
    const turn = largeBefore.then(() => (refusals.mayTry(address, body.byteLength) ? verify(request, find) : TOO_MANY));
    largeBefore = turn.catch(() => undefined);
    return turn;
  };
}

/** What looking at one request took: waiting for the store is no work. */
export class Look {
  workMs = 0;
  readonly #clock: VerifyClock;

  constructor(clock: VerifyClock) {
    this.#clock = clock;
  }

  now(): EpochMs {
    return this.#clock.now();
  }

  at<Found>(work: () => Found): Found {
    const startMs = this.#clock.monotonicMs();
    const found = work();
    this.workMs += this.#clock.monotonicMs() - startMs;
    return found;
  }
}

export async function verifyPauseStatus(
  sources: KnownSources,
  look: Look,
  request: PublicRequest,
): Promise<Verdict<VerifiedPauseStatus>> {
  const kind = "pauseStatus";
  const nobodys = { kind, source: null } as const;
  const body = look.at(() => readBody(request.body));
  if (body.kind === "unreadable") {
    const shown = { sourceName: null, eventType: null };
    return refused({ ...nobodys, ...shown, rejection: "body_unreadable", explanation: body.message });
  }
  const { fields } = body;
  const shown = { sourceName: shownText(fields.source), eventType: shownText(fields.event_type) };
  const named = typeof fields.source === "string" ? fields.source : null;
  const found = named === null ? null : await sources.byName(named);
  if (found === null || found.scheme !== "jcs") {
    // As for a source that there is: the answer must not tell the two apart.
    const fault = look.at(() => embeddedFault(request));
    const why =
      fault === null ? whyUnusable(named, found) : ({ rejection: "body_unreadable", explanation: fault } as const);
    return refused({ ...nobodys, ...shown, ...why });
  }
  const verdict = verify(look, request, found);
  return verdict.kind === "verified"
    ? { ...verdict, fields }
    : refused({ kind, source: found, ...shown, ...verdict.why });
}

export async function verifyAny(
  sources: KnownSources,
  look: Look,
  request: PublicRequest,
  sourceId: Uuid,
): Promise<Verdict<Verified>> {
  const source = await sources.byId(sourceId);
  const what = { kind: "any", source, sourceName: source?.name ?? null, eventType: null } as const;
  if (source === null) {
    return refused({ ...what, rejection: "source_unknown", explanation: "There is no source of this id." });
  }
  const verdict = verify(look, request, source);
  return verdict.kind === "verified" ? verdict : refused({ ...what, ...verdict.why });
}

type Why = Pick<Refused, "rejection" | "explanation">;

type Checked = Verified | { readonly kind: "rejected"; readonly why: Why };

function verify(look: Look, request: PublicRequest, source: Source): Checked {
  const now = look.now();
  const found = look.at(() => verifyRequest(source, secretsAt(source, now), request, now));
  if (found.kind === "verified") return { kind: "verified", source, now };
  return { kind: "rejected", why: { rejection: found.reason, explanation: found.explanation } };
}

function refused(what: Refused): { readonly kind: "refused"; readonly refused: Refused } {
  return { kind: "refused", refused: what };
}

function whyUnusable(named: string | null, found: Source | null): Why {
  if (named === null) {
    return { rejection: "source_unknown", explanation: "The field `source` is missing or is not a string." };
  }
  if (found === null) return { rejection: "source_unknown", explanation: "There is no source of this name." };
  const explanation = `This source's scheme is ${found.scheme}; only one of scheme jcs may send pause statuses.`;
  return { rejection: "source_unusable", explanation };
}
