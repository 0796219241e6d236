/** One attempt on the wire, with its request and its response. */
import Type, { type Static } from "typebox";
import { attemptError } from "../../domain/delivery/attempt-error.ts";
import { attemptTarget } from "../../domain/endpoints/listener-url.ts";
import { ID_PREFIX } from "../../domain/ids.ts";
import { milliseconds } from "../../domain/text/time.ts";
import type { AttemptDetails } from "../../engine/history/attempt-details.ts";
import { HeadersResponse, headersJson, TimingsResponse, timingsJson } from "../schema/exchange.ts";
import { queryChecker } from "../schema/query.ts";
import { Nullable, Time } from "../schema/schemas.ts";

export const PathAttempt = Type.Object({ id: Type.String(), number: Type.String() });
export const AttemptQuery = Type.Object(
  {
    signed: Type.Optional(
      Type.Enum(["then", "now"], {
        default: "then",
        description: "`now`: with the present time, so that a receiver accepts the request.",
      }),
    ),
  },
  { additionalProperties: false },
);
export const checkAttemptQuery = queryChecker(AttemptQuery);

export const AttemptDetailsResponse = Type.Object(
  {
    id: Type.String(),
    delivery_id: Type.String(),
    attempt_number: Type.Integer(),
    url: Type.String({ description: "The URL that this attempt was sent to, or `listener:` and a name." }),
    via: Nullable(
      Type.String({ description: "The reader of the listener that made the attempt, such as `ada@laptop`." }),
    ),
    started_at: { ...Time, description: "With milliseconds." },
    ended_at: { ...Time, description: "With milliseconds." },
    outcome: Type.Enum(["SUCCESS", "RETRYABLE_FAILURE", "NON_RETRYABLE_FAILURE"]),
    classification: Type.String(),
    error: Nullable(Type.String({ description: "What went wrong, with a hint. Null for a success." })),
    request: Type.Object({
      method: Type.Literal("POST"),
      headers: HeadersResponse,
      body: Type.String({ description: "Byte for byte as it was sent." }),
      reconstructed: Type.Boolean({ description: "The server does not store requests: it rendered this one again." }),
      differs: Type.Array(Type.String(), { description: "Why the headers may differ from those that were sent." }),
    }),
    response: Nullable(
      Type.Object({
        http_status: Type.Integer(),
        headers: HeadersResponse,
        headers_complete: Type.Boolean({ description: "False: the response had more headers than are stored." }),
        body: Nullable(Type.String({ description: "The beginning of the body." })),
      }),
    ),
    timings: Nullable(TimingsResponse),
  },
  { title: "AttemptDetails" },
);

export function attemptDetailsJson(details: AttemptDetails): Static<typeof AttemptDetailsResponse> {
  const { attempt, request, timings } = details;
  const { httpStatus } = attempt;
  return {
    id: ID_PREFIX.attempt + attempt.id,
    delivery_id: ID_PREFIX.delivery + details.deliveryId,
    attempt_number: attempt.number,
    ...attemptTarget(attempt.url),
    started_at: milliseconds(attempt.startedAt),
    ended_at: milliseconds(attempt.endedAt),
    outcome: attempt.outcome,
    classification: attempt.classification,
    error: attemptError(attempt),
    request: {
      method: "POST",
      headers: headersJson(request.headers),
      body: request.body,
      reconstructed: true,
      differs: [...request.differs],
    },
    response:
      httpStatus === null
        ? null
        : {
            http_status: httpStatus,
            headers: headersJson(details.response.headers),
            headers_complete: details.response.complete,
            body: attempt.snippet,
          },
    timings: timings && timingsJson(timings, attempt.endedAt - attempt.startedAt),
  };
}
