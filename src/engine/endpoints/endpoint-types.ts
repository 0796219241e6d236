/** The types of the engine's endpoint service, as the API sees them. */

import type { QuotaExceeded } from "../../domain/access/quota.ts";
import type { Timings } from "../../domain/delivery/timings.ts";
import type { Endpoint, EndpointSettings, EndpointSurface } from "../../domain/endpoints/endpoint.ts";
import type { EndpointState } from "../../domain/endpoints/endpoint-state.ts";
import type { EpochMs, Uuid } from "../../domain/ids.ts";
import type { Detail } from "../../domain/pauses/pause.ts";
import type { Cursor, EndpointFilter, EndpointOffsetPage, EndpointPage, EndpointView } from "../../ports/store.ts";
import type { Caller } from "../access/caller.ts";

export interface CreateEndpointInput {
  readonly createdThrough: EndpointSurface;
  /** A null `name` becomes the URL's host. Missing fields take the surface's defaults. */
  readonly settings: Partial<Omit<EndpointSettings, "name" | "url">> & {
    readonly url: string;
    readonly name: string | null;
  };
  /** Null generates a secret. */
  readonly secret: string | null;
}

export type CreateEndpointOutput =
  | { readonly kind: "created"; readonly endpoint: Endpoint; readonly generatedSecret: string | null }
  | { readonly kind: "urlRefused"; readonly reason: string }
  | QuotaExceeded;

export interface PatchEndpointInput {
  readonly settings?: Partial<EndpointSettings>;
  readonly status?: "ACTIVE" | "PAUSED" | "DISABLED" | "toggle";
  readonly secret?: string;
  /** What a person approved: without effect if the endpoint is not so any more. */
  readonly shown?: readonly Detail[];
}

export type PatchEndpointOutput =
  | { readonly kind: "patched"; readonly view: EndpointView }
  /** No such endpoint, or none that is as `shown`. */
  | { readonly kind: "unknown" }
  /** A listener keeps its name, and has no URL. */
  | { readonly kind: "fixed"; readonly field: "name" | "url" }
  | { readonly kind: "urlRefused"; readonly reason: string };

export interface RotateSecretOutput {
  /** Null when the caller provided the secret. */
  readonly generatedSecret: string | null;
  /** When the previous secret stops being valid. Without an overlap this is now. */
  readonly previousExpiresAt: EpochMs;
}

/** What a test sends. The default is an event `test` with a short message. */
export type TestContent =
  | { readonly kind: "own"; readonly type: string | null; readonly payload: string | null }
  /** The type and payload of an event of the tenant. */
  | { readonly kind: "event"; readonly eventId: Uuid };

export interface TestOutput {
  readonly success: boolean;
  readonly httpStatus: number | null;
  /** A sentence for people: the event was sent, or what went wrong. */
  readonly message: string;
  /** Null when nothing was sent. */
  readonly sent: SentTest | null;
}

export interface SentTest {
  readonly deliveryId: Uuid;
  readonly latencyMs: number;
  readonly timings: Timings | null;
  /** A line for each stored header. */
  readonly responseHeaders: string | null;
  /** The beginning of the response's body. */
  readonly responseBody: string | null;
}

/** What this node knows about an endpoint that it sends to. Only `inFlight` includes other nodes. */
export interface EndpointActivity {
  readonly now: EpochMs;
  /** Other nodes' attempts are what they have leased, up to the endpoint's limit. */
  readonly inFlight: number;
  /** How many attempts may be in flight at once now; null when the endpoint is idle. */
  readonly window: number | null;
  /** Measured over one to two minutes. */
  readonly attemptsPerSecond: number;
  /** Deliveries that ended, measured likewise. */
  readonly endedPerSecond: number;
}

/** What a list of endpoints is limited to. Null conditions do not apply. */
export type EndpointSearch = Omit<EndpointFilter, "now">;

export interface EndpointService {
  /** @param leased how many deliveries of the endpoint all nodes have leased */
  activityOf(endpoint: Pick<Endpoint, "seq" | "tenantSeq" | "maxInFlight">, leased: number): EndpointActivity;
  /** Why an endpoint may not have this URL; null when it may. `create` and `patch` make the same check. */
  urlFault(url: string): Promise<string | null>;
  create(caller: Caller, input: CreateEndpointInput): Promise<CreateEndpointOutput>;
  get(caller: Caller, id: Uuid): Promise<EndpointView | null>;
  list(caller: Caller, cursor: Cursor | null, limit: number, search?: EndpointSearch | null): Promise<EndpointPage>;
  countStates(caller: Caller): Promise<Readonly<Record<EndpointState, number>>>;
  /** A page by its offset, and the total. */
  listFrom(caller: Caller, offset: number, limit: number): Promise<EndpointOffsetPage>;
  /** The ids among these that are not endpoints of the tenant. */
  unknown(caller: Caller, ids: readonly Uuid[]): Promise<readonly Uuid[]>;
  /**
   * The ids among these of endpoints whose filters do not match the type. Empty unless an agent calls: it sends its events
   * to no such endpoint, because one for people's decisions would get a signed payload that looks like a decision.
   */
  closedToAgent(caller: Caller, type: string, ids: readonly Uuid[]): Promise<readonly Uuid[]>;
  patch(caller: Caller, id: Uuid, input: PatchEndpointInput): Promise<PatchEndpointOutput>;
  remove(caller: Caller, id: Uuid): Promise<boolean>;
  rotateSecret(
    caller: Caller,
    id: Uuid,
    input: { readonly secret: string | null; readonly overlapSeconds: number },
  ): Promise<RotateSecretOutput | null>;
  /**
   * Sends a test event, whatever the endpoint's status, and waits for the response. Null when there is no such endpoint.
   */
  test(caller: Caller, id: Uuid, content: TestContent): Promise<TestOutput | "unknownEvent" | null>;
  /** The job's id; null when there is no such endpoint, or it is not as `shown`. */
  recover(caller: Caller, id: Uuid, since: EpochMs, shown?: readonly Detail[]): Promise<Uuid | null>;
}
