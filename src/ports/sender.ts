import type { Outcome } from "../domain/delivery/delivery.ts";

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
