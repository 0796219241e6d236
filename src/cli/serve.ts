/** `signalbox serve`: the server. */
import { SERVE_WORD } from "./arguments.ts";
import type { Command } from "./command.ts";

export const SERVE: Command = {
  group: SERVE_WORD,
  action: null,
  operand: null,
  options: {},
  about: "start the server; its settings are environment variables such as PORT, and README.md lists them",
  prepare:
    () =>
    async ({ serve }) => {
      await serve();
      return { kind: "serving" };
    },
};
