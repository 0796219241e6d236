/** Checks that the master key is the one that the file was written with: the file stores a check value of the key. */
import { StartupError } from "../../domain/errors.ts";
import type { Connection } from "../connection.ts";
import { sameCheckValue, type Vault } from "../vault.ts";

/** @throws StartupError when it was another key. A new file stores the check value of this one. */
export function checkMasterKey({ prepare }: Connection, vault: Vault): void {
  // Insert first: a server's first start and a command may get here at the same time.
  prepare("INSERT INTO meta VALUES ('master_key_check', ?) ON CONFLICT DO NOTHING").run(vault.checkValue);
  const stored = prepare("SELECT value FROM meta WHERE name = 'master_key_check'").get()?.value;
  if (!sameCheckValue(String(stored), vault.checkValue)) {
    throw new StartupError(
      "the master key is not the one that this data was written with: set SIGNALBOX_MASTER_KEY to that one",
    );
  }
}
