/** A client with a cookie jar, like that of curl and browsers. */
import assert from "node:assert/strict";
import { type Answer, type Client, clientOf } from "./server.ts";

export interface Jar extends Client {
  /** The `Cookie` header for the jar's content, or null if the jar is empty. */
  readonly cookie: string | null;
  /** Signs in and stores the session cookie. */
  signIn(email: string, password: string): Promise<Answer>;
}

/** Sends no key. Stores the name and value from each `Set-Cookie` and removes cookies with `Max-Age=0`. */
export function newJar(url: string): Jar {
  const client = clientOf(url, "");
  const cookies = new Map<string, string>();
  const jar: Jar = {
    as: client.as,
    get cookie() {
      return cookies.size === 0 ? null : [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    },
    async request(method, path, options = {}) {
      const { cookie } = jar;
      const headers = { ...(cookie !== null && { cookie }), ...options.headers };
      const answer = await client.request(method, path, { key: null, ...options, headers });
      for (const line of answer.headers.getSetCookie()) keep(cookies, line);
      return answer;
    },
    signIn: (email, password) => jar.request("POST", "/dashboard/auth/login", { body: { email, password } }),
  };
  return jar;
}

function keep(cookies: Map<string, string>, line: string): void {
  const [, name, value] = /^([^=;]+)=([^;]*)/.exec(line) ?? assert.fail(line);
  if (name === undefined || value === undefined) return;
  if (/; *max-age=0(;|$)/i.test(line)) cookies.delete(name);
  else cookies.set(name, value);
}

/** Creates a jar and signs in. */
export async function signedIn(url: string, email: string, password: string): Promise<Jar> {
  const jar = newJar(url);
  const answer = await jar.signIn(email, password);
  assert.equal(answer.status, 200, answer.text);
  return jar;
}
