import type { Outcome } from "../domain/delivery/delivery.ts";

/** One HTTP POST. */
export interface SendRequest {
  /** A URL that was accepted at registration; its addresses are checked again in the connect. */
  readonly url: string;
  /** Header names and values in turn. */
  readonly headers: readonly string[];
  /** The body's text; sent as UTF-8. */
  readonly body: string;
  /**
   * Who the request is for. Connections are kept alive for each owner apart: a receiver that answers out of turn spoils
   * only the deliveries of its own tenant, also where several tenants have endpoints on one host.
   */
  readonly owner?: string;
  /** The total deadline, from DNS to the answer's head and body. */
  readonly timeoutMs: number;
}

export interface Sender {
  /** Make one attempt. Resolves with what happened, whatever happens; never rejects. */
  send(request: SendRequest): Promise<Outcome>;
  /**
   * Decide whether an endpoint may be registered with this URL: its form, its literal address, or the addresses that
   * its name has now (waiting at most `REGISTRATION_DNS_MS`; a name without any is accepted).
   */
  vet(url: string): Promise<UrlVerdict>;
  /** Stop every attempt on the wire: each resolves with `aborted`. */
  abortAll(): void;
  /** Close idle connections and release everything. */
  close(): Promise<void>;
}

/** `reason` says which rule was broken and, where there is one, which setting would allow it. */
export type UrlVerdict =
  | { readonly kind: "accepted"; readonly url: string }
  | { readonly kind: "refused"; readonly reason: string };
