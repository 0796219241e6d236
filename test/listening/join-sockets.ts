import type { Socket } from "node:net";

/** Pass the bytes of two connections to each other. When one ends, so does the other. Open ones are in `sockets`. */
export function joinSockets(client: Socket, upstream: Socket, sockets: Set<Socket>): void {
  for (const [socket, other] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    sockets.add(socket);
    socket
      .on("error", () => other.destroy())
      .on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
    socket.pipe(other);
  }
}
