/** `signalbox backup`. */
import type { Command } from "./command.ts";

export const BACKUP: Command = {
  group: "backup",
  action: null,
  operand: "FILE",
  options: { force: { value: null, about: "replace an existing file" } },
  about: "copy the data to a file and verify the copy; the server can keep running",
  prepare(args) {
    const file = args.file();
    const overwrites = args.flag("force");
    return async ({ backUp }) => {
      const { masterKey, ...backup } = backUp(file, overwrites);
      return { kind: "one", fields: { ...backup, master_key: masterKey } };
    };
  },
};
