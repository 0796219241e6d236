/** What is remembered of one tenant's endpoints as of one version of them, and the bytes that it takes. */
import type { Destination, MatchedEndpoint } from "../../domain/endpoints/endpoint.ts";
import type { Uuid } from "../../domain/ids.ts";
import type { Match } from "../../ports/store.ts";

export interface KnownEndpoint extends MatchedEndpoint {
  /** Null: not read, so what is published to it waits in the store until it is claimed. */
  destination: Destination | null;
  /** Whether its destination was read, or could not be. */
  asked: boolean;
}

/** The endpoints of one publish. */
export interface Found {
  /** Of the tenant's endpoints; the publishing transaction compares it. */
  readonly version: number;
  /** How many match. Above `EVENT_TARGETS_MAX`, `endpoints` is empty. */
  readonly count: number;
  readonly endpoints: readonly KnownEndpoint[];
  /** Of the named ones, those that the tenant does not have. */
  readonly unknown: readonly Uuid[];
}

export interface KnownEndpoints {
  readonly version: number;
  readonly byId: Map<Uuid, KnownEndpoint>;
  readonly byType: Map<string, Found>;
  bytes: number;
  /** Whether destinations are being read. */
  asking: boolean;
}

// Measured as heap that was used; `known-endpoints.test.ts` measures again.
const TENANT_BYTES = 600;
const ENDPOINT_BYTES = 300;
const TYPE_BYTES = 200;
const POINTER_BYTES = 8;
const DESTINATION_BYTES = 700;
const HEADER_BYTES = 100;
const NUMBER_BYTES = 8;

const NONE: readonly Uuid[] = [];

export function newKnown(version: number): KnownEndpoints {
  return { version, byId: new Map(), byType: new Map(), bytes: TENANT_BYTES, asking: false };
}

/** The named endpoints; null when one of them is not known. */
export function knownByName({ version, byId }: KnownEndpoints, ids: readonly Uuid[]): Found | null {
  if (!ids.every((id) => byId.has(id))) return null;
  return { version, count: ids.length, endpoints: ids.map((id) => byId.get(id) as KnownEndpoint), unknown: NONE };
}

export function addMatch(known: KnownEndpoints, type: string, { count, endpoints }: Match): Found {
  const found = { version: known.version, count, endpoints: addEndpoints(known, endpoints), unknown: NONE };
  known.byType.set(type, found);
  known.bytes += TYPE_BYTES + textBytes(type) + POINTER_BYTES * endpoints.length;
  return found;
}

export function addEndpoints(known: KnownEndpoints, endpoints: readonly MatchedEndpoint[]): readonly KnownEndpoint[] {
  return endpoints.map((endpoint) => known.byId.get(endpoint.id) ?? addEndpoint(known, endpoint));
}

function addEndpoint(known: KnownEndpoints, { seq, id, status, format, ordered }: MatchedEndpoint): KnownEndpoint {
  const added = { seq, id, status, format, ordered, destination: null, asked: false };
  known.byId.set(id, added);
  known.bytes += ENDPOINT_BYTES;
  return added;
}

export function addDestinations(known: KnownEndpoints, destinations: readonly Destination[]): void {
  for (const destination of destinations) {
    const endpoint = known.byId.get(destination.id);
    if (endpoint === undefined) continue;
    endpoint.destination = destination;
    known.bytes += destinationBytes(destination);
  }
}

function destinationBytes({ name, url, headers, secrets, retryScheduleSeconds }: Destination): number {
  let bytes = DESTINATION_BYTES + NUMBER_BYTES * retryScheduleSeconds.length;
  for (const text of [name, url, secrets.current, secrets.previous?.secret ?? ""]) bytes += textBytes(text);
  for (const [header, value] of Object.entries(headers)) bytes += HEADER_BYTES + textBytes(header) + textBytes(value);
  return bytes;
}

/** Text with any character above U+00FF takes two bytes for each. */
function textBytes(text: string): number {
  return /[^\0-\xff]/.test(text) ? 2 * text.length : text.length;
}
