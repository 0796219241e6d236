/** Limits on guessing passwords: by account and address, without an effect on others. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { newJar, signedIn } from "../../harness/jar.ts";
import { PASSWORD, stagePeople } from "../../harness/people.ts";

const LOGIN = "/dashboard/auth/login";

test("after five wrong passwords an account cannot sign in from that address, and its sessions continue", async (t) => {
  const { server: own, later, person } = await stagePeople(t);
  const [ann, bob] = [await person("developer"), await person("developer")];
  const jar = await signedIn(own.url, ann.email, PASSWORD);
  const guess = async (email: string) => (await newJar(own.url).signIn(email, "a guess")).status;
  const guesses = await Promise.all(Array.from({ length: 8 }, () => guess(ann.email)));
  assert.deepEqual(guesses.toSorted(), [401, 401, 401, 401, 401, 429, 429, 429], "exactly, though all came at once");
  const refused = await newJar(own.url).signIn(ann.email, PASSWORD);
  assert.deepEqual([refused.status, refused.code], [429, "RATE_LIMITED"]);
  // The console shows the sentence to people, and counts down after it.
  assert.match(refused.text, /"Too many attempts with a wrong password. Wait before you try again."/);
  const wait = Number(refused.headers.get("retry-after"));
  assert.ok(wait > 14 * 60 && wait <= 15 * 60, String(wait));
  assert.equal((await jar.request("POST", "/v1/events", { body: { type: "a", payload: {} } })).status, 202);
  const password = { currentPassword: PASSWORD, newPassword: "a longer secret" };
  assert.equal((await jar.request("POST", "/dashboard/auth/password", { body: password })).status, 429);
  assert.equal((await newJar(own.url).signIn(bob.email, PASSWORD)).status, 200);
  later(wait * 1000);
  assert.equal((await newJar(own.url).signIn(ann.email, PASSWORD)).status, 200);
});

test("after twenty wrong passwords nobody can sign in from that address, whether or not the accounts exist", async (t) => {
  const { server: own, person } = await stagePeople(t);
  const { email } = await person("developer");
  const people = await Promise.all([1, 2, 3, 4].map(() => person("developer")));
  // Four guesses per account, which allows five. An account that does not exist costs the server a full hash.
  const guesses = ["nobody", "noone", "ghost", "x"].map((name) => `${name}@example.com`);
  for (const one of people) guesses.push(...Array.from({ length: 4 }, () => one.email));
  assert.equal(guesses.length, 20);
  for (const guessed of guesses) assert.equal((await newJar(own.url).signIn(guessed, "a guess")).status, 401, guessed);
  assert.equal((await newJar(own.url).signIn(email, PASSWORD)).status, 429);
});

test("behind a trusted proxy, the address is the one that the proxy sends", async (t) => {
  const { server: own, person } = await stagePeople(t, { trustProxy: ["127.0.0.1/32"] });
  const { email } = await person("developer");
  const signIn = async (from: string, password: string, more: Readonly<Record<string, string>> = {}) => {
    const options = { headers: { "x-forwarded-for": from, ...more }, body: { email, password } };
    return (await newJar(own.url).request("POST", LOGIN, options)).status;
  };
  for (let index = 0; index < 5; index += 1) assert.equal(await signIn("192.0.2.1", "a guess"), 401);
  assert.equal(await signIn("192.0.2.1", PASSWORD), 429);
  assert.equal(await signIn("192.0.2.2", PASSWORD), 200);
  // Some load balancers add the port, which differs for each connection.
  for (let port = 1; port <= 5; port += 1) assert.equal(await signIn(`192.0.2.3:${50_000 + port}`, "a guess"), 401);
  assert.equal(await signIn("192.0.2.3:60000", PASSWORD), 429);
  assert.equal(await signIn("for=192.0.2.3", PASSWORD), 429);
  for (let port = 1; port <= 5; port += 1) assert.equal(await signIn(`[2001:db8::1]:${port}`, "a guess"), 401);
  assert.equal(await signIn("2001:db8::2", PASSWORD), 429);
  const origin = "https://hooks.example.org";
  assert.equal(await signIn("192.0.2.4", PASSWORD, { origin }), 403);
  assert.equal(await signIn("192.0.2.4", PASSWORD, { origin, "x-forwarded-host": "hooks.example.org" }), 200);
});
