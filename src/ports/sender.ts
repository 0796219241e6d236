import type { Outcome, UnreachableReason } from "../domain/delivery/delivery.ts";
import type { HeaderList } from "../domain/delivery/stored-headers.ts";
import type { Timings } from "../domain/delivery/timings.ts";
import type { EpochMs, Seq, Uuid } from "../domain/ids.ts";

/** One HTTP POST. */
export interface SendRequest {
  /** A URL that was accepted at registration. The sender checks its addresses again when it connects. */
  readonly url: string;
  /** Header names and values, alternating. */
  readonly headers: readonly string[];
  /** The body as text; sent as UTF-8. */
  readonly body: string;
  /**
   * Whose request this is. Connections are kept alive for each owner separately, also where several tenants have
   * endpoints on one host: a receiver that responds out of order spoils only the deliveries of its own tenant.
   */
  readonly owner?: string;
  /** The total deadline, from the DNS lookup to the end of the response body. */
  readonly timeoutMs: number;
  /** The endpoint takes one request at a time, so all of them may use the same connection. */
  readonly oneByOne?: boolean;
  /** The attempt goes to the reader of a listener, and not to the URL. */
  readonly streamed?: StreamedAttempt;
}

export interface Sender {
  /** Make one attempt. Resolves with the outcome and never rejects. */
  send(request: SendRequest): Promise<Outcome>;
  /**
   * Decide whether an endpoint may be registered with this URL. Checks the URL's form, its literal address, and the
   * addresses that its name resolves to now. The lookup takes at most `REGISTRATION_DNS_MS`; a name that does not
   * resolve is accepted.
   */
  vet(url: string): Promise<UrlVerdict>;
  /** Stop every attempt in flight: each of them resolves with `aborted`. */
  abortAll(): void;
  /** Close idle connections and release everything. */
  close(): Promise<void>;
}

/** `reason` says which rule was broken, and which setting would allow the URL if there is one. */
export type UrlVerdict =
  | { readonly kind: "accepted"; readonly url: string }
  | { readonly kind: "refused"; readonly reason: string };

/** What the reader of a listener is told about an attempt, besides the request. */
export interface StreamedAttempt {
  readonly endpointSeq: Seq;
  /** Names the attempt in its report. Nobody can guess it. */
  readonly token: string;
  readonly deliveryId: Uuid;
  readonly eventId: Uuid;
  readonly eventType: string;
  readonly number: number;
  /** How many attempts the reader may make at a time. */
  readonly maxInFlight: number;
  /** A test starts at once, next to the other attempts. */
  readonly isTest: boolean;
}

/** An attempt for a reader to make. */
export interface AttemptToMake extends Pick<SendRequest, "headers" | "body" | "timeoutMs"> {
  readonly attempt: StreamedAttempt;
  readonly deadlineAt: EpochMs;
}

/** The program at the other end of a listener's stream. */
export interface AttemptReader {
  /** `ada@laptop` */
  readonly name: string;
  /** How many attempts it takes beyond those that it may make at a time. It starts them in the order in which they came. */
  readonly ahead: number;
  make(attempt: AttemptToMake): void;
  /** The attempt's deadline has passed. */
  over(token: string): void;
  /** It let a deadline pass without any report since the attempt was sent: it is asleep, or cut off. */
  fellSilent(): void;
}

/** What a reader saw of an attempt. */
export type AttemptReport = {
  readonly token: string;
  /** Null: nothing was measured. */
  readonly timings: Timings | null;
} & (
  | { readonly kind: "answered"; readonly httpStatus: number; readonly headers: HeaderList; readonly body: string }
  | { readonly kind: "unreachable"; readonly reason: UnreachableReason; readonly detail: string }
);

/** The readers of this node's listeners. */
export interface AttemptReaders {
  isRead(endpointSeq: Seq): boolean;
  /** How many attempts the reader takes beyond those that it may make at a time; null when it has all that it may have. */
  aheadOf(endpointSeq: Seq): number | null;
  /** From now on the listener's attempts go to this reader. */
  attach(endpointSeq: Seq, reader: AttemptReader): void;
  /** The reader has gone: its attempts are aborted, unless it was replaced before. */
  detach(endpointSeq: Seq, reader: AttemptReader): void;
  /** Returns false when the attempt is over, or not of this listener. */
  report(endpointSeq: Seq, report: AttemptReport): boolean;
}
