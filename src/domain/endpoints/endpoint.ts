/** Endpoints. An endpoint is one URL that receives deliveries, with its settings. */
import type { EpochMs, Seq, Uuid } from "../ids.ts";
import { LISTENER_IN_FLIGHT_COUNT_DEFAULT, MAX_IN_FLIGHT_DEFAULT } from "../limits.ts";

export const FORMATS = ["plain", "pausepoint", "pacspace", "standard"] as const;
/** The format of the body and headers; see docs/endpoints.md. */
export type Format = (typeof FORMATS)[number];

/** How deliveries reach an endpoint: posted to its URL, or over the stream of the program that listens. */
export type Transport = "http" | "stream";

export type EndpointStatus = "ACTIVE" | "PAUSED" | "DISABLED";

/** The group of routes that created an endpoint. It determines the defaults. */
export type EndpointSurface = "pauses" | "endpoints" | "dashboard";

/** Why an endpoint is DISABLED: a 410 response, the five-day rule, or a person. */
export type DisabledReason = "gone" | "no_success" | "manual";

/** The settings of an endpoint, with every field present. */
export interface EndpointSettings {
  readonly name: string;
  readonly url: string;
  readonly description: string | null;
  /** Exact event types, or prefixes that end in `.*`. Null matches every type. */
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
  readonly createdThrough: EndpointSurface;
  /** Fixed when the endpoint is created. */
  readonly transport: Transport;
  /** Whether its deliveries are sent. A listener to which nobody listens is PAUSED: see `chosenStatus`. */
  readonly status: EndpointStatus;
  /** When a person paused it. Null while it is PAUSED only because nobody listens. */
  readonly pausedAt: EpochMs | null;
  readonly disabledReason: DisabledReason | null;
  /**
   * Incremented when the URL, a secret or the status changes. Effects of attempts from an older generation are ignored.
   */
  readonly generation: number;
  readonly secrets: SigningSecrets;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
}

/** The parts of an endpoint that creating a delivery needs. */
export type MatchedEndpoint = Pick<Endpoint, "seq" | "id" | "status" | "format" | "ordered">;

/** The parts of an endpoint that sending a delivery needs. The filters are left out because they take up to 13 KB. */
export type Destination = Omit<Endpoint, "eventTypes" | "description">;

export function destinationOf({ eventTypes: _filters, description: _description, ...rest }: Endpoint): Destination {
  return rest;
}

/** The status that people chose. Nobody listens to a listener that is PAUSED without anybody having paused it. */
export function chosenStatus({ status, pausedAt }: Pick<Endpoint, "status" | "pausedAt">): EndpointStatus {
  return status === "PAUSED" && pausedAt === null ? "ACTIVE" : status;
}

/** The signing secret, and the previous one during a rotation's overlap. */
export interface SigningSecrets {
  readonly current: string;
  readonly previous: { readonly secret: string; readonly expiresAt: EpochMs } | null;
}

/** The default schedule of the pause and dashboard routes. It is the only one without jitter. */
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

/** The default settings of a listener: a person waits for what its program does. */
export const LISTENER_DEFAULTS: SettingsDefaults = {
  ...COMMON_DEFAULTS,
  timeoutSeconds: 30,
  retryScheduleSeconds: [2, 10, 60],
  format: "standard",
  maxInFlight: LISTENER_IN_FLIGHT_COUNT_DEFAULT,
};

/** The default settings of an endpoint created through these routes; see docs/endpoints.md. */
export function endpointDefaults(surface: EndpointSurface): SettingsDefaults {
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
