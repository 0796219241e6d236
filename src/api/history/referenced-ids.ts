/** Lists of ids in a body. Ids that the tenant does not have are reported together with the body's other faults. */
import type { Fault } from "../../domain/errors.ts";
import { ID_PREFIX, parseEndpointId, parseId, type Uuid } from "../../domain/ids.ts";
import { EVENT_TARGETS_MAX, REPLAY_DELIVERIES_MAX } from "../../domain/limits.ts";
import type { Caller } from "../../engine/access/caller.ts";
import type { ApiDeps } from "../deps.ts";
import { invalid, type Problem } from "../errors/problem.ts";
import { FAULTS_LISTED_MAX } from "../http/limits.ts";

/** A field that is a list of ids. */
interface IdList {
  readonly field: string;
  /** What the ids are of. */
  readonly kind: string;
  readonly itemsMax: number;
  readonly parse: (text: string) => Uuid | null;
}

export const ENDPOINT_IDS: IdList = {
  field: "endpoint_ids",
  kind: "endpoint",
  itemsMax: EVENT_TARGETS_MAX,
  parse: parseEndpointId,
};
export const DELIVERY_IDS: IdList = {
  field: "delivery_ids",
  kind: "delivery",
  itemsMax: REPLAY_DELIVERIES_MAX,
  parse: (text) => parseId(ID_PREFIX.delivery, text),
};

/** Without duplicates, and without values that are not ids. */
export function uniqueIds({ parse }: IdList, listed: readonly unknown[]): Uuid[] {
  return [
    ...new Set(listed.map((item) => (typeof item === "string" ? parse(item) : null)).filter((id) => id !== null)),
  ];
}

export function unknownFaults(list: IdList, listed: readonly unknown[], unknown: readonly Uuid[]): Fault[] {
  const ids = new Set(unknown);
  return listed.flatMap((item, index) => {
    const id = typeof item === "string" ? list.parse(item) : null;
    if (id === null || !ids.has(id)) return [];
    return [{ field: `${list.field}[${index}]`, rule: `names no ${list.kind} of this tenant: ${item}` }];
  });
}

/**
 * The unknown ids of a body that already has other faults. Malformed ids are among those.
 *
 * @param unknownOf returns the ids that the tenant does not have
 */
export async function faultsOfIds(
  list: IdList,
  body: unknown,
  unknownOf: (ids: readonly Uuid[]) => Promise<readonly Uuid[]>,
): Promise<Fault[]> {
  const listed = typeof body === "object" && body !== null ? new Map(Object.entries(body)).get(list.field) : undefined;
  // A list that is too long is a fault by itself. It is not worth a lookup.
  if (!Array.isArray(listed) || listed.length > list.itemsMax) return [];
  const ids = uniqueIds(list, listed);
  return ids.length === 0 ? [] : unknownFaults(list, listed, await unknownOf(ids));
}

/** Also looks up the endpoints of an invalid event, so that one response lists every fault. */
export async function withUnknownEndpoints(
  engine: ApiDeps["engine"],
  caller: Caller,
  event: unknown,
  why: Problem,
): Promise<Problem> {
  if (why.status !== 400 || why.details.length >= FAULTS_LISTED_MAX) return why;
  const faults = await faultsOfIds(ENDPOINT_IDS, event, (ids) => engine.endpoints.unknown(caller, ids));
  return faults.length === 0 ? why : invalid([...why.details, ...faults]);
}
