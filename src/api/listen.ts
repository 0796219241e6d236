import { type AddressInfo, createServer } from "node:net";
import type { FastifyInstance } from "fastify";

/** Listen. For `localhost`, listen on its IPv4 and its IPv6 address: clients use either, but Node listens only on the first. */
export async function listen(app: FastifyInstance, { host, port }: { host: string; port: number }): Promise<void> {
  if (host !== "localhost") {
    await app.listen({ host, port });
    return;
  }
  const other = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => app.server.emit("connection", socket));
  app.addHook("onClose", (_, done) => void other.close(() => done()));
  await app.listen({ host, port });
  const bound = app.server.address() as AddressInfo;
  await new Promise<void>((resolve) => {
    // A machine may have only one of the two.
    other.once("error", () => resolve());
    other.listen({ host: bound.family === "IPv6" ? "127.0.0.1" : "::1", port: bound.port }, resolve);
  });
}
