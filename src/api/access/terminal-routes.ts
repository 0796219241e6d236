/** `/v1/cli`: a terminal asks for a key, and a person approves it in the console (RFC 8628). */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { includesRole, type Role } from "../../domain/access/access.ts";
import { APPROVER_ROLE } from "../../domain/access/terminal.ts";
import type { TooManyTries } from "../../engine/access/session-types.ts";
import type { DecideTerminalResult, TerminalState } from "../../ports/store.ts";
import type { ApiDeps } from "../deps.ts";
import { invalid, notFound, type Problem, problem, temporary } from "../errors/problem.ts";
import { quotaProblem } from "../errors/quota-problem.ts";
import { errorResponses, openErrorResponses, refuse } from "../errors/v1-errors.ts";
import { bodyOf } from "../http/body.ts";
import { createClientAddress } from "../http/client-address.ts";
import {
  ApproveBody,
  checkApprove,
  checkOpenTerminal,
  checkToken,
  checkUserCode,
  DecidedTerminalResponse,
  OpenedTerminalResponse,
  OpenTerminalBody,
  openedTerminalJson,
  TerminalResponse,
  TokenBody,
  TokenResponse,
  terminalJson,
  tokenJson,
  UserCodeBody,
} from "./terminal-wire.ts";

const tags = ["Terminals"];
/** A terminal has no credentials yet. */
const security: [] = [];

/** The routes of the terminal itself. */
export function registerOpenTerminalRoutes(app: FastifyInstance, deps: ApiDeps): void {
  app.post("/v1/cli/device", OPEN, openTerminal(deps));
  app.post("/v1/cli/token", TOKEN, pollTerminal(deps));
}

/** The routes of the person who approves it. */
export function registerTerminalRoutes(app: FastifyInstance, deps: ApiDeps): void {
  app.post("/v1/cli/code", FIND, findTerminal(deps));
  app.post("/v1/cli/code/approve", APPROVE, approveTerminal(deps));
  app.post("/v1/cli/code/deny", DENY, denyTerminal(deps));
}

const OPEN = {
  schema: {
    tags,
    operationId: "openDevice",
    summary: "Begin to sign in a terminal",
    description:
      "Needs no key. Show `user_code` and `verification_uri_complete` to the person, who approves the terminal in the " +
      "console within 10 minutes, and ask `POST /v1/cli/token` for the key meanwhile.",
    security,
    body: OpenTerminalBody,
    response: { 201: OpenedTerminalResponse, ...openErrorResponses(413, 415, 429) },
  },
};

function openTerminal({ engine: { terminals }, trustProxy, publicUrl }: ApiDeps) {
  const addressOf = createClientAddress(trustProxy);
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const body = checkOpenTerminal(bodyOf(request).value);
    if (body.kind === "faults") return refuse(reply, invalid(body.faults));
    const { name, role = "developer" } = body.value;
    const output = await terminals.open({ name, role, address: addressOf(request) });
    if (output.kind === "tooMany") return refuse(reply, tooManyTerminals(output));
    return reply.code(201).send(openedTerminalJson(output, publicUrl()));
  };
}

const TOKEN = {
  schema: {
    tags,
    operationId: "pollDevice",
    summary: "Ask for the key of a terminal that signs in",
    description:
      "Needs no key. The answer says whether the person has decided. When the person has approved the terminal, it has " +
      "the key. If that response was lost, ask again: for 10 minutes, you get the same key. The key ends when it was " +
      "not used for 90 days.",
    security,
    body: TokenBody,
    response: { 200: TokenResponse, ...openErrorResponses(409, 413, 415) },
  },
};

function pollTerminal({ engine: { terminals } }: ApiDeps) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<object> => {
    const body = checkToken(bodyOf(request).value);
    if (body.kind === "faults") return refuse(reply, invalid(body.faults));
    const output = await terminals.poll(body.value.device_code);
    return output.kind === "quotaExceeded" ? refuse(reply, quotaProblem(output)) : tokenJson(output);
  };
}

