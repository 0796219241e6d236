/** What is cached of one tenant's endpoints as of one version, and how many bytes of memory it takes. */
import type { Destination, MatchedEndpoint } from "../../domain/endpoints/endpoint.ts";
import type { Uuid } from "../../domain/ids.ts";
import type { Match } from "../../ports/store.ts";

export interface KnownEndpoint extends MatchedEndpoint {
  /** Null while it is not cached: deliveries to this endpoint then wait in the store until they are claimed. */
  destination: Destination | null;
  /** Whether the destination was requested from the store, which may be unable to return it. */
  isRequested: boolean;
}

export interface MatchQuery {
  readonly type: string;
  /** Null: every endpoint whose filters accept the type. */
  readonly endpointIds: readonly Uuid[] | null;
}

/** The endpoints of one publish. */
export interface MatchedEndpoints {
  /** The version of the tenant's endpoints, which the publishing transaction compares. */
  readonly version: number;
  /** How many endpoints match. Above `EVENT_TARGETS_MAX`, `endpoints` is empty. */
  readonly count: number;
  readonly endpoints: readonly KnownEndpoint[];
  /** The named endpoints that the tenant does not have. */
  readonly unknown: readonly Uuid[];
}

// Measured as growth of the used heap. `known-endpoints.memory.test.ts` repeats the measurement.
const TENANT_BYTES = 600;
const ENDPOINT_BYTES = 300;
const TYPE_BYTES = 200;
const POINTER_BYTES = 8;
const DESTINATION_BYTES = 700;
const HEADER_BYTES = 100;
const NUMBER_BYTES = 8;

const NONE: readonly Uuid[] = [];

export class KnownEndpoints {
  readonly version: number;
  /** Whether destinations are being read from the store. */
  isReading = false;
  readonly #byId = new Map<Uuid, KnownEndpoint>();
  readonly #byType = new Map<string, MatchedEndpoints>();
  #bytes = TENANT_BYTES;

  constructor(version: number) {
    this.version = version;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Null when the cache cannot answer the query. */
  find({ type, endpointIds }: MatchQuery): MatchedEndpoints | null {
    if (endpointIds === null) return this.#byType.get(type) ?? null;
    if (!endpointIds.every((id) => this.#byId.has(id))) return null;
    const endpoints = endpointIds.map((id) => this.#byId.get(id) as KnownEndpoint);
    return { version: this.version, count: endpoints.length, endpoints, unknown: NONE };
  }

  hasType(type: string): boolean {
    return this.#byType.has(type);
  }

  addMatch(type: string, { count, endpoints }: Match): MatchedEndpoints {
    const found = { version: this.version, count, endpoints: this.#add(endpoints), unknown: NONE };
    this.#byType.set(type, found);
    this.#bytes += TYPE_BYTES + textBytes(type) + POINTER_BYTES * endpoints.length;
    return found;
  }

  /**
   * Add named endpoints.
   *
   * @param ids       every endpoint that was named
   * @param endpoints those that the tenant has
   */
  addNamed(ids: readonly Uuid[], endpoints: readonly MatchedEndpoint[]): MatchedEndpoints {
    this.#add(endpoints);
    const named = ids.flatMap((id) => this.#byId.get(id) ?? []);
    const unknown = ids.filter((id) => !this.#byId.has(id));
    return { version: this.version, count: named.length, endpoints: named, unknown };
  }

  addDestinations(destinations: readonly Destination[]): void {
    for (const destination of destinations) {
      const endpoint = this.#byId.get(destination.id);
      if (endpoint === undefined) continue;
      endpoint.destination = destination;
      this.#bytes += destinationBytes(destination);
    }
  }

  #add(endpoints: readonly MatchedEndpoint[]): readonly KnownEndpoint[] {
    return endpoints.map((endpoint) => this.#byId.get(endpoint.id) ?? this.#addOne(endpoint));
  }

  #addOne({ seq, id, status, format, ordered }: MatchedEndpoint): KnownEndpoint {
    const added = { seq, id, status, format, ordered, destination: null, isRequested: false };
    this.#byId.set(id, added);
    this.#bytes += ENDPOINT_BYTES;
    return added;
  }
}

function destinationBytes({ name, url, headers, secrets, retryScheduleSeconds }: Destination): number {
  let bytes = DESTINATION_BYTES + NUMBER_BYTES * retryScheduleSeconds.length;
  for (const text of [name, url, secrets.current, secrets.previous?.secret ?? ""]) bytes += textBytes(text);
  for (const [header, value] of Object.entries(headers)) bytes += HEADER_BYTES + textBytes(header) + textBytes(value);
  return bytes;
}

/** V8 stores text with any character above U+00FF in two bytes per character, and other text in one. */
function textBytes(text: string): number {
  return /[^\0-\xff]/.test(text) ? 2 * text.length : text.length;
}
