/** `/v1/stream`: outcomes and changes as they happen, as server-sent events (HTML Living Standard §9.2). */
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import Type from "typebox";
import type { Seq } from "../../domain/ids.ts";
import type { LiveStream } from "../../engine/history/history-types.ts";
import { isAuthorized } from "../access/auth.ts";
import type { ApiDeps } from "../deps.ts";
import { invalid, problem, temporary } from "../errors/problem.ts";
import { errorResponses, refuse } from "../errors/v1-errors.ts";
import { beginEventStream, commentRegularly } from "../http/event-stream.ts";
import { STREAM_RETRY_AFTER_SECONDS } from "../http/limits.ts";
import { openCursor } from "../lists/cursor.ts";
import { checkStream, itemText, positionText, StreamQuery, streamInput } from "./stream-wire.ts";

export function registerStreamRoute(app: FastifyInstance, deps: ApiDeps): void {
  app.get("/v1/stream", STREAM, streamOutcomes(deps));
}

const STREAM = {
  exposeHeadRoute: false,
  schema: {
    tags: ["Deliveries"],
    operationId: "streamOutcomes",
    summary: "Follow outcomes and changes as they happen",
    description:
      "Server-sent events. The data of a `delivery` event is a row of the delivery list. `Last-Event-ID` resumes after " +
      "that event; `0` starts with the oldest retained outcome. With its first comment and with later ones, the server sends " +
      "an `id` without data: the place to resume when no outcome has come since. The server disconnects a client that is more than 1000 " +
      "outcomes behind. The events of the other topics have no id and cannot be resumed: they say what changed, so " +
      "that you read it again. `skipped` has the `count` of events that were left out, because of `max_per_second` or a " +
      "slow reader, and their `topics`: read again what you know of these. With several nodes it also names topics whose " +
      "events were lost between nodes, which `count` does not include.",
    querystring: StreamQuery,
    headers: Type.Object({ "last-event-id": Type.Optional(Type.String()) }),
    response: {
      200: { description: "A stream.", content: { "text/event-stream": { schema: Type.String() } } },
      ...errorResponses(429),
    },
  },
};

function streamOutcomes(deps: ApiDeps) {
  return (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const lastEventId = request.headers["last-event-id"];
    // A client sends an empty id before it has received an event.
    const resumes = lastEventId !== undefined && lastEventId !== "";
    const after = resumes ? outcomeBefore(deps, lastEventId) : null;
    if (resumes && after === null) return refuse(reply, BAD_LAST_EVENT_ID);
    const query = checkStream(request.query);
    if (query.kind === "faults") return refuse(reply, invalid(query.faults));
    const stream = deps.engine.history.stream(request.caller, streamInput(query.value, after));
    if (stream === null) return refuse(reply, TOO_MANY_STREAMS);
    reply.hijack();
    beginEventStream(reply.raw);
    void send(stream, reply.raw, request, deps);
    return reply;
  };
}

/** Not the id of an event: it stands for the position before the oldest retained outcome. */
const BEGINNING = "0";

/** The id of an event is the sequence of its attempt, in decimal and sealed. */
function outcomeBefore({ engine }: ApiDeps, lastEventId: string | readonly string[]): Seq | null {
  if (lastEventId === BEGINNING) return 0;
  const cursor = typeof lastEventId === "string" ? openCursor(engine, "outcomes", lastEventId) : null;
  return cursor === null ? null : Number(cursor);
}

const TOO_MANY_STREAMS = temporary(
  problem(429, "TOO_MANY_STREAMS", "This tenant has the maximum number of streams open. Close one."),
  STREAM_RETRY_AFTER_SECONDS,
);
const BAD_LAST_EVENT_ID = invalid([{ field: "Last-Event-ID", rule: "must be the id of an event of this stream" }]);

/** Send every item until the client disconnects or the stream ends. A slow client applies backpressure. */
async function send(
  stream: LiveStream,
  response: ServerResponse,
  request: FastifyRequest,
  deps: ApiDeps,
): Promise<void> {
  const { engine, clock, telemetry } = deps;
  // Ending a session and revoking a key close their streams, but both can also expire.
  const check = () => closeUnless(isAuthorized(deps, request), stream);
  const position = () => positionText(engine, stream.position());
  const comments = commentRegularly(response, clock, check, position);
  const disconnected = new AbortController();
  response.on("close", () => {
    disconnected.abort();
    stream.close();
  });
  response.on("error", () => response.destroy());
  try {
    await stream.ready;
    // With its place from the start, a client that loses the connection before its first outcome misses nothing.
    response.write(`: open\n${position()}\n`);
    for (let next = await stream.next(); !next.done && !disconnected.signal.aborted; next = await stream.next()) {
      if (!response.write(itemText(engine, next.value))) {
        await once(response, "drain", { signal: disconnected.signal });
      }
    }
  } catch (error) {
    // The client can resume in either case.
    if (!disconnected.signal.aborted) {
      telemetry.noticed({ level: "warn", what: "stream_broke", fields: { error: String(error) } });
    }
  } finally {
    comments.cancel();
    stream.close();
    response.end();
  }
}

/** If the store cannot be read at the moment, the next comment checks the session again. */
function closeUnless(holds: Promise<boolean>, stream: LiveStream): void {
  holds.then(
    (yes) => {
      if (!yes) stream.close();
    },
    () => undefined,
  );
}
