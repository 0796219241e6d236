/**
 * Resolve names through c-ares. `dns.lookup` shares libuv's four threads with password hashing, so four dead names
 * would block every endpoint.
 */
import { Resolver } from "node:dns/promises";
import { LRUCache } from "lru-cache";
import { DNS_CACHE_MAX, DNS_FAILURE_TTL_MS, DNS_LOOKUP_MS_MAX, DNS_TTL_MS, entriesMax } from "../domain/limits.ts";
import type { Clock } from "../ports/clock.ts";
import { createHostsFile, createSearchDomains } from "./hosts.ts";

export type Resolution =
  | { readonly kind: "found"; readonly addresses: readonly string[] }
  | {
      readonly kind: "failed";
      readonly reason: "dns_not_found" | "dns_timeout" | "dns_error";
      readonly detail: string;
    };

export interface NameResolver {
  /** Resolve a name to all its addresses, IPv4 first. Never rejects. */
  resolve(name: string): Promise<Resolution>;
  close(): void;
}

export interface ResolverOptions {
  readonly clock: Clock;
  /** `address:port`; default: the machine's name servers. */
  readonly nameServers?: readonly string[];
  readonly hostsPath?: string;
  /**
   * Whether names are completed with the search domains of resolv.conf, as containers expect for names such as
   * `orders.default`. A name with a dot is first looked up unchanged, so that a search domain cannot answer for a
   * public name.
   */
  readonly search?: boolean;
  readonly resolvConfPath?: string;
  readonly lookupMsMax?: number;
}

/** Settings of c-ares. The first try takes 1 s and later ones up to 2 s. The whole lookup has a limit of its own. */
const TRY_MS = 1000;
const TRY_MS_MAX = 2000;
const TRIES = 3;

const TIMED_OUT: Resolution = {
  kind: "failed",
  reason: "dns_timeout",
  detail: "the name servers did not respond in time",
};

export function createResolver(options: ResolverOptions): NameResolver {
  const { clock } = options;
  const lookupMsMax = options.lookupMsMax ?? DNS_LOOKUP_MS_MAX;
  const cares = new Resolver({ timeout: TRY_MS, maxTimeout: TRY_MS_MAX, tries: TRIES });
  if (options.nameServers !== undefined) cares.setServers(options.nameServers);
  const hosts = createHostsFile(clock, options.hostsPath);
  const searchDomains = createSearchDomains(clock, options.resolvConfPath);
  const known = new LRUCache<string, { resolution: Resolution; untilMs: number }>(entriesMax(DNS_CACHE_MAX));
  const flights = new Map<string, Promise<Resolution>>();

  /**
   * Look up the name's variants and return the first that has addresses. Without one, return an error in preference to
   * a name that does not exist.
   */
  async function lookUp(name: string): Promise<Resolution> {
    const domains = options.search === true ? await searchDomains() : [];
    const completed = domains.map((domain) => `${name}.${domain}`);
    let failure: Resolution | null = null;
    for (const variant of name.includes(".") ? [name, ...completed] : [...completed, name]) {
      const resolution = await query(cares, variant);
      // Name servers that did not respond would not respond for the next variant either.
      if (resolution.kind === "found" || resolution.reason === "dns_timeout") return resolution;
      if (failure === null || resolution.reason !== "dns_not_found") failure = resolution;
    }
    return failure ?? TIMED_OUT;
  }

  async function fly(name: string): Promise<Resolution> {
    const inHosts = (await hosts()).get(name);
    const resolution: Resolution =
      inHosts === undefined
        ? await within(clock, lookupMsMax, lookUp(name), TIMED_OUT)
        : { kind: "found", addresses: inHosts };
    const ttlMs = resolution.kind === "found" ? DNS_TTL_MS : DNS_FAILURE_TTL_MS;
    known.set(name, { resolution, untilMs: clock.monotonicMs() + ttlMs });
    flights.delete(name);
    return resolution;
  }

  return {
    resolve(name) {
      const entry = known.get(name);
      if (entry !== undefined && clock.monotonicMs() < entry.untilMs) return Promise.resolve(entry.resolution);
      const running = flights.get(name);
      if (running !== undefined) return running;
      const flight = fly(name);
      flights.set(name, flight);
      return flight;
    },
    close: () => cares.cancel(),
  };
}

/** The result of a task that never rejects, or `otherwise` when the task takes longer than `ms`. */
export function within<T>(clock: Clock, ms: number, task: Promise<T>, otherwise: T): Promise<T> {
  return new Promise((resolve) => {
    const timer = clock.after(ms, () => resolve(otherwise));
    void task.then((result) => {
      timer.cancel();
      resolve(result);
    });
  });
}

async function query(cares: Resolver, name: string): Promise<Resolution> {
  const [v4, v6] = await Promise.allSettled([cares.resolve4(name), cares.resolve6(name)]);
  const addresses = [...(v4.status === "fulfilled" ? v4.value : []), ...(v6.status === "fulfilled" ? v6.value : [])];
  if (addresses.length > 0) return { kind: "found", addresses };
  return failure([v4, v6].map((answer) => (answer.status === "rejected" ? errorCode(answer.reason) : "ENODATA")));
}

const errorCode = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "unknown error";

/** The combined failure of the queries for IPv4 and IPv6. */
function failure(codes: readonly string[]): Resolution {
  if (codes.includes("ENOTFOUND")) {
    return { kind: "failed", reason: "dns_not_found", detail: "the host name does not exist" };
  }
  if (codes.includes("ETIMEOUT")) return TIMED_OUT;
  const code = codes.find((each) => each !== "ENODATA");
  if (code === undefined) return { kind: "failed", reason: "dns_not_found", detail: "the host name has no address" };
  return { kind: "failed", reason: "dns_error", detail: `the name servers returned an error (${code})` };
}
