/** From a request's bytes to a JSON object that says one thing only. */
import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { type ObjectScan, type Span, scanObject } from "../domain/json.ts";
import { JSON_DEPTH_MAX } from "../domain/limits.ts";
import { invalid, type Problem, Refusal, UNSUPPORTED_MEDIA_TYPE, unreadable } from "./errors.ts";

/** A body as a value, and the text that it was, for what must be kept byte for byte. */
export interface JsonBody {
  readonly text: string;
  readonly value: object;
  /** Where the values of the top level stand in `text`. */
  readonly members: ReadonlyMap<string, Span>;
}

type BodyParser = (
  request: FastifyRequest,
  payload: IncomingMessage,
  done: (error: Error | null, body?: JsonBody) => void,
) => void;

declare module "fastify" {
  interface FastifyContextConfig {
    /** How deep the body may be; `JSON_DEPTH_MAX` unless the route looks at parts of it by itself. */
    jsonDepthMax?: number;
  }
}

const ANY_JSON = /^application\/(?:[\w!#$&^.+-]+\+)?json(?:\s*;.*)?$/i;
const NOTHING = Buffer.alloc(0);
const EMPTY: JsonBody = { text: "{}", value: {}, members: new Map() };

/** The body of a request, `{}` when there was none. */
export function bodyOf(request: FastifyRequest): JsonBody {
  return (request.body as JsonBody | null | undefined) ?? EMPTY;
}

/** Read every body by the rules of the contract's section 1. An empty one is no body, whatever its content type. */
export function installBodyParsers(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  const parse: BodyParser = (request, payload, done) => {
    app.receiveBody(request, payload, (error, bytes = NOTHING) => {
      if (error !== null) return done(error);
      const body = parseBody(bytes, request.routeOptions.config.jsonDepthMax ?? JSON_DEPTH_MAX);
      if (body !== undefined && "status" in body) done(new Refusal(body));
      else done(null, body);
    });
  };
  app.addContentTypeParser("application/json", parse);
  app.addContentTypeParser(ANY_JSON, parse);
  app.addContentTypeParser("*", (request, payload, done) => {
    if (request.expecting !== null) return done(new Refusal(UNSUPPORTED_MEDIA_TYPE));
    app.receiveBody(request, payload, (error, bytes = NOTHING) => {
      if (error === null && bytes.length === 0) done(null, undefined);
      else done(error ?? new Refusal(UNSUPPORTED_MEDIA_TYPE));
    });
  });
}

/** Parse a body's bytes, or say why they cannot be taken; nothing is no body. */
export function parseBody(bytes: Buffer, depthMax: number): JsonBody | Problem | undefined {
  if (bytes.length === 0) return undefined;
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    return unreadable("must not begin with a byte-order mark");
  }
  if (!isUtf8(bytes)) return unreadable("must be valid UTF-8");
  const text = bytes.toString("utf8");
  const early = text.length > LARGE_CHARS ? scanUnparsed(text, depthMax) : null;
  if (early?.kind === "fault") return unreadable(early.rule);
  const value = parseJson(text);
  if (value === undefined) return unreadable("must be valid JSON");
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return invalid([{ field: "body", rule: "must be a JSON object" }]);
  }
  const scan = early ?? scanObject(text, depthMax);
  if (scan.kind === "fault") return unreadable(scan.rule);
  return { text, value, members: scan.members };
}

/** From here on the depth is looked at before parsing: 7 MB of brackets are scanned in 17 ms and parsed in 800. */
const LARGE_CHARS = 16 * 1024;

/** Of a text that may be no JSON: the scanner ends on any text, but may stumble over a key. */
function scanUnparsed(text: string, depthMax: number): ObjectScan {
  try {
    return scanObject(text, depthMax);
  } catch {
    return { kind: "fault", rule: "must be valid JSON" };
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
