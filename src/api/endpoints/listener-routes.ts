/** `/v1/listeners`: endpoints whose deliveries go over the stream of a program that listens. */
import type { ServerResponse } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import Type, { type Static } from "typebox";
import { headersShownTo } from "../../domain/endpoints/redact.ts";
import { parseEndpointId } from "../../domain/ids.ts";
import { READER_BUFFER_BYTES_MAX, REPORTS_BODY_BYTES_MAX } from "../../domain/limits.ts";
import type { Caller } from "../../engine/access/caller.ts";
import type { ListenerStream, ReaderItem } from "../../engine/endpoints/listener-types.ts";
import type { EndpointView } from "../../ports/store.ts";
import { isAuthorized } from "../access/auth.ts";
import type { ApiDeps } from "../deps.ts";
import { invalid } from "../errors/problem.ts";
import { quotaProblem } from "../errors/quota-problem.ts";
import { ENDPOINT_NOT_FOUND, errorResponses, refuse } from "../errors/v1-errors.ts";
import { bodyOf } from "../http/body.ts";
import { type ById, deleteById, type Resource, readById } from "../http/by-id.ts";
import { beginEventStream, commentRegularly } from "../http/event-stream.ts";
import { PathId } from "../schema/schemas.ts";
import { CreatedEndpointResponse, createdEndpointJson, EndpointResponse, endpointViewJson } from "./endpoint-wire.ts";
import {
  ATTEMPT_OVER,
  endText,
  ListenQuery,
  listenerBusy,
  openText,
  PutListenerBody,
  parseListen,
  parsePutListener,
  parseResults,
  ResultsBody,
  ResultsResponse,
  readerItemText,
  resultsJson,
  TOO_MANY_LISTENERS,
} from "./listener-wire.ts";

const tags = ["Listeners"];
const RESOURCE: Resource = { parseId: parseEndpointId, notFound: ENDPOINT_NOT_FOUND, refuse };

export function registerListenerRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const { listeners } = deps.engine;
  const viewJson = viewJsonOf(deps);
  app.post("/v1/listeners", PUT, putListener(deps));
  app.get("/v1/listeners", LIST, async ({ caller }: FastifyRequest): Promise<object> => {
    return (await listeners.list(caller)).map((view) => viewJson(view, caller));
  });
  app.get<ById>(
    "/v1/listeners/:id",
    READ,
    readById(RESOURCE, (caller, id) => listeners.get(caller, id), viewJson),
  );
  app.delete<ById>(
    "/v1/listeners/:id",
    DELETE,
    deleteById(RESOURCE, (caller, id) => listeners.remove(caller, id)),
  );
  app.get<ById>("/v1/listeners/:id/stream", STREAM, openStream(deps));
  app.post<ById>("/v1/listeners/:id/results", RESULTS, takeResults(deps));
}

function viewJsonOf({ engine: { endpoints } }: ApiDeps) {
  return (view: EndpointView, { actor }: Caller): Static<typeof EndpointResponse> => ({
    ...endpointViewJson(view, endpoints.activityOf(view.endpoint, view.leased)),
    headers_json: headersShownTo(actor.role, view.endpoint.headers),
  });
}

const PUT = {
  schema: {
    tags,
    operationId: "putListener",
    summary: "Create a listener, or adopt the one that has this name",
    description:
      "A listener is an endpoint without a URL: a program reads its deliveries from a stream. Every route of `/v1/endpoints` works on it.",
    body: PutListenerBody,
    response: { 200: EndpointResponse, 201: CreatedEndpointResponse, ...errorResponses(409, 413, 415) },
  },
};

function putListener(deps: ApiDeps) {
  const { endpoints, listeners } = deps.engine;
  const viewJson = viewJsonOf(deps);
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const body = parsePutListener(bodyOf(request).value);
    if (body.kind === "faults") return refuse(reply, invalid(body.faults));
    const output = await listeners.put(request.caller, body.value);
    if (output.kind === "tooMany") return refuse(reply, TOO_MANY_LISTENERS);
    if (output.kind === "quotaExceeded") return refuse(reply, quotaProblem(output));
    if (output.kind === "busy") return refuse(reply, listenerBusy(output.reader, output.since));
    const view = await listeners.get(request.caller, output.endpoint.id);
    const secret = output.kind === "created" ? output.generatedSecret : null;
    const status = output.kind === "created" ? 201 : 200;
    if (view === null) {
      return reply
        .code(status)
        .send(createdEndpointJson(output.endpoint, secret, endpoints.activityOf(output.endpoint, 0)));
    }
    return reply.code(status).send({ ...viewJson(view, request.caller), ...(secret !== null && { secret }) });
  };
}

const LIST = {
  schema: {
    tags,
    operationId: "listListeners",
    summary: "List all listeners in creation order",
    response: { 200: Type.Array(EndpointResponse), ...errorResponses() },
  },
};

const READ = {
  schema: {
    tags,
    operationId: "getListener",
    summary: "Read a listener",
    params: PathId,
    response: { 200: EndpointResponse, ...errorResponses(404) },
  },
};

const DELETE = {
  schema: {
    tags,
    operationId: "deleteListener",
    summary: "Delete a listener",
    description: "Cancels what waits for it. The history stays.",
    params: PathId,
    response: { 204: Type.Null({ description: "Deleted." }), ...errorResponses(404) },
  },
};

