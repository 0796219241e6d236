/** One attempt with its request, which is rendered again, and with what it got. */
import { includesRole, type Role } from "../../domain/access/access.ts";
import { type HeaderList, parseStoredHeaders, type StoredHeaders } from "../../domain/delivery/stored-headers.ts";
import { parseTimings, type Timings } from "../../domain/delivery/timings.ts";
import { headersShownTo } from "../../domain/endpoints/redact.ts";
import { type HmacSha256, renderBody, renderHeaders } from "../../domain/formats/index.ts";
import type { Uuid } from "../../domain/ids.ts";
import type { Clock } from "../../ports/clock.ts";
import type { AttemptRow, DeliveryFacts, Store } from "../../ports/store.ts";
import type { Caller } from "../access/caller.ts";

export interface AttemptDetails {
  readonly attempt: AttemptRow;
  readonly deliveryId: Uuid;
  readonly request: RenderedRequest;
  readonly response: StoredHeaders;
  /** Null for an attempt of a version that did not measure it. */
  readonly timings: Timings | null;
}

export interface RenderedRequest {
  readonly headers: HeaderList;
  /** Byte for byte as it was sent. */
  readonly body: string;
  /** Why the headers may differ from those that were sent, in sentences. */
  readonly differs: readonly string[];
}

/** `then`: as the attempt was sent. `now`: with the present time, so that a receiver accepts it. */
export type SignedAs = "then" | "now";

/** How the request is signed, and for whom it is rendered. */
interface Shown {
  readonly signed: SignedAs;
  readonly role: Role;
}

export interface AttemptReaderOptions {
  readonly clock: Pick<Clock, "wallMs">;
  readonly store: Pick<Store, "findDeliveryFacts">;
  readonly hmac: HmacSha256;
  readonly userAgent: string;
}

export class AttemptReader {
  readonly #options: AttemptReaderOptions;

  constructor(options: AttemptReaderOptions) {
    this.#options = options;
  }

  /** Null when the tenant has no such delivery, or the delivery no such attempt. */
  async read({ tenantSeq, actor }: Caller, id: Uuid, number: number, signed: SignedAs): Promise<AttemptDetails | null> {
    const facts = await this.#options.store.findDeliveryFacts(tenantSeq, id);
    const attempt = facts?.attempts.find((each) => each.number === number);
    if (facts === null || attempt === undefined) return null;
    return {
      attempt,
      deliveryId: id,
      request: this.#render(facts, attempt, { signed, role: actor.role }),
      response: parseStoredHeaders(attempt.responseHeaders),
      timings: attempt.timings === null ? null : parseTimings(attempt.timings),
    };
  }

  #render(facts: DeliveryFacts, attempt: AttemptRow, shown: Shown): RenderedRequest {
    const { hmac, userAgent, clock } = this.#options;
    const { endpoint, event, format, row } = facts;
    const body = renderBody(format, event);
    const rendered = renderHeaders({
      format,
      event,
      deliveryId: row.id,
      attemptNumber: attempt.number,
      secrets: endpoint.secrets,
      customHeaders: headersShownTo(shown.role, endpoint.headers),
      now: shown.signed === "now" ? clock.wallMs() : attempt.startedAt,
      body,
      userAgent,
      hmac,
    });
    const headers = pairs(rendered);
    // A deleted endpoint has no secret, and a signature by an empty one would only mislead.
    const isErased = facts.endpointDeletedAt !== null;
    return {
      headers: [
        ...(endpoint.transport === "http" ? [hostOf(attempt.url === "" ? endpoint.url : attempt.url)] : []),
        ...(isErased ? headers.filter(([name]) => !name.toLowerCase().includes("signature")) : headers),
        ["content-length", String(Buffer.byteLength(body))],
      ],
      body,
      differs: differences(facts, attempt, shown),
    };
  }
}

function hostOf(url: string): readonly [string, string] {
  return ["host", new URL(url).host];
}

function differences({ endpoint, endpointDeletedAt }: DeliveryFacts, attempt: AttemptRow, shown: Shown): string[] {
  const found: string[] = [];
  if (endpointDeletedAt !== null) {
    found.push("The endpoint is deleted, and its secret and custom headers with it. The signatures are left out.");
  } else if (endpoint.updatedAt > attempt.startedAt) {
    found.push(
      "The endpoint was changed after this attempt. The secret that signed the request, and the custom headers, may have been others.",
    );
  }
  if (!includesRole(shown.role, "developer") && Object.keys(endpoint.headers).length > 0) {
    found.push("The values of the custom headers are hidden, because they may be credentials.");
  }
  if (shown.signed === "now")
    found.push("The timestamps and signatures are of now, so that a receiver accepts the request.");
  return found;
}

function pairs(alternating: readonly string[]): (readonly [string, string])[] {
  return alternating.flatMap((name, index) => (index % 2 === 0 ? [[name, alternating[index + 1] ?? ""] as const] : []));
}
