/** The types of the engine's listener service, as the API sees them. */
import type { QuotaExceeded } from "../../domain/access/quota.ts";
import type { Endpoint, EndpointSettings } from "../../domain/endpoints/endpoint.ts";
import type { EpochMs, Uuid } from "../../domain/ids.ts";
import type { AttemptReport, AttemptToMake } from "../../ports/sender.ts";
import type { EndpointView, ListenerBusy } from "../../ports/store.ts";
import type { Caller } from "../access/caller.ts";

export interface PutListenerInput {
  readonly name: string;
  readonly settings: Partial<Omit<EndpointSettings, "name" | "url">>;
  /** Null: an existing listener keeps its secret, and a new one gets a generated one. */
  readonly secret: string | null;
  /** Change nothing while somebody reads it. */
  readonly ifFree: boolean;
}

export type PutListenerOutput =
  | { readonly kind: "created"; readonly endpoint: Endpoint; readonly generatedSecret: string | null }
  | { readonly kind: "adopted"; readonly endpoint: Endpoint }
  | { readonly kind: "tooMany" }
  | ListenerBusy
  | QuotaExceeded;

export interface ListenInput {
  /** `ada@laptop` */
  readonly reader: string;
  /** The same for all connections of one process. */
  readonly session: string;
  readonly takeover: boolean;
  /** How many attempts the reader takes beyond `max_in_flight`. */
  readonly ahead: number;
}

/** Why the server ends a stream. The reader connects again, unless it was deleted. */
export type StreamEnd = "deleted" | "stopping" | "silent" | "replaced";

/** What a reader gets. After `displaced` and `end`, nothing follows. */
export type ReaderItem =
  | { readonly kind: "attempt"; readonly attempt: AttemptToMake }
  | { readonly kind: "over"; readonly token: string }
  | { readonly kind: "displaced"; readonly by: string | null; readonly at: EpochMs }
  | { readonly kind: "end"; readonly reason: StreamEnd }
  /** Keys or sessions were changed: check that the caller may still read. */
  | { readonly kind: "authorize" };

export type ListenOutput =
  | { readonly kind: "open"; readonly stream: ListenerStream }
  | ListenerBusy
  | { readonly kind: "unknown" };

export interface ListenerStream {
  /** The listener when the reader came. */
  readonly view: EndpointView;
  /** From now on attempts arrive. */
  start(): void;
  /** The reader has gone. */
  close(): void;
}

export interface ListenerService {
  /** Create a listener, or change the one that has this name. */
  put(caller: Caller, input: PutListenerInput): Promise<PutListenerOutput>;
  list(caller: Caller): Promise<readonly EndpointView[]>;
  /** Null when there is no such listener, also for an endpoint with a URL. */
  get(caller: Caller, id: Uuid): Promise<EndpointView | null>;
  /** Returns false when there is no such listener. */
  remove(caller: Caller, id: Uuid): Promise<boolean>;
  /** @param push takes what the reader gets, without waiting */
  listen(caller: Caller, id: Uuid, input: ListenInput, push: (item: ReaderItem) => void): Promise<ListenOutput>;
  /** Whether each report was in time. Null when there is no such listener. */
  report(caller: Caller, id: Uuid, reports: readonly AttemptReport[]): Promise<readonly boolean[] | null>;
}
