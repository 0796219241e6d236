/** The types of listeners, and of a program that listens. */
import type { SignalboxError } from "../errors.ts";
import type { Endpoint, EndpointInput, EndpointStatus } from "../types.ts";

/** A listener, or changes of the one that has this name. What is left out stays, or gets its default. */
export type ListenerInput = Omit<EndpointInput, "url" | "name"> & {
  /** For example `cli/ada@laptop`. A listener keeps its name. */
  readonly name: string;
  /** While somebody listens, change nothing, and fail with 409 `LISTENER_BUSY`. */
  readonly if_free?: boolean | undefined;
};

/** A listener is an endpoint without a URL. */
export interface Listener extends Endpoint {
  /** Present only if the server generated it now. It is never shown again. */
  readonly secret?: string;
}

/** Why there is no response from the program that an attempt was for. */
export type ListenFailure =
  | "dns_not_found"
  | "dns_timeout"
  | "dns_error"
  | "connect_refused"
  | "connect_timeout"
  | "connect_error"
  | "tls_error"
  | "reset"
  | "response_timeout"
  | "answer_head_too_large"
  | "protocol_error";

/** In whole milliseconds. */
export interface ListenTimings {
  readonly dns_ms?: number | null;
  readonly connect_ms?: number | null;
  readonly tls_ms?: number | null;
  /** From the request to the first byte of the response. */
  readonly first_byte_ms?: number | null;
}

/** What an attempt got. It is the attempt's outcome, as if the server had posted the request to a URL. */
export type ListenAnswer =
  | {
      /** 2xx is a success, 410 ends the delivery and disables the listener, 429 and 503 may have `retry-after`, … */
      readonly status: number;
      readonly headers?: readonly (readonly [name: string, value: string])[] | undefined;
      /** The history shows its beginning. */
      readonly body?: string | undefined;
      readonly timings?: ListenTimings | undefined;
    }
  | {
      readonly failure: ListenFailure;
      /** What happened, for people. */
      readonly detail?: string | undefined;
      readonly timings?: ListenTimings | undefined;
    };

/** One attempt of one delivery, rendered and signed by the server. Pass headers and body to `verify` unchanged. */
export interface ListenRequest {
  readonly deliveryId: string;
  /** The event's id, which is also the `webhook-id`: the same on every attempt and replay. */
  readonly eventId: string;
  readonly eventType: string;
  readonly attemptNumber: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  readonly timeoutMs: number;
  /** By the server's clock. */
  readonly deadlineAt: Date;
  /** Somebody tests the listener: there is no retry. */
  readonly isTest: boolean;
  /**
   * Aborts when the attempt is over: at its timeout, and when the stream is lost. An answer that the handler returns at once
   * still counts at a timeout, and an error that it throws then is the timeout.
   */
  readonly signal: AbortSignal;
}

/** Makes an attempt. An error that it throws counts as a response with the status 500. */
export type ListenHandler = (request: ListenRequest) => ListenAnswer | Promise<ListenAnswer>;

/** What happens while a program listens. */
export type ListenStatus =
  | {
      readonly kind: "connected";
      readonly name: string;
      /** `PAUSED`: a person paused the listener, and nothing arrives until somebody resumes it. */
      readonly status: EndpointStatus;
      /** The deliveries that wait now. */
      readonly waiting: { readonly count: number; readonly more: boolean };
      /** When the first of them was created. */
      readonly waitingSince: Date | null;
      /** False for the first connection. */
      readonly again: boolean;
    }
  | { readonly kind: "reconnecting"; readonly inMs: number; readonly error: SignalboxError | null }
  | { readonly kind: "attemptStarted"; readonly request: ListenRequest }
  | {
      readonly kind: "attemptEnded";
      readonly request: ListenRequest;
      readonly answer: ListenAnswer;
      /** Whether the answer was in time. If not, the server makes the attempt again where the schedule allows it. */
      readonly accepted: boolean;
      readonly latencyMs: number;
    }
  /** `deadline`: the server counts a timeout. `lost`: the stream broke, so the attempt is not counted. */
  | { readonly kind: "attemptOver"; readonly request: ListenRequest; readonly reason: "deadline" | "lost" };

export interface ListenOptions {
  /** The listener's id, `ep_…`, from `listeners.put`. */
  readonly listener: string;
  /** Who listens, for people: 1 to 64 of `A-Z a-z 0-9 _ . @ : + / -`, such as `ada@laptop`. */
  readonly reader: string;
  /** Displace another reader at the first connection. Without it, the error is 409 `LISTENER_BUSY`. */
  readonly takeover?: boolean | undefined;
  /** Ends it: nothing more is started, and what runs may end within two seconds. */
  readonly signal?: AbortSignal | undefined;
  readonly onStatus?: ((status: ListenStatus) => void) | undefined;
}

/** Why `listen` has ended. */
export type ListenEnd =
  | { readonly reason: "aborted" }
  /** Another program listens now. */
  | { readonly reason: "displaced"; readonly by: string | null }
  | { readonly reason: "deleted" };
