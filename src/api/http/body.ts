/** Parses request bodies as unambiguous JSON objects. */
import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { JSON_DEPTH_MAX, MANAGEMENT_BODY_BYTES_MAX } from "../../domain/limits.ts";
import {
  NOT_AN_ARRAY,
  NOT_AN_OBJECT,
  type ObjectScan,
  type Span,
  scanArray,
  scanObject,
} from "../../domain/text/json.ts";
import { findJsonFault, jsonRule } from "../../domain/text/json-fault.ts";
import { invalid, type Problem, Refusal, UNSUPPORTED_MEDIA_TYPE, unreadable } from "../errors/problem.ts";
import { FIELDS_COUNT_MAX } from "./limits.ts";

/** A body as a value, and its text for the parts that must be kept byte for byte. */
export interface JsonBody {
  readonly text: string;
  readonly value: object;
  /** The positions in `text` of the values of the top level. */
  readonly members: ReadonlyMap<string, Span>;
  /** The positions in `text` of the items of the route's `jsonList`. In `value`, each item is 0. */
  readonly items?: readonly Span[];
}

/** A list that is nearly the whole body. The route itself parses its items, one at a time. */
export interface JsonList {
  readonly field: string;
  readonly itemsMax: number;
}

type BodyParser = (
  request: FastifyRequest,
  payload: IncomingMessage,
  done: (error: Error | null, body?: JsonBody) => void,
) => void;

declare module "fastify" {
  interface FastifyContextConfig {
    /** The maximum depth of the body. The default is `JSON_DEPTH_MAX`. */
    jsonDepthMax?: number;
    jsonList?: JsonList;
  }
}

const ANY_JSON = /^application\/(?:[\w!#$&^.+-]+\+)?json(?:\s*;.*)?$/i;
const NOTHING = Buffer.alloc(0);
const EMPTY: JsonBody = { text: "{}", value: {}, members: new Map() };

/** The body of a request. `{}` without a body. */
export function bodyOf({ body }: Pick<FastifyRequest, "body">): JsonBody {
  return (body as JsonBody | null | undefined) ?? EMPTY;
}

/** Parses every body as docs/errors.md describes. An empty body counts as none, whatever its content type. */
export function installBodyParsers(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  const parse: BodyParser = (request, payload, done) => {
    app.readBody(request, payload, (error, bytes = NOTHING) => {
      if (error !== null) return done(error);
      const { jsonDepthMax, jsonList } = request.routeOptions.config;
      const body = parseBody(bytes, jsonDepthMax ?? JSON_DEPTH_MAX, jsonList);
      if (body !== undefined && "status" in body) done(new Refusal(body));
      else done(null, body);
    });
  };
  app.addContentTypeParser("application/json", parse);
  app.addContentTypeParser(ANY_JSON, parse);
  app.addContentTypeParser("*", (request, payload, done) => {
    if (request.expecting !== null) return done(new Refusal(UNSUPPORTED_MEDIA_TYPE));
    app.readBody(request, payload, (error, bytes = NOTHING) => {
      if (error === null && bytes.length === 0) done(null, undefined);
      else done(error ?? new Refusal(UNSUPPORTED_MEDIA_TYPE));
    });
  });
}

/** Parse a body. Undefined for an empty one. */
export function parseBody(bytes: Buffer, depthMax: number, list?: JsonList): JsonBody | Problem | undefined {
  if (bytes.length === 0) return undefined;
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    return unreadable("must not begin with a byte-order mark");
  }
  if (!isUtf8(bytes)) return unreadable("must be valid UTF-8");
  const text = bytes.toString("utf8");
  const early = text.length > LARGE_CHARS || list !== undefined ? scanUnparsed(text, depthMax) : null;
  if (early === "not JSON") return notJson(text);
  if (early?.kind === "fault") return early.rule === NOT_AN_OBJECT ? NO_OBJECT : unreadable(early.rule);
  if (early !== null && list !== undefined) return parseAround(text, early.members, list);
  const value = parseJson(text);
  if (value === undefined) return notJson(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return NO_OBJECT;
  const scan = early ?? scanObject(text, depthMax, 0, FIELDS_COUNT_MAX);
  if (scan.kind === "fault") return unreadable(scan.rule);
  return { text, value, members: scan.members };
}

const NO_OBJECT = invalid([{ field: "body", rule: "must be a JSON object" }]);
/** In larger texts the depth is checked before parsing: 7 MB of brackets take 17 ms to scan and 800 ms to parse. */
const LARGE_CHARS = 16 * 1024;
/** In longer texts a syntax error is not located, which takes up to 70 ns per character. */
const LOCATED_CHARS_MAX = 512 * 1024;

/** Scans text that may not be JSON. The scanner ends on any text, but a malformed key makes it throw. */
function scanUnparsed(text: string, depthMax: number): ObjectScan | "not JSON" {
  try {
    return scanObject(text, depthMax, 0, FIELDS_COUNT_MAX);
  } catch {
    return "not JSON";
  }
}

/** Parse everything except the items of the list. Their number is checked before any of them is parsed. */
function parseAround(text: string, members: ReadonlyMap<string, Span>, list: JsonList): JsonBody | Problem {
  const span = members.get(list.field);
  const scan = span === undefined ? null : scanArray(text, Number.POSITIVE_INFINITY, span.start, list.itemsMax);
  if (scan?.kind === "fault" && scan.rule !== NOT_AN_ARRAY) return invalid([{ field: list.field, rule: scan.rule }]);
  const items = scan?.kind === "ok" ? scan.items : [];
  const frame = withoutItems(text, items);
  if (frame.length > MANAGEMENT_BODY_BYTES_MAX) {
    const rule = `must have at most ${MANAGEMENT_BODY_BYTES_MAX} bytes besides the items of ${list.field}`;
    return invalid([{ field: "body", rule }]);
  }
  const value = parseJson(frame);
  return value === undefined ? notJson(text) : { text, value: value as object, members, items };
}

function withoutItems(text: string, items: readonly Span[]): string {
  let frame = "";
  let at = 0;
  for (const { start, end } of items) {
    frame += `${text.slice(at, start)}0`;
    at = end;
  }
  return frame + text.slice(at);
}

/** @param from where the invalid part begins, which ends with the text */
function notJson(text: string, from = 0): Problem {
  const fault = text.length - from <= LOCATED_CHARS_MAX ? findJsonFault(text, from) : null;
  return unreadable(fault === null ? "must be valid JSON" : jsonRule(fault));
}

/** Parse one item of a list. */
export function parseItem({ text }: JsonBody, { start, end }: Span): { readonly value: unknown } | Problem {
  const value = parseJson(text.slice(start, end));
  return value === undefined ? notJson(text.slice(0, end), start) : { value };
}

/** Undefined for text that is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
