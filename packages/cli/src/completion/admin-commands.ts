/**
 * The words and options of `signalbox admin`, for completion. The server's program has the commands; the client imports
 * nothing of it, so a test compares the two.
 */
export const ADMIN_COMMANDS: Readonly<Record<string, readonly string[]>> = {
  "tenants list": [],
  "tenants add": [],
  "tenants show": ["--tenant"],
  "tenants rename": ["--tenant"],
  "tenants set": [
    "--endpoints",
    "--keys",
    "--sources",
    "--open-pauses",
    "--stored-bytes",
    "--events-per-second",
    "--tenant",
  ],
  "users list": ["--tenant"],
  "users add": ["--email", "--role", "--tenant", "--password-stdin"],
  "users disable": [],
  "users enable": [],
  "users reset-password": ["--password-stdin"],
  "keys list": ["--tenant"],
  "keys add": ["--name", "--role", "--scopes", "--tenant", "--test"],
  "keys revoke": [],
  "receipt-keys list": [],
  "receipt-keys rotate": [],
  backup: ["--force"],
  restore: ["--force"],
  verify: [],
  "migrate-store": ["--to"],
};

/** Those that take a file. */
export const FILE_COMMANDS: readonly string[] = ["backup", "restore"];