const FIND = {
  // Everybody who is signed in sees what is asked. The console says to those who may not approve it who may.
  config: { accepts: "session", needs: "viewer" },
  schema: {
    tags,
    operationId: "findTerminal",
    summary: "Read which terminal shows a code",
    description: "After five wrong codes, 429 RATE_LIMITED for 10 minutes.",
    body: UserCodeBody,
    response: { 200: TerminalResponse, ...errorResponses(404, 413, 415, 429) },
  },
} as const;

function findTerminal({ engine: { terminals } }: ApiDeps) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<object> => {
    const body = checkUserCode(bodyOf(request).value);
    if (body.kind === "faults") return refuse(reply, invalid(body.faults));
    const output = await terminals.find(request.caller, body.value.user_code);
    return output.kind === "found" ? terminalJson(output.terminal) : refuse(reply, codeProblem(output));
  };
}

const decides = { accepts: "session", needs: APPROVER_ROLE } as const;

const APPROVE = {
  config: decides,
  schema: {
    tags,
    operationId: "approveTerminal",
    summary: "Approve a terminal: it gets a key",
    body: ApproveBody,
    response: { 200: DecidedTerminalResponse, ...errorResponses(404, 409, 413, 415, 429) },
  },
};

function approveTerminal({ engine: { terminals } }: ApiDeps) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<object> => {
    const body = checkApprove(bodyOf(request).value);
    if (body.kind === "faults") return refuse(reply, invalid(body.faults));
    const { caller } = request;
    const role = body.value.role ?? (await askedRole(body.value.user_code));
    if (typeof role !== "string") return refuse(reply, codeProblem(role));
    if (!includesRole(caller.actor.role, role)) return refuse(reply, ROLE_ABOVE_CALLER);
    const result = await terminals.decide(caller, body.value.user_code, role);
    return result.kind === "decided" ? { state: "approved" } : refuse(reply, decisionProblem(result));

    async function askedRole(userCode: string): Promise<Role | { readonly kind: "unknown" } | TooManyTries> {
      const output = await terminals.find(caller, userCode);
      return output.kind === "found" ? output.terminal.role : output;
    }
  };
}

const DENY = {
  config: decides,
  schema: {
    tags,
    operationId: "denyTerminal",
    summary: "Deny a terminal: it gets no key",
    body: UserCodeBody,
    response: { 200: DecidedTerminalResponse, ...errorResponses(404, 409, 413, 415, 429) },
  },
};

function denyTerminal({ engine: { terminals } }: ApiDeps) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<object> => {
    const body = checkUserCode(bodyOf(request).value);
    if (body.kind === "faults") return refuse(reply, invalid(body.faults));
    const result = await terminals.decide(request.caller, body.value.user_code, null);
    return result.kind === "decided" ? { state: "denied" } : refuse(reply, decisionProblem(result));
  };
}

function decisionProblem(result: Exclude<DecideTerminalResult, { readonly kind: "decided" }> | TooManyTries): Problem {
  switch (result.kind) {
    case "decidedBefore":
      return decidedBefore(result.state);
    case "quotaExceeded":
      return quotaProblem(result);
    default:
      return codeProblem(result);
  }
}

function codeProblem(why: { readonly kind: "unknown" } | TooManyTries): Problem {
  return why.kind === "unknown" ? CODE_NOT_FOUND : tooManyCodes(why);
}

const CODE_NOT_FOUND = notFound(
  "CODE_NOT_FOUND",
  "No terminal waits with this code. Compare it with the code in your terminal. A code expires after 10 minutes; run `signalbox login` again for a new one.",
);
const ROLE_ABOVE_CALLER = problem(403, "FORBIDDEN", "The terminal's role must not be higher than your own.");

function decidedBefore(state: TerminalState): Problem {
  return problem(409, "CODE_USED", `This terminal was already ${state}.`);
}

function tooManyCodes({ retryAfterSeconds }: TooManyTries): Problem {
  const message = "You sent too many wrong codes. Wait before you try again.";
  return temporary(problem(429, "RATE_LIMITED", message), retryAfterSeconds);
}

function tooManyTerminals({ retryAfterSeconds }: TooManyTries): Problem {
  const message = "Too many terminals have asked for a code. Wait before you try again.";
  return temporary(problem(429, "RATE_LIMITED", message), retryAfterSeconds);
}
