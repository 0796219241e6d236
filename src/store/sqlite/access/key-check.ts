/** Whether a file was written under this master key: it holds a check value of the one that was. */
import { StartupError } from "../../../domain/errors.ts";
import { sameCheckValue, type Vault } from "../../vault.ts";
import type { Connection } from "../connection.ts";

/** @throws StartupError when it was another one; a new file remembers this one */
export function checkMasterKey({ prepare }: Connection, vault: Vault): void {
  // The row first: a server's first start and a command may both be here at once.
  prepare("INSERT INTO meta VALUES ('master_key_check', ?) ON CONFLICT DO NOTHING").run(vault.checkValue);
  const stored = prepare("SELECT value FROM meta WHERE name = 'master_key_check'").get()?.value;
  if (!sameCheckValue(String(stored), vault.checkValue)) {
    throw new StartupError("the master key is not the one that this data was written with");
  }
}
