/**
 * `npm run faults:listen`: a program listens while events are published, and the server, the program and the network
 * between them fail. With `-- --store postgres`, there are two nodes behind one address, and the node of the program's
 * stream fails, or PostgreSQL. Every accepted event arrives, always with its own `webhook-id`.
 */

import { faultsOfNodes } from "./node-faults.ts";
import { faultsOfOneServer } from "./server-faults.ts";

const ends: (() => unknown)[] = [];
const scope = { after: (end: () => unknown) => void ends.push(end) };
const isPostgres = process.argv.slice(2).join(" ") === "--store postgres";
try {
  await (isPostgres ? faultsOfNodes(scope) : faultsOfOneServer(scope));
} finally {
  for (const end of ends.splice(0).reverse()) await end();
}
