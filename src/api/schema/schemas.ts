/** Schemas that several routes share. */
import Type, { type TSchema } from "typebox";
import { ROLES, USER_ROLES } from "../../domain/access/access.ts";
import type { Fault } from "../../domain/errors.ts";
import { isMistypedSecret } from "../../domain/formats/keys.ts";
import { SECRET_CHARS_MAX, SECRET_CHARS_MIN } from "../../domain/limits.ts";

export const Nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

/** `2024-01-01T00:00:00Z`. */
export const Time = Type.String({ format: "date-time" });

export const Secret = Type.String({ minLength: SECRET_CHARS_MIN, maxLength: SECRET_CHARS_MAX, format: "text" });

/** The rule for the `secret` that signs deliveries. */
export const secretRules = {
  secret: (secret: unknown): readonly Fault[] =>
    typeof secret === "string" && isMistypedSecret(secret) ? [{ field: "secret", rule: MISTYPED_SECRET }] : [],
};
const MISTYPED_SECRET =
  "looks like a mistyped whsec_ secret: whsec_ must be followed by padded standard base64 (A-Z, a-z, 0-9, + and /) " +
  "of 24 to 64 bytes; a secret of another kind must not begin with whsec_";

/** The name of something, by which people find it in a list. */
export const NameText = (maxLength: number, description?: string) =>
  Type.String({ minLength: 1, maxLength, format: "name", ...(description !== undefined && { description }) });

export const RoleName = Type.Enum([...ROLES], { title: "Role" });

/** The role of a person. */
export const UserRoleName = Type.Enum([...USER_ROLES], { title: "UserRole" });

/** An id in a response. */
export const IdText = (prefix: string) => Type.String({ examples: [`${prefix}0190e0c4-2222-7000-8000-000000000003`] });

export const PathId = Type.Object({ id: Type.String() });

const REASONS: Readonly<Record<number, string>> = {
  400: "Invalid input. The response lists every invalid field.",
  401: "There is no valid key or session.",
  403: "The role is not sufficient, or a browser sent the request from a page of another site.",
  404: "There is no such thing in this tenant, or no such tenant.",
  409: "The current state does not allow the request.",
  413: "The body, or a part of it, is too large.",
  415: "The body is not application/json.",
  422: "Invalid input. The response lists every invalid field.",
  429: "There are too many requests. See Retry-After.",
  500: "The server failed. The error has been logged.",
  503: "The server cannot store anything at the moment. See Retry-After.",
  507: "The tenant has reached its storage quota, or its paused endpoints hold as many deliveries as they may. See the message.",
};

/** For a route without its own 404. */
const NO_SUCH_TENANT = "TENANT_NOT_FOUND: there is no such `tenant`.";

/** A response with its own description, although its schema is shared by many routes. */
export interface DocumentedResponse {
  readonly description: string;
  readonly content: { readonly "application/json": { readonly schema: TSchema } };
}

export function documentedResponse(schema: TSchema, description: string): DocumentedResponse {
  return { description, content: { "application/json": { schema } } };
}

/** A route's error responses: those of every route, and its own. */
export function documentedErrors(envelope: TSchema, statuses: readonly number[]): Record<number, DocumentedResponse> {
  const all = [...new Set([400, 401, 403, 404, 500, 503, ...statuses])].sort((a, b) => a - b);
  const reasons: Readonly<Record<number, string>> = statuses.includes(404)
    ? REASONS
    : { ...REASONS, 404: NO_SUCH_TENANT };
  return Object.fromEntries(all.map((status) => [status, documentedResponse(envelope, reasons[status] ?? "")]));
}

/** One fault. */
const FieldFault = Type.Object(
  {
    field: Type.String({ examples: ["url"] }),
    rule: Type.String({ examples: ["must be an https URL of 1 to 2048 characters, without user name or password"] }),
  },
  { title: "FieldFault" },
);

/** The invalid fields of a request, in the envelopes that have them only if there are any. */
export const DetailsField = { details: Type.Optional(Type.Array(FieldFault)) };

/** `{error: {code, message, details}}`. */
export const CommonError = Type.Object(
  {
    error: Type.Object({
      code: Type.String({ description: "A stable code. Compare this.", examples: ["VALIDATION_ERROR"] }),
      message: Type.String({ description: "What is wrong and how to fix it, for people." }),
      details: Type.Array(FieldFault),
    }),
  },
  { title: "CommonError" },
);
