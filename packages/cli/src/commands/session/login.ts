/** `signalbox login`: sign in to a server, and keep its key in a profile. */
import { type Role, Signalbox } from "../../../../sdk/src/index.ts";
import { command } from "../../command.ts";
import type { Context } from "../../context.ts";
import { EXIT, Failure, usage } from "../../failure.ts";
import { fetchOverHttp } from "../../http-fetch.ts";
import { choice, flag, operand } from "../../options.ts";
import { credentialFor, DEFAULT_PROFILE, isApiKey, normalizedUrl, refusePlainHttp } from "../../settings/connection.ts";
import { type Credential, isProfileName, type Profile } from "../../settings/settings.ts";
import { userAtHost } from "../../user-at-host.ts";
import { signInByCode } from "./device.ts";

const NAME_CHARS_MAX = 80;
const ROLES = ["viewer", "developer", "org_admin", "global_admin", "agent"] as const;

export const login = command({
  name: "login",
  about: "sign in to a server, and keep the key in a profile",
  details:
    "You approve this terminal in the console: compare the code there with the one that the command prints. The key is " +
    "stored in credentials.json, which only you can read, and it ends after 90 days without use. The profile is " +
    '"default" unless --profile names another one, and becomes the current one.',
  operands: { server: operand("URL", "the server's address") },
  options: {
    role: choice(ROLES, "the role to ask for, or else developer", "ROLE"),
    apiKeyStdin: flag("read an API key from standard input instead; for CI"),
  },
  examples: [
    ["signalbox login https://hooks.example.com", "sign in, and approve this terminal in the console"],
    ["signalbox login http://127.0.0.1:8080 --api-key-stdin < key.txt", "use a key that you have"],
    ["signalbox login https://staging.example.com --profile staging", "keep several servers apart"],
  ],
  async run(context, { server, role, apiKeyStdin }) {
    const url = normalizedUrl(server, "URL");
    const { insecureHttp, tenant, profile: name = DEFAULT_PROFILE } = context.flags;
    if (!isProfileName(name)) throw usage("--profile must be a name of letters, digits, _, . and -");
    refusePlainHttp(url, insecureHttp);
    context.settings.config(); // files that cannot be read fail before a key is made
    const previous = credentialFor(context.settings.credentials(), name);
    const signedIn = apiKeyStdin ? await givenKey(context) : await approvedKey(context, url, role);
    const client = new Signalbox({
      url,
      apiKey: signedIn.api_key,
      fetch: context.fetch,
      ...(tenant !== undefined && { tenant }),
    });
    const me = await client.session.me();
    const profile = { url, ...(tenant !== undefined && { tenant }), ...(insecureHttp && { insecure_http: true }) };
    const result = { profile: name, url, id: me.id, role: me.role, tenant: me.tenant };
    const tenantText = `${me.tenant.name} (${me.tenant.id})`; // an unexpected response fails before anything is kept
    await keep(context, { name, profile, credential: { url, ...signedIn }, previous });
    await context.out.one(result, {
      id: () => me.id,
      fields: () => [
        ["signed in to", url],
        ["profile", name],
        ["key", me.id],
        ["role", me.role],
        ["tenant", tenantText],
      ],
    });
  },
});

async function givenKey(context: Context): Promise<Pick<Credential, "api_key">> {
  const text = (await context.readInput()).toString("utf8").trim();
  if (!isApiKey(text)) throw usage("--api-key-stdin needs an API key on standard input");
  return { api_key: text };
}

async function approvedKey(context: Context, url: string, role: Role | undefined) {
  if (!context.isInteractive) {
    const message = "There is no terminal to sign in on. Pass a key with --api-key-stdin, or set SIGNALBOX_API_KEY.";
    throw new Failure(EXIT.refused, "NO_TERMINAL", message);
  }
  const { api_key, key } = await signInByCode(context, url, {
    name: userAtHost().slice(0, NAME_CHARS_MAX),
    role: role ?? "developer",
  });
  return { api_key, key_id: key.id };
}

interface Kept {
  readonly name: string;
  readonly profile: Profile;
  readonly credential: Credential;
  readonly previous: Credential | null;
}

/** The credentials first: a profile without a key is worse than a key without a profile. */
async function keep({ settings }: Context, { name, profile, credential, previous }: Kept): Promise<void> {
  try {
    await settings.changeCredentials(({ profiles, ...others }) => ({
      ...others,
      profiles: { ...profiles, [name]: credential },
    }));
  } catch (error) {
    await revoke(credential); // nobody has it
    throw error;
  }
  await settings.changeConfig(({ profiles }) => ({ current: name, profiles: { ...profiles, [name]: profile } }));
  if (previous?.key_id !== undefined && previous.key_id !== credential.key_id) await revoke(previous);
}

/** Revoke the key of a sign-in with itself. Returns whether the server did. */
export async function revoke({ url, api_key, key_id }: Credential): Promise<boolean> {
  if (key_id === undefined) return false;
  try {
    await new Signalbox({ url, apiKey: api_key, fetch: fetchOverHttp, retries: 1 }).keys.revokeOwn();
    return true;
  } catch {
    return false; // it ends by itself, and the caller says so
  }
}
