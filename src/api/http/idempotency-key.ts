/** The `Idempotency-Key` header of the routes that create something. */
import type { FastifyRequest } from "fastify";
import Type from "typebox";
import type { Fault } from "../../domain/errors.ts";
import { IDEMPOTENCY_KEY_CHARS_MAX } from "../../domain/limits.ts";
import { isIdempotencyKey } from "../schema/formats.ts";

export const IdempotencyHeaders = Type.Object({
  "idempotency-key": Type.Optional(
    Type.String({ minLength: 1, maxLength: IDEMPOTENCY_KEY_CHARS_MAX, format: "idempotency-key" }),
  ),
});

/** Undefined without the header. Node joins a repeated header with a comma and a space, which no key may contain. */
export function idempotencyKeyOf({ headers }: Pick<FastifyRequest, "headers">): string | undefined {
  const value = headers["idempotency-key"];
  return Array.isArray(value) ? value.join(", ") : value;
}

export function idempotencyKeyFaults(key: string): readonly Fault[] {
  return isIdempotencyKey(key) ? [] : [{ field: "Idempotency-Key", rule: "must be 1 to 255 visible ASCII characters" }];
}
