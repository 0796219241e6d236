import assert from "node:assert/strict";
import { test } from "node:test";
import { includesRole, ROLES, USER_ROLES } from "./access.ts";

test("a role includes itself and the roles below it, and neither viewer nor agent includes the other", () => {
  const included = ROLES.map((role) => [role, ROLES.filter((other) => includesRole(role, other)).join(" ")]);
  assert.deepEqual(Object.fromEntries(included), {
    agent: "agent",
    viewer: "viewer",
    developer: "agent viewer developer",
    org_admin: "agent viewer developer org_admin",
    global_admin: "agent viewer developer org_admin global_admin",
  });
});

test("people can have every role but agent", () => {
  assert.deepEqual(
    ROLES.filter((role) => !USER_ROLES.some((own) => own === role)),
    ["agent"],
  );
});
