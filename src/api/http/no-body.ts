/** Routes that need no body take an empty one, or an empty object. */
import type { FastifyRequest } from "fastify";
import type { Fault } from "../../domain/errors.ts";
import { checker } from "../schema/check.ts";
import { NoBody } from "../schema/schemas.ts";
import { bodyOf } from "./body.ts";

const check = checker(NoBody);

/** The faults of a body with fields; null when there are none. */
export function checkNoBody(request: FastifyRequest): readonly Fault[] | null {
  const body = check(bodyOf(request).value);
  return body.kind === "faults" ? body.faults : null;
}
