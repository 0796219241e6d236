/** Pieces of the schemas that several routes share. */
import Type, { type TSchema } from "typebox";
import { ROLES } from "../../domain/access/access.ts";
import type { Fault } from "../../domain/errors.ts";
import { isMistypedSecret } from "../../domain/formats/keys.ts";
import { SECRET_CHARS_MAX, SECRET_CHARS_MIN } from "../../domain/limits.ts";

export const Nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

/** `2024-01-01T00:00:00Z`. */
export const Time = Type.String({ format: "date-time" });

export const Secret = Type.String({ minLength: SECRET_CHARS_MIN, maxLength: SECRET_CHARS_MAX, format: "text" });

/** A rule of every body with a `secret` that signs deliveries. */
export const secretRules = {
  secret: (secret: unknown): readonly Fault[] =>
    typeof secret === "string" && isMistypedSecret(secret) ? [{ field: "secret", rule: MISTYPED_SECRET }] : [],
};
const MISTYPED_SECRET =
  "looks like a mistyped whsec_ secret: whsec_ must be followed by padded standard base64 (A-Z, a-z, 0-9, + and /) " +
  "of 24 to 64 bytes; a secret of another kind must not begin with whsec_";

export const NameText = Type.String({ minLength: 1, maxLength: 200, format: "text" });

export const RoleName = Type.Enum([...ROLES], { title: "Role" });

/** A public id in an answer. */
export const IdText = (prefix: string) => Type.String({ examples: [`${prefix}0190e0c4-2222-7000-8000-000000000003`] });

export const PathId = Type.Object({ id: Type.String() });

const REASONS: Readonly<Record<number, string>> = {
  400: "Bad input; every bad field is named.",
  401: "No key or session, or not a valid one.",
  403: "The role does not suffice; or a browser sent a change from another site's page.",
  404: "There is no such thing in this tenant, or no such tenant.",
  409: "The state forbids it.",
  413: "The body or a part of it is too large.",
  415: "The body is not application/json.",
  422: "Bad input; every bad field is named.",
  429: "Too many; see Retry-After.",
  500: "Our own fault; it has been logged.",
  503: "Nothing can be stored just now; see Retry-After.",
  507: "The tenant stores as much as it may, or its paused endpoints hold as much as they may; see the message.",
};

/** Of a route that has no 404 of its own. */
const NO_SUCH_TENANT = "TENANT_NOT_FOUND: the query's `tenant` is none.";

/** One answer of a route that says what it means apart from its schema, which many routes share. */
export interface DocumentedResponse {
  readonly description: string;
  readonly content: { readonly "application/json": { readonly schema: TSchema } };
}

export function documentedResponse(schema: TSchema, description: string): DocumentedResponse {
  return { description, content: { "application/json": { schema } } };
}

/** The error answers of a route: those that any route can give, and its own. */
export function documentedErrors(envelope: TSchema, statuses: readonly number[]): Record<number, DocumentedResponse> {
  const all = [...new Set([400, 401, 403, 404, 500, 503, ...statuses])].sort((a, b) => a - b);
  const reasons: Readonly<Record<number, string>> = statuses.includes(404)
    ? REASONS
    : { ...REASONS, 404: NO_SUCH_TENANT };
  return Object.fromEntries(all.map((status) => [status, documentedResponse(envelope, reasons[status] ?? "")]));
}

/** One bad field. */
const FieldFault = Type.Object(
  {
    field: Type.String({ examples: ["url"] }),
    rule: Type.String({ examples: ["must be an https URL of 1 to 2048 characters, without user name or password"] }),
  },
  { title: "FieldFault" },
);

/** `{error: {code, message, details}}`. */
export const CommonError = Type.Object(
  {
    error: Type.Object({
      code: Type.String({ description: "Stable; compare this.", examples: ["VALIDATION_ERROR"] }),
      message: Type.String({ description: "What is wrong and how to fix it, for a person." }),
      details: Type.Array(FieldFault),
    }),
  },
  { title: "CommonError" },
);
