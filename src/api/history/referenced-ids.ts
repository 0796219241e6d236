/** Ids that a body names: those that the tenant does not have are told together with whatever else is wrong. */
import type { Fault } from "../../domain/errors.ts";
import { ID_PREFIX, parseEndpointId, parseId, type Uuid } from "../../domain/ids.ts";
import { EVENT_TARGETS_MAX, REPLAY_DELIVERIES_MAX } from "../../domain/limits.ts";
import type { Caller } from "../../engine/engine-types.ts";
import type { ApiDeps } from "../deps.ts";
import { invalid, type Problem } from "../errors/problem.ts";
import { FAULTS_LISTED_MAX } from "../http/limits.ts";

/** A field that is a list of ids. */
interface IdList {
  readonly field: string;
  readonly of: string;
  readonly itemsMax: number;
  readonly parse: (text: string) => Uuid | null;
}

export const ENDPOINT_IDS: IdList = {
  field: "endpoint_ids",
  of: "endpoint",
  itemsMax: EVENT_TARGETS_MAX,
  parse: parseEndpointId,
};
export const DELIVERY_IDS: IdList = {
  field: "delivery_ids",
  of: "delivery",
  itemsMax: REPLAY_DELIVERIES_MAX,
  parse: (text) => parseId(ID_PREFIX.delivery, text),
};

/** Without repeats, and without what is no id. */
export function uniqueIds({ parse }: IdList, named: readonly unknown[]): Uuid[] {
  return [...new Set(named.map((item) => (typeof item === "string" ? parse(item) : null)).filter((id) => id !== null))];
}

export function unknownFaults(list: IdList, named: readonly unknown[], unknown: readonly Uuid[]): Fault[] {
  const ids = new Set(unknown);
  return named.flatMap((item, index) => {
    const id = typeof item === "string" ? list.parse(item) : null;
    if (id === null || !ids.has(id)) return [];
    return [{ field: `${list.field}[${index}]`, rule: `names no ${list.of} of this tenant: ${item}` }];
  });
}

/**
 * Of a body that has faults already: those of the ids in it that are well-formed.
 *
 * @param unknownOf which of these the tenant does not have
 */
export async function faultsOfIds(
  list: IdList,
  body: unknown,
  unknownOf: (ids: readonly Uuid[]) => Promise<readonly Uuid[]>,
): Promise<Fault[]> {
  const named = typeof body === "object" && body !== null ? new Map(Object.entries(body)).get(list.field) : undefined;
  // A list that is too long is a fault by itself, and not worth a lookup.
  if (!Array.isArray(named) || named.length > list.itemsMax) return [];
  const ids = uniqueIds(list, named);
  return ids.length === 0 ? [] : unknownFaults(list, named, await unknownOf(ids));
}

/** A bad event's endpoints are looked up as well, so that one answer names everything. */
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
