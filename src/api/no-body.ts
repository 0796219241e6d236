/** Routes that need no body take an empty one, or an empty object. */
import type { FastifyRequest } from "fastify";
import type { Fault } from "../domain/errors.ts";
import { bodyOf } from "./body.ts";
import { checker } from "./check.ts";
import { NoBody } from "./schemas.ts";

const check = checker(NoBody);

/** The faults of a body with fields; null when there are none. */
export function checkNoBody(request: FastifyRequest): readonly Fault[] | null {
  const body = check(bodyOf(request).value);
  return body.kind === "faults" ? body.faults : null;
}
