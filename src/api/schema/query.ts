/** Query parameters are checked like a body, and unknown ones are faults. */
import type { FastifyReply, FastifyRequest } from "fastify";
import Type, { type Static, type TObject } from "typebox";
import type { Fault } from "../../domain/errors.ts";
import { type Envelope, invalid, send } from "../errors/problem.ts";
import { type Checked, checker } from "./check.ts";
import type { SchemaNode } from "./describe.ts";

const INTEGER = /^-?\d{1,15}$/;
/** The plus sign of a time zone is decoded to a space if the client does not percent-encode it. */
const SPACE_FOR_PLUS = / (?=\d{2}:\d{2}$)/;

/** A parameter of every route. The authentication reads it. */
const ANY_ROUTE = { tenant: Type.Optional(Type.Unknown()) };

export function queryChecker<T extends TObject>(schema: T): (query: unknown) => Checked<Static<T>> {
  const check = checker(Type.Object({ ...schema.properties, ...ANY_ROUTE }, { additionalProperties: false }));
  const properties = new Map<string, SchemaNode>(Object.entries(schema.properties as Record<string, SchemaNode>));
  return (query) => {
    const given = Object.entries(query as Record<string, unknown>);
    const value = Object.fromEntries(given.map(([name, text]) => [name, coerce(properties.get(name), text)]));
    const checked = check(value);
    return checked.kind === "ok"
      ? (checked as Checked<Static<T>>)
      : { kind: "faults", faults: checked.faults.map(asParameter) };
  };
}

function coerce(schema: SchemaNode | undefined, text: unknown): unknown {
  // A list: the parameter repeated, or its values separated by commas.
  if (schema?.type === "array") return [text].flat().flatMap((part) => String(part).split(","));
  if (typeof text !== "string") return text;
  if (schema?.type === "integer" && INTEGER.test(text)) return Number(text);
  if (schema?.type === "boolean" && (text === "true" || text === "false")) return text === "true";
  if (schema?.format === "date-time" || schema?.format === "day-or-time") return text.replace(SPACE_FOR_PLUS, "+");
  return text;
}

/** A repeated parameter has one name, whichever of its values is wrong. */
function asParameter({ field, rule }: Fault): Fault {
  return {
    field: field.replace(/\[\d+\]$/, ""),
    rule: rule.replace("is not a field of this request", "is not a query parameter of this request"),
  };
}

const checkNone = queryChecker(Type.Object({}, { additionalProperties: false }));

const NO_FAULTS = { kind: "ok" } as const;

/** A hook: a route without a schema for its query accepts no parameters. */
export function refuseUnknownQuery(envelope: Envelope) {
  return (request: FastifyRequest, reply: FastifyReply, done: () => void): void => {
    const needsNoCheck = !request.url.includes("?") || request.routeOptions.schema?.querystring !== undefined;
    const checked = needsNoCheck ? NO_FAULTS : checkNone(request.query);
    if (checked.kind === "faults") send(reply, envelope, invalid(checked.faults));
    else done();
  };
}
