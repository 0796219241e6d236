/** Endpoints: one URL that receives deliveries, and how it wants them. */
import type { EpochMs, Seq, Uuid } from "../ids.ts";
import { MAX_IN_FLIGHT_DEFAULT } from "../limits.ts";

export const FORMATS = ["plain", "pausepoint", "pacspace", "standard"] as const;
/** What goes over the wire; see the contract's section 5. */
export type Format = (typeof FORMATS)[number];

export type EndpointStatus = "ACTIVE" | "PAUSED" | "DISABLED";

/** Where an endpoint was made; it fixes the defaults. */
export type Surface = "pauses" | "endpoints" | "dashboard";

/** Why an endpoint is DISABLED: a 410 answer, the five-day rule, or a person. */
export type DisabledReason = "gone" | "no_success" | "manual";

/** What a caller can set, all fields present. */
export interface EndpointSettings {
  readonly name: string;
  readonly url: string;
  readonly description: string | null;
  /** Exact event types or prefixes with `.*`; null is all. */
  readonly eventTypes: readonly string[] | null;
  readonly format: Format;
  readonly headers: Readonly<Record<string, string>>;
  /** 1 to 30. */
  readonly timeoutSeconds: number;
  /** One wait per retry. */
  readonly retryScheduleSeconds: readonly number[];
  readonly rateLimitPerSecond: number | null;
  /** 1 to 256. */
  readonly maxInFlight: number;
  readonly ordered: boolean;
}

export interface Endpoint extends EndpointSettings {
  readonly id: Uuid;
  readonly seq: Seq;
  readonly tenantId: Uuid;
  readonly tenantSeq: Seq;
  readonly madeBy: Surface;
  readonly status: EndpointStatus;
  readonly pausedAt: EpochMs | null;
  readonly disabledReason: DisabledReason | null;
  /** Raised by a change of URL, secret or status: effects of older attempts no longer apply. */
  readonly generation: number;
  readonly secrets: SigningSecrets;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
}

/** As much of an endpoint as its deliveries are made from. */
export type MatchedEndpoint = Pick<Endpoint, "seq" | "id" | "status" | "format" | "ordered">;

/** As much of an endpoint as its deliveries are sent with. Without the filters, which take up to 13 KB. */
export type Destination = Omit<Endpoint, "eventTypes" | "description">;

export function destinationOf({ eventTypes: _filters, description: _description, ...rest }: Endpoint): Destination {
  return rest;
}

/** The signing secret, and the one before it while a rotation's overlap lasts. */
export interface SigningSecrets {
  readonly current: string;
  readonly previous: { readonly secret: string; readonly expiresAt: EpochMs } | null;
}

/** The pause and dashboard surfaces' schedule; the one without jitter. */
export const SHORT_RETRY_SCHEDULE_SECONDS: readonly number[] = [30, 60, 120];
const LONG_RETRY_SCHEDULE_SECONDS: readonly number[] = [5, 300, 1800, 7200, 18_000, 36_000, 36_000];

type SettingsDefaults = Omit<EndpointSettings, "name" | "url">;

const COMMON_DEFAULTS = {
  description: null,
  eventTypes: null,
  headers: {},
  rateLimitPerSecond: null,
  maxInFlight: MAX_IN_FLIGHT_DEFAULT,
  ordered: false,
} as const;

/** The settings of an endpoint made on this surface without them (contract, section 4). */
export function endpointDefaults(surface: Surface): SettingsDefaults {
  switch (surface) {
    case "pauses":
      return {
        ...COMMON_DEFAULTS,
        timeoutSeconds: 5,
        retryScheduleSeconds: SHORT_RETRY_SCHEDULE_SECONDS,
        format: "pausepoint",
      };
    case "dashboard":
      return {
        ...COMMON_DEFAULTS,
        timeoutSeconds: 5,
        retryScheduleSeconds: SHORT_RETRY_SCHEDULE_SECONDS,
        format: "pacspace",
      };
    case "endpoints":
      return {
        ...COMMON_DEFAULTS,
        timeoutSeconds: 10,
        retryScheduleSeconds: LONG_RETRY_SCHEDULE_SECONDS,
        format: "plain",
      };
  }
}
