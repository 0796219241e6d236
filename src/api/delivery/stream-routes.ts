/** `/v1/stream`: outcomes as they happen, as server-sent events (HTML Living Standard §9.2). */
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { FastifyInstance } from "fastify";
import Type from "typebox";
import type { Seq } from "../../domain/ids.ts";
import { STREAM_COMMENT_MS } from "../../domain/limits.ts";
import type { SignedIn } from "../../engine/access/session-service.ts";
import type { OutcomeStream } from "../../engine/engine-types.ts";
import type { Clock, Timer } from "../../ports/clock.ts";
import type { OutcomeRow } from "../../ports/store.ts";
import type { ApiDeps } from "../deps.ts";
import { invalid, type Problem, problem } from "../errors/problem.ts";
import { errorResponses, refuse } from "../errors/v1-errors.ts";
import { deliveryJson } from "../history/delivery-wire.ts";
import { STREAM_RETRY_AFTER_SECONDS } from "../http/limits.ts";
import { openCursor, sealCursor } from "../lists/cursor.ts";

/** Not an event's id, but what comes before the oldest that is kept. */
const BEGINNING = "0";

const TOO_MANY_STREAMS: Problem = {
  ...problem(429, "TOO_MANY_STREAMS", "This tenant has as many streams open as it may; close one."),
  headers: { "retry-after": String(STREAM_RETRY_AFTER_SECONDS) },
};
const BAD_LAST_EVENT_ID = invalid([{ field: "Last-Event-ID", rule: "must be an id that this stream gave" }]);

export function registerStreamRoute(app: FastifyInstance, deps: ApiDeps): void {
  app.get(
    "/v1/stream",
    {
      exposeHeadRoute: false,
      schema: {
        tags: ["Deliveries"],
        operationId: "streamOutcomes",
        summary: "Follow outcomes as they happen",
        description:
          "Server-sent events named `delivery`, each with a row of the delivery list as its data. " +
          "`Last-Event-ID` resumes behind that event; `0` begins with the oldest that is kept. A reader that falls 1000 behind is dropped.",
        headers: Type.Object({ "last-event-id": Type.Optional(Type.String()) }),
        response: {
          200: { description: "A stream.", content: { "text/event-stream": { schema: Type.String() } } },
          ...errorResponses(429),
        },
      },
    },
    (request, reply) => {
      const asked = request.headers["last-event-id"];
      // An empty one is what a reader sends before its first event.
      const resumes = asked !== undefined && asked !== "";
      const after = resumes ? placeOf(deps, asked) : null;
      if (resumes && after === null) return refuse(reply, BAD_LAST_EVENT_ID);
      const stream = deps.engine.history.stream(request.caller, after);
      if (stream === null) return refuse(reply, TOO_MANY_STREAMS);
      reply.hijack();
      reply.raw.writeHead(200, {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        // Else a proxy that buffers would keep the events to itself.
        "x-accel-buffering": "no",
      });
      void follow(stream, reply.raw, request.session, deps);
      return reply;
    },
  );
}

function placeOf({ engine }: ApiDeps, id: string | readonly string[]): Seq | null {
  if (id === BEGINNING) return 0;
  return typeof id === "string" ? openCursor(engine, "outcomes", id) : null;
}

/** Write every outcome until the reader leaves or the stream ends; wait whenever the reader is slower than that. */
async function follow(
  stream: OutcomeStream,
  answer: ServerResponse,
  session: SignedIn | null,
  deps: ApiDeps,
): Promise<void> {
  const { engine, clock, telemetry } = deps;
  const comments = commentRegularly(answer, clock, () => {
    // One that is ended ends all streams; here it may have become too old.
    if (session !== null) closeUnless(engine.sessions.holds(session), stream);
  });
  const left = new AbortController();
  answer.on("close", () => {
    left.abort();
    stream.close();
  });
  answer.on("error", () => answer.destroy());
  answer.write(": open\n\n");
  try {
    for (let next = await stream.next(); !next.done && !left.signal.aborted; next = await stream.next()) {
      if (!answer.write(eventText(engine, next.value))) await once(answer, "drain", { signal: left.signal });
    }
  } catch (error) {
    // Either way the reader may resume where it was.
    if (!left.signal.aborted) {
      telemetry.noticed({ level: "warn", what: "stream_broke", fields: { error: String(error) } });
    }
  } finally {
    comments.cancel();
    stream.close();
    answer.end();
  }
}

/** Whether a session holds cannot be read just now: the next turn asks again. */
function closeUnless(holds: Promise<boolean>, stream: OutcomeStream): void {
  holds.then(
    (yes) => {
      if (!yes) stream.close();
    },
    () => undefined,
  );
}

function eventText(engine: ApiDeps["engine"], { attemptSeq, row }: OutcomeRow): string {
  return `id: ${sealCursor(engine, "outcomes", attemptSeq)}\nevent: delivery\ndata: ${JSON.stringify(deliveryJson(row))}\n\n`;
}

/** Tells proxies and readers that a quiet stream is alive. Not while bytes wait: they say the same, and would pile up. */
function commentRegularly(answer: ServerResponse, clock: Clock, onTurn: () => void): Timer {
  let timer: Timer;
  const comment = (): void => {
    if (!answer.writableNeedDrain) answer.write(": still here\n\n");
    onTurn();
    timer = clock.after(STREAM_COMMENT_MS, comment);
  };
  timer = clock.after(STREAM_COMMENT_MS, comment);
  return { cancel: () => timer.cancel() };
}
