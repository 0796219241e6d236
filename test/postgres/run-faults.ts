/**
 * `npm run faults [TEXT]`: every fault, or those whose name contains the text, with three nodes. Prints what happened.
 *
 * If the environment variable PGBOUNCER names a PgBouncer program, the faults happen behind it, too.
 */
import { randomBytes } from "node:crypto";
import { FAULTS, faultsBehindPooler, runFault } from "./faults.ts";
import { startPostgres } from "./server.ts";
import { canMount } from "./small-disk.ts";

const MODES = ["session", "transaction"] as const;
const LONG = { events: 2000, nodes: 3, lastsMs: 30_000, refusalMsMax: 1500 };

const [only = ""] = process.argv.slice(2);
const server = await startPostgres();
const ends: (() => void | Promise<void>)[] = [];
const scope = { after: (end: () => void | Promise<void>) => void ends.push(end) };
const ground = { server, masterKey: randomBytes(32), createDatabase: () => server.createDatabase(), ...LONG };
const { PGBOUNCER } = process.env;
const pooled = PGBOUNCER === undefined ? [] : MODES.flatMap((mode) => faultsBehindPooler(PGBOUNCER, mode));
if (PGBOUNCER === undefined)
  process.stdout.write("skipped, because PGBOUNCER names no program: faults behind PgBouncer\n");
const mounts = canMount();
for (const fault of [...FAULTS, ...pooled].filter(({ name }) => name.includes(only))) {
  if (fault.mounts && !mounts) {
    process.stdout.write(`skipped, because no tmpfs can be mounted: ${fault.name}\n`);
    continue;
  }
  const numbers = await runFault(scope, fault, ground).catch((error: unknown) => {
    process.exitCode = 1;
    return String(error);
  });
  process.stdout.write(`${fault.name}: ${JSON.stringify(numbers)}\n`);
  for (const end of ends.splice(0).reverse()) await end();
}
await server.stop();
