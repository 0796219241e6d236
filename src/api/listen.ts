import { type AddressInfo, createServer } from "node:net";
import type { FastifyInstance } from "fastify";

/** Listen, and on `localhost` on the IPv4 and the IPv6 address: clients try either, and Node takes the first alone. */
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
    // A machine may have one of the two only.
    other.once("error", () => resolve());
    other.listen({ host: bound.family === "IPv6" ? "127.0.0.1" : "::1", port: bound.port }, resolve);
  });
}
