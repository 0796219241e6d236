/** Handlers for the routes that read or delete a resource by the `id` in their path. */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Uuid } from "../../domain/ids.ts";
import type { Caller } from "../../engine/access/caller.ts";
import type { Problem, Refuse } from "../errors/problem.ts";

/** The path parameters of a route with `:id`. */
export type ById = { Params: { id: string } };

/** What the handlers need to know about one kind of resource on one surface. */
export interface Resource {
  /** Null for text that is not an id of this kind. */
  readonly parseId: (text: string) => Uuid | null;
  readonly notFound: Problem;
  readonly refuse: Refuse;
}

/** A handler that sends what `find` returns, as rendered by `json` for the caller. */
export function readById<Found>(
  { parseId, notFound, refuse }: Resource,
  find: (caller: Caller, id: Uuid) => Promise<Found | null>,
  json: (found: Found, caller: Caller) => object,
) {
  return async (request: FastifyRequest<ById>, reply: FastifyReply): Promise<object> => {
    const id = parseId(request.params.id);
    const found = id === null ? null : await find(request.caller, id);
    return found === null ? refuse(reply, notFound) : json(found, request.caller);
  };
}

/** A handler that deletes a resource. It sends `body`, or 204 without one. */
export function deleteById(
  { parseId, notFound, refuse }: Resource,
  remove: (caller: Caller, id: Uuid) => Promise<boolean>,
  body?: object,
) {
  return async (request: FastifyRequest<ById>, reply: FastifyReply): Promise<object> => {
    const id = parseId(request.params.id);
    const removed = id !== null && (await remove(request.caller, id));
    if (!removed) return refuse(reply, notFound);
    return body ?? reply.code(204).send();
  };
}
