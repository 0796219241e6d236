/** Servers that the test files of one process share. A start takes as long as a hundred requests. */
import type { Environment } from "../../src/config.ts";
import { type PeopleStage, stagePeople } from "../harness/people.ts";
import { type Scope, startServer, type TestServer } from "../harness/server.ts";

let sharing: Scope | null = null;
let startRunner: Parameters<typeof startServer>[2];
const started = new Map<string, Promise<unknown>>();

/**
 * From now on, the test files of this process share servers with the same settings.
 *
 * @param runner how the threads of their stores run. See `startServer`
 */
export function shareServers(scope: Scope, runner?: typeof startRunner): void {
  startRunner = runner;
  const ends: (() => void | Promise<void>)[] = [];
  // Registered here, because an `after` in a file runs at the end of that file.
  scope.after(async () => {
    for (const end of ends) await end();
  });
  sharing = { after: (end) => void ends.push(end) };
}

/** The server of a test file whose tests create their own tenants, and neither stop it nor list all tenants. */
export function sharedServer(scope: Scope, env: Environment = {}): Promise<TestServer> {
  return once(JSON.stringify(env), scope, (owner) => startServer(owner, env, startRunner));
}

/** The stage of a test file that also leaves the clock alone. */
export function sharedPeople(scope: Scope): Promise<PeopleStage> {
  return once("people", scope, stagePeople);
}

/** Async, so that each file awaits a promise of its own: node:test registers what follows with the promise's creator. */
async function once<T>(name: string, scope: Scope, start: (owner: Scope) => Promise<T>): Promise<T> {
  if (sharing === null) return start(scope);
  const made = (started.get(name) as Promise<T> | undefined) ?? start(sharing);
  started.set(name, made);
  return await made;
}
