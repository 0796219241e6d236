/** Users with passwords, for tests of the whole server, whose clock the test can advance. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { operatorIn } from "../../src/cli/tenant-choice.ts";
import { createSystemClock } from "../../src/clock/system.ts";
import type { Role } from "../../src/domain/access/access.ts";
import { STREAM_COMMENT_MS } from "../../src/domain/limits.ts";
import type { Clock } from "../../src/ports/clock.ts";
import { prepareDataDir } from "../fixtures/empty-store.ts";
import { type AssembledOptions, type AssembledServer, assembleServer } from "./assembled.ts";
import { newTenant, type Scope, type Tenant } from "./server.ts";

export const PASSWORD = "correct horse battery";
/** Hashed at the lowest cost of argon2id. At the cost of `passwords.ts`, hashing took half the time of these tests. */
const PASSWORD_HASH = "$argon2id$v=19$m=8,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$gLHIkr1qgP4r3sH1P/NIg3+PMckaLQ3RkuIiytJhVlY";

export interface PeopleStage {
  readonly server: AssembledServer;
  readonly dataDir: string;
  /** Advances the server's clock. */
  later(ms: number): void;
  /** Creates a user with {@link PASSWORD}. Without `tenant`, the user gets a new tenant. */
  person(role: Role, tenant?: Pick<Tenant, "id" | "apiKey">): Promise<Person>;
}

export interface Person {
  readonly email: string;
  readonly tenantId: string;
  /** An `org_admin` key of the same tenant. */
  readonly apiKey: string;
}

interface StageOptions extends Pick<AssembledOptions, "pagesMax" | "trustProxy" | "slack"> {
  readonly commentMs?: number;
}

export async function stagePeople(
  scope: Scope,
  { commentMs = STREAM_COMMENT_MS, ...options }: StageOptions = {},
): Promise<PeopleStage> {
  const dataDir = await mkdtemp(path.join(tmpdir(), "signalbox-people-"));
  prepareDataDir(dataDir);
  const system = createSystemClock();
  let aheadMs = 0;
  const clock: Clock = {
    ...system,
    now: () => system.now() + aheadMs,
    monotonicMs: () => system.monotonicMs() + aheadMs,
    after: (ms, task) => system.after(ms === STREAM_COMMENT_MS ? commentMs : ms, task),
  };
  const server = await assembleServer(scope, { dataDir, clock, ...options });
  scope.after(async () => {
    await server.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  let people = 0;
  return {
    server,
    dataDir,
    later(ms) {
      aheadMs += ms;
    },
    async person(role, tenant) {
      people += 1;
      const email = `person${people}@example.com`;
      const { id, apiKey } = tenant ?? (await newTenant(server));
      const { tenants } = await server.store.listTenants(null, 1000);
      const found = tenants.find((tenant) => `dev_${tenant.id}` === id) ?? assert.fail();
      const user = { id: clock.uuid(), email, role, passwordHash: PASSWORD_HASH };
      await server.store.createUser({ ...operatorIn(found), user, link: null, now: clock.now() });
      return { email, tenantId: id, apiKey };
    },
  };
}
