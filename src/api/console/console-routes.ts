/** `/console/`: the web console. It is a single page whose paths the browser interprets, so every path gets that page. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ApiDeps } from "../deps.ts";
import { commonEnvelope, routeNotFound, send } from "../errors/problem.ts";
import { CONSOLE_NONCE_BYTES } from "../http/limits.ts";
import { sendStatic } from "../http/static-response.ts";
import { type ConsoleFiles, NONCE_PLACEHOLDER, readConsoleFiles } from "./console-files.ts";
import { NOT_BUILT_PAGE } from "./not-built-page.ts";

const HOME = "/console/";
const HTML = "text/html; charset=utf-8";
/** The name of the file changes with its content. */
const IMMUTABLE = "public, max-age=31536000, immutable";
const HIDDEN = { schema: { hide: true } } as const;

type ByPath = { Params: { "*": string } };

export function registerConsole(app: FastifyInstance, { clock }: ApiDeps): void {
  app.get("/", HIDDEN, openHome);
  app.get("/console", HIDDEN, (_, reply) => reply.code(303).header("location", HOME).send());
  let reading: Promise<ConsoleFiles | null> | null = null;
  const files = async (): Promise<ConsoleFiles | null> => {
    reading ??= readConsoleFiles();
    try {
      const read = await reading;
      // Building the console takes no restart of the server.
      if (read === null) reading = null;
      return read;
    } catch (error) {
      // It can fail, for example without free file descriptors. A later request tries again.
      reading = null;
      throw error;
    }
  };
  app.get<ByPath>("/console/assets/*", HIDDEN, async (request, reply) =>
    sendAsset(await files(), `assets/${request.params["*"]}`, request, reply),
  );
  const openPage = async (_: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const read = await files();
    if (read === null) return reply.code(503).type(HTML).send(NOT_BUILT_PAGE);
    const nonce = clock.randomBase64(CONSOLE_NONCE_BYTES);
    reply.header("content-security-policy", policy(nonce)).type(HTML);
    return reply.send(read.page.replaceAll(NONCE_PLACEHOLDER, nonce));
  };
  app.get(HOME, HIDDEN, openPage);
  app.get("/console/*", HIDDEN, openPage);
}

/** A browser gets the console. A program that asks for `/` gets a 404, as before there was a console. */
function openHome({ headers }: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (!/\btext\/html\b/i.test(headers.accept ?? "")) return send(reply, commonEnvelope, routeNotFound(null));
  return reply.code(303).header("location", HOME).send();
}

/** A tab of an older build asks for a file that the new build does not have. The console then offers to reload. */
async function sendAsset(
  files: ConsoleFiles | null,
  path: string,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const asset = files?.assets.get(path);
  if (asset === undefined) return send(reply, commonEnvelope, routeNotFound(null));
  reply.header("vary", "accept-encoding");
  sendStatic(request, reply, await asset.response(request.headers["accept-encoding"]), IMMUTABLE);
  return reply;
}

/**
 * Everything comes from this server. Mantine writes its theme into `<style>` elements, which need the nonce; its
 * `style` attributes go through the CSSOM, which the policy does not restrict.
 */
function policy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}
