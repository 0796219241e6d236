/** The keys that sign receipts: `/.well-known/signalbox-keys` for everybody, and their rotation for a `global_admin`. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import Type, { type Static } from "typebox";
import { RECEIPT_KEYS_CACHE_SECONDS, RECEIPT_KEYS_COUNT_MAX } from "../../domain/limits.ts";
import { wholeSeconds, wholeSecondsOrNull } from "../../domain/text/time.ts";
import type { ReceiptKey } from "../../ports/store.ts";
import type { ApiDeps } from "../deps.ts";
import { problem } from "../errors/problem.ts";
import { errorResponses, refuse } from "../errors/v1-errors.ts";
import { Nullable, Time } from "../schema/schemas.ts";

const tags = ["Pauses"];

const ReceiptKeyResponse = Type.Object(
  {
    key_id: Type.String(),
    algorithm: Type.Literal("Ed25519"),
    public_key: Type.String({ description: "The 32 bytes in base64." }),
    created_at: Time,
    retired_at: Nullable(Time),
  },
  { title: "ReceiptKey" },
);
const ReceiptKeysResponse = Type.Object({ keys: Type.Array(ReceiptKeyResponse) }, { title: "ReceiptKeys" });

function keyJson({ id, publicKey, createdAt, retiredAt }: ReceiptKey): Static<typeof ReceiptKeyResponse> {
  return {
    key_id: id,
    algorithm: "Ed25519",
    public_key: publicKey,
    created_at: wholeSeconds(createdAt),
    retired_at: wholeSecondsOrNull(retiredAt),
  };
}

/** Without a credential. */
export function registerOpenReceiptKeyRoutes(app: FastifyInstance, deps: ApiDeps): void {
  app.get("/.well-known/signalbox-keys", LIST, listKeys(deps));
}

export function registerReceiptKeyRoutes(app: FastifyInstance, deps: ApiDeps): void {
  app.post("/v1/receipt-keys/rotate", ROTATE, rotateKey(deps));
}

const LIST = {
  schema: {
    tags,
    operationId: "listReceiptKeys",
    summary: "List the public keys of receipts",
    description: "The newest first. Retired keys stay in the list, because they verify older receipts.",
    security: [],
    response: { 200: ReceiptKeysResponse, ...errorResponses() },
  },
};

function listKeys({ engine: { access } }: ApiDeps) {
  return async (_request: FastifyRequest, reply: FastifyReply): Promise<object> => {
    const keys = await access.listReceiptKeys();
    reply.header("cache-control", `public, max-age=${RECEIPT_KEYS_CACHE_SECONDS}`);
    return { keys: keys.map(keyJson) };
  };
}

const ROTATE = {
  config: { needs: "global_admin" } as const,
  schema: {
    tags,
    operationId: "rotateReceiptKey",
    summary: "Sign later receipts with a new key",
    description: "The former key stays in the list of public keys. The audit log records the rotation.",
    response: { 200: ReceiptKeyResponse, ...errorResponses(409) },
  },
};

function rotateKey({ engine: { access } }: ApiDeps) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<object> => {
    const result = await access.rotateReceiptKey(request.caller);
    return result.kind === "rotated" ? keyJson(result.key) : refuse(reply, TOO_MANY_KEYS);
  };
}

const TOO_MANY_KEYS = problem(
  409,
  "TOO_MANY_RECEIPT_KEYS",
  `There are ${RECEIPT_KEYS_COUNT_MAX} keys, the most: all of them stay public, and they can be rotated no more.`,
);
