/** Sign in by a code that a person approves in the console, as in RFC 8628. */
import { type Device, type DeviceToken, type Role, Signalbox, SignalboxError } from "../../../../sdk/src/index.ts";
import type { Context } from "../../context.ts";
import { EXIT, Failure } from "../../failure.ts";
import { safe } from "../../output/text.ts";
import { isLoopback } from "../../settings/connection.ts";
import { pause } from "../../watch.ts";

type Approved = DeviceToken & { readonly status: "approved" };

export async function signInByCode(
  context: Context,
  url: string,
  asked: { readonly name: string; readonly role: Role },
): Promise<Approved> {
  const { out, signal } = context;
  // These calls carry no key. A failed one is repeated below, for as long as the code works.
  const { terminals } = new Signalbox({ url, session: true, fetch: context.fetch, retries: 0 });
  const device = await terminals.open(asked, { signal });
  out.tell(`Your code is ${out.paintError(safe(device.user_code), "bold")}. Approve it here:`);
  out.tell(`  ${safe(pageOf(device, url))}`);
  const endMs = Date.now() + device.expires_in * 1000;
  let intervalSeconds = device.interval;
  while (Date.now() < endMs) {
    await pause(intervalSeconds * 1000, signal);
    const token = await terminals.poll(device.device_code, { signal }).catch(nullIfTemporary);
    switch (token?.status) {
      case "approved":
        return token;
      case "denied":
        throw new Failure(EXIT.refused, "SIGN_IN_DENIED", "The sign-in was denied in the console.");
      case "expired":
        throw expired();
      case "slow_down":
      case "pending":
        intervalSeconds = token.interval;
        break;
      default: // no answer: ask again
    }
  }
  throw expired();
}

/** A server that does not know its public URL calls itself `localhost`, which is another machine for the person. */
function pageOf({ user_code: code, verification_uri_complete: page }: Device, url: string): string {
  return isLoopback(new URL(page).hostname) ? `${url}/console/cli?code=${encodeURIComponent(code)}` : page;
}

function expired(): Failure {
  return new Failure(EXIT.timedOut, "SIGN_IN_EXPIRED", "Nobody approved the code in time. Run the command again.");
}

function nullIfTemporary(error: unknown): null {
  if (error instanceof SignalboxError && (error.status === 0 || error.status === 429 || error.status >= 500))
    return null;
  throw error;
}
