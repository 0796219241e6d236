/** `signalbox backup`. */
import type { Command } from "./command.ts";

export const BACKUP: Command = {
  group: "backup",
  action: null,
  operand: "FILE",
  options: { force: { value: null, about: "replace a file of this name" } },
  about: "copy the data into a file, beside a running server, and check the copy",
  prepare(given) {
    const file = given.file();
    const overwrites = given.flag("force");
    return async ({ backUp }) => {
      const { masterKey, ...backup } = backUp(file, overwrites);
      return { kind: "one", fields: { ...backup, master_key: masterKey } };
    };
  },
};
