/** `signalbox serve`: the server. */
import type { Command } from "./command.ts";

export const SERVE: Command = {
  group: "serve",
  action: null,
  operand: null,
  options: {},
  about: "start the server; environment variables hold its settings",
  prepare:
    () =>
    async ({ serve }) => {
      await serve();
      return { kind: "serving" };
    },
};