// ── The stream ──────────────────────────────────────────────────────────────────────────────────────────────────────

const STREAM = {
  exposeHeadRoute: false,
  config: { needs: "developer" as const },
  schema: {
    tags,
    operationId: "openListenerStream",
    summary: "Receive the deliveries of a listener",
    description:
      "Server-sent events. `open` says how many deliveries wait, and since when. Each `attempt` is a request, rendered and " +
      "signed as for any endpoint: its `headers`, its `body`, and the `token` under which you post the result before " +
      "`deadline_at`. `over`: the deadline of this attempt has passed. `displaced`: another reader took the listener. `end`: " +
      "the server ends the stream; connect again unless the `reason` is `deleted` or `unauthorized`. A comment follows " +
      "every 15 seconds.",
    params: PathId,
    querystring: ListenQuery,
    response: {
      200: { description: "A stream.", content: { "text/event-stream": { schema: Type.String() } } },
      ...errorResponses(404, 409),
    },
  },
};

function openStream(deps: ApiDeps) {
  return async (request: FastifyRequest<ById>, reply: FastifyReply): Promise<FastifyReply> => {
    const id = parseEndpointId(request.params.id);
    if (id === null) return refuse(reply, ENDPOINT_NOT_FOUND);
    const query = parseListen(request.query);
    if (query.kind === "faults") return refuse(reply, invalid(query.faults));
    const connection = new ReaderConnection(deps, request, reply.raw);
    const output = await deps.engine.listeners.listen(request.caller, id, query.value, (item) => connection.push(item));
    switch (output.kind) {
      case "unknown":
        return refuse(reply, ENDPOINT_NOT_FOUND);
      case "busy":
        return refuse(reply, listenerBusy(output.reader, output.since));
      case "open":
        reply.hijack();
        connection.open(output.stream, query.value.reader);
        return reply;
    }
  };
}

/** One reader's response. */
class ReaderConnection {
  readonly #deps: ApiDeps;
  readonly #request: FastifyRequest;
  readonly #response: ServerResponse;
  /** What came before the response has begun. */
  readonly #early: ReaderItem[] = [];
  #stream: ListenerStream | null = null;
  #isOver = false;
  #isGathering = false;

  constructor(deps: ApiDeps, request: FastifyRequest, response: ServerResponse) {
    this.#deps = deps;
    this.#request = request;
    this.#response = response;
  }

  open(stream: ListenerStream, reader: string): void {
    const response = this.#response;
    this.#stream = stream;
    const comments = commentRegularly(response, this.#deps.clock, () => this.#authorize());
    response.on("close", () => {
      comments.cancel();
      this.#isOver = true;
      stream.close();
    });
    response.on("error", () => response.destroy());
    beginEventStream(response);
    response.write(openText(stream.view, reader));
    for (const item of this.#early.splice(0)) this.push(item);
    if (response.destroyed) stream.close();
    else stream.start();
  }

  push(item: ReaderItem): void {
    if (this.#isOver) return;
    if (this.#stream === null) this.#early.push(item);
    else if (item.kind === "authorize") this.#authorize();
    else this.#write(readerItemText(item), item.kind === "displaced" || item.kind === "end");
  }

  #write(text: string, isLast: boolean): void {
    this.#gather();
    this.#response.write(text);
    if (isLast) this.#end();
    // The reader does not read. What it has in flight is given back, and it may connect again.
    else if (this.#response.writableLength > READER_BUFFER_BYTES_MAX) this.#response.destroy();
  }

  /** What is written in one turn of the event loop goes out together. */
  #gather(): void {
    if (this.#isGathering) return;
    this.#isGathering = true;
    this.#response.cork();
    process.nextTick(() => {
      this.#isGathering = false;
      this.#response.uncork();
    });
  }

  #end(): void {
    this.#isOver = true;
    this.#response.end();
  }

  /** Ends the stream of a key that was revoked, or of a session that has ended. */
  #authorize(): void {
    isAuthorized(this.#deps, this.#request).then(
      (holds) => {
        if (holds || this.#isOver) return;
        this.#write(endText("unauthorized"), true);
        this.#stream?.close();
      },
      () => undefined, // the store cannot be read: the next comment tries again
    );
  }
}

// ── Results ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const RESULTS = {
  bodyLimit: REPORTS_BODY_BYTES_MAX,
  schema: {
    tags,
    operationId: "reportResults",
    summary: "Report what became of attempts",
    description:
      "Each result is the outcome of its attempt, exactly as if the server had posted the request itself. Any node takes it.",
    params: PathId,
    body: ResultsBody,
    response: { 200: ResultsResponse, ...errorResponses(404, 409, 413, 415) },
  },
};

function takeResults({ engine: { listeners } }: ApiDeps) {
  return async (request: FastifyRequest<ById>, reply: FastifyReply): Promise<object> => {
    const id = parseEndpointId(request.params.id);
    if (id === null) return refuse(reply, ENDPOINT_NOT_FOUND);
    const body = parseResults(bodyOf(request).value);
    if (body.kind === "faults") return refuse(reply, invalid(body.faults));
    const taken = await listeners.report(request.caller, id, body.value);
    if (taken === null) return refuse(reply, ENDPOINT_NOT_FOUND);
    return taken.includes(true) ? resultsJson(body.value, taken) : refuse(reply, ATTEMPT_OVER);
  };
}
