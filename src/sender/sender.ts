/** The outgoing HTTP client. It sends one POST request and returns one outcome. */
import { LRUCache } from "lru-cache";
import type { Outcome } from "../domain/delivery/delivery.ts";
import { entriesMax, IDLE_CONNECTIONS_MAX, REGISTRATION_DNS_MS, SENDER_TARGETS_MAX } from "../domain/limits.ts";
import type { Clock } from "../ports/clock.ts";
import type { Sender, SendRequest, UrlVerdict } from "../ports/sender.ts";
import { nameRefusal, type Receiver } from "./connection.ts";
import { Deadlines } from "./deadlines.ts";
import { Exchange } from "./exchange.ts";
import { internalError, unreachable } from "./failures/failures.ts";
import { createGuard } from "./guard.ts";
import { Pool } from "./pool.ts";
import { type PreparedRequest, prepare, requestLines } from "./request.ts";
import { createResolver, type NameResolver, within } from "./resolver.ts";
import { readTarget, type TargetRules } from "./target.ts";

export interface SenderOptions {
  readonly clock: Clock;
  readonly allowHttp: boolean;
  /** Validated CIDRs. */
  readonly allowNetworks: readonly string[];
  /** Default: the machine's name files and name servers. Tests supply their own. */
  readonly resolver?: NameResolver;
  /** Trusted CA certificates that replace the well-known ones, PEM; for tests. */
  readonly trustedCa?: string;
  /** Asked whenever a connection becomes idle. */
  readonly idleConnectionsMax?: () => number;
}

export interface HttpSender extends Sender {
  /** Make one attempt, and call `resolve` once with its outcome. Never throws. */
  make(request: PreparedRequest, resolve: (outcome: Outcome) => void): void;
}

const ABORTED: Outcome = { kind: "aborted" };

/** The receiver of a URL, or the reason why the URL is refused. */
type Route = { readonly receiver: Receiver; readonly lines: string } | { readonly refused: Outcome };

export function createSender(options: SenderOptions): HttpSender {
  const { clock, trustedCa } = options;
  const guard = createGuard(options.allowNetworks);
  const resolver = options.resolver ?? createResolver({ clock, search: guard.allowsNetworks });
  const rules = { allowHttp: options.allowHttp, guard };
  const deadlines = new Deadlines<Exchange>(clock);
  const pool = new Pool(
    { clock, resolver, guard, ...(trustedCa === undefined ? {} : { trustedCa }) },
    options.idleConnectionsMax ?? (() => IDLE_CONNECTIONS_MAX),
  );
  const routes = new LRUCache<string, Route>(entriesMax(SENDER_TARGETS_MAX));
  let closed = false;

  function route({ url, owner }: PreparedRequest): Route {
    const key = `${owner} ${url}`;
    const known = routes.get(key);
    if (known !== undefined) return known;
    const verdict = readTarget(url, rules);
    const found: Route =
      verdict.kind === "accepted"
        ? { receiver: pool.receiver(verdict.target, owner), lines: requestLines(verdict.target) }
        : { refused: unreachable(verdict.by === "url" ? "url_refused" : "address_refused", verdict.reason) };
    routes.set(key, found);
    return found;
  }

  function abortAll(): void {
    for (const exchange of deadlines.pending()) exchange.abort();
  }

  function make(request: PreparedRequest, resolve: (outcome: Outcome) => void): void {
    try {
      const to = closed ? { refused: ABORTED } : route(request);
      if ("refused" in to) resolve(to.refused);
      else new Exchange(request, to, { clock, pool, deadlines }, resolve).start();
    } catch (error) {
      resolve(internalError(error));
    }
  }

  return {
    make,
    send: (request) => sendBy(make, request),
    vet: (url) => vet(url, { clock, resolver, rules }),
    abortAll,
    async close() {
      closed = true;
      abortAll();
      pool.close();
      resolver.close();
    },
  };
}

/** Send a request with a function that takes it prepared. */
export function sendBy(make: HttpSender["make"], request: SendRequest): Promise<Outcome> {
  return new Promise((resolve) => {
    try {
      make(prepare(request), resolve);
    } catch (error) {
      resolve(internalError(error));
    }
  });
}

interface Vetting {
  readonly clock: Clock;
  readonly resolver: NameResolver;
  readonly rules: TargetRules;
}

async function vet(url: string, { clock, resolver, rules }: Vetting): Promise<UrlVerdict> {
  const verdict = readTarget(url, rules);
  if (verdict.kind === "refused") return { kind: "refused", reason: verdict.reason };
  const { host } = verdict.target;
  if (host.kind === "addresses") return { kind: "accepted", url };
  const resolution = await within(clock, REGISTRATION_DNS_MS, resolver.resolve(host.name), null);
  // A name without an address may have one when the first event arrives. The address is checked when the sender
  // connects.
  if (resolution === null || resolution.kind === "failed") return { kind: "accepted", url };
  const reason = nameRefusal(resolution.addresses, rules.guard);
  return reason === null ? { kind: "accepted", url } : { kind: "refused", reason };
}
