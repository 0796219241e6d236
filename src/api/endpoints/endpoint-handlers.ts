/**
 * What the endpoint routes of the three surfaces do. A surface brings its wire format: a parser for each body, and a
 * function that renders each response.
 */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Endpoint } from "../../domain/endpoints/endpoint.ts";
import { parseEndpointId, type Uuid } from "../../domain/ids.ts";
import type { Caller } from "../../engine/access/caller.ts";
import type {
  CreateEndpointInput,
  PatchEndpointInput,
  TestContent,
  TestOutput,
} from "../../engine/endpoints/endpoint-types.ts";
import type { EndpointView } from "../../ports/store.ts";
import type { ApiDeps } from "../deps.ts";
import { invalid, type Problem, type Refuse } from "../errors/problem.ts";
import { quotaProblem } from "../errors/quota-problem.ts";
import { bodyOf } from "../http/body.ts";
import { type ById, deleteById, type Resource, readById } from "../http/by-id.ts";
import type { Checked } from "../schema/check.ts";
import { urlRefused, withUrlFault } from "./url-fault.ts";

/** The endpoints as one surface knows them. */
export interface SurfaceEndpoints extends Resource {
  readonly engine: ApiDeps["engine"];
  readonly allowHttp: boolean;
}

export function endpointsOf(
  { engine, allowHttp }: ApiDeps,
  { refuse, notFound }: { readonly refuse: Refuse; readonly notFound: Problem },
): SurfaceEndpoints {
  return { engine, allowHttp, refuse, notFound, parseId: parseEndpointId };
}

export function createEndpoint(
  surface: SurfaceEndpoints,
  parse: (body: unknown) => Checked<CreateEndpointInput>,
  json: (endpoint: Endpoint, generatedSecret: string | null) => object,
) {
  const { engine, refuse } = surface;
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { value } = bodyOf(request);
    const body = parse(value);
    if (body.kind === "faults") return refuse(reply, invalid(await withUrlFault(surface, value, body.faults)));
    const output = await engine.endpoints.create(request.caller, body.value);
    switch (output.kind) {
      case "created":
        return reply.code(201).send(json(output.endpoint, output.generatedSecret));
      case "urlRefused":
        return refuse(reply, urlRefused(output.reason));
      case "quotaExceeded":
        return refuse(reply, quotaProblem(output));
    }
  };
}

export function readEndpoint(surface: SurfaceEndpoints, json: (view: EndpointView, caller: Caller) => object) {
  return readById(surface, (caller, id) => surface.engine.endpoints.get(caller, id), json);
}

const FIXED = "cannot be changed: this endpoint is a listener";

export function patchEndpoint(
  surface: SurfaceEndpoints,
  parse: (body: unknown) => Checked<PatchEndpointInput>,
  json: (view: EndpointView, caller: Caller) => object,
) {
  const { engine, refuse, notFound, parseId } = surface;
  return async (request: FastifyRequest<ById>, reply: FastifyReply): Promise<object> => {
    const id = parseId(request.params.id);
    if (id === null) return refuse(reply, notFound);
    const { value } = bodyOf(request);
    const body = parse(value);
    if (body.kind === "faults") return refuse(reply, invalid(await withUrlFault(surface, value, body.faults)));
    const output = await engine.endpoints.patch(request.caller, id, body.value);
    switch (output.kind) {
      case "patched":
        return json(output.view, request.caller);
      case "unknown":
        return refuse(reply, notFound);
      case "fixed":
        return refuse(reply, invalid([{ field: output.field, rule: FIXED }]));
      case "urlRefused":
        return refuse(reply, urlRefused(output.reason));
    }
  };
}

/** @param body of the response, for a surface that does not send 204 */
export function deleteEndpoint(surface: SurfaceEndpoints, body?: object) {
  return deleteById(surface, (caller, id) => surface.engine.endpoints.remove(caller, id), body);
}

const TEST_EVENT: TestContent = { kind: "own", type: null, payload: null };

/** A handler that sends the event `test` and waits for its result. */
export function testEndpoint(surface: SurfaceEndpoints) {
  return readById(surface, (caller, id) => sendTest(surface, caller, id), testJson);
}

async function sendTest({ engine }: SurfaceEndpoints, caller: Caller, id: Uuid): Promise<TestOutput | null> {
  const output = await engine.endpoints.test(caller, id, TEST_EVENT);
  return output === "unknownEvent" ? null : output;
}

function testJson({ success, httpStatus, message }: TestOutput) {
  return { success: true, data: { success, httpStatus, message } };
}

/** A handler for a route below an endpoint, with a body. `run` returns null for an unknown endpoint. */
export function withEndpoint<Body>(
  { parseId, notFound, refuse }: SurfaceEndpoints,
  check: (body: unknown) => Checked<Body>,
  run: (caller: Caller, id: Uuid, body: Body, reply: FastifyReply) => Promise<object | null>,
) {
  return async (request: FastifyRequest<ById>, reply: FastifyReply): Promise<object> => {
    const id = parseId(request.params.id);
    if (id === null) return refuse(reply, notFound);
    const body = check(bodyOf(request).value);
    if (body.kind === "faults") return refuse(reply, invalid(body.faults));
    return (await run(request.caller, id, body.value, reply)) ?? refuse(reply, notFound);
  };
}
