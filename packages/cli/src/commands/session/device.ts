/** Sign in by a code that a person approves in the console, as in RFC 8628. These two requests carry no key. */
import { setTimeout as wait } from "node:timers/promises";
import { SignalboxError } from "../../../../sdk/src/index.ts";
import type { Context } from "../../context.ts";
import { EXIT, Failure } from "../../failure.ts";
import { safe } from "../../output/text.ts";

const REQUEST_TIMEOUT_MS = 30_000;

interface DeviceCode {
  readonly device_code: string;
  readonly user_code: string;
  readonly verification_uri: string;
  readonly verification_uri_complete: string;
  readonly expires_in: number;
  readonly interval: number;
}

export interface Approved {
  readonly status: "approved";
  readonly api_key: string;
  readonly key: { readonly id: string; readonly name: string };
}

type Answer =
  | { readonly status: "pending" | "slow_down"; readonly interval: number }
  | { readonly status: "denied" | "expired" }
  | Approved;

export async function signInByCode(
  { out }: Context,
  url: string,
  asked: { readonly name: string; readonly role: string },
): Promise<Approved> {
  const code = await post<DeviceCode>(url, "device", asked).catch(explainOld);
  out.tell(`Your code is ${out.paintError(safe(code.user_code), "bold")}. Approve it here:`);
  out.tell(`  ${safe(code.verification_uri_complete)}`);
  const endMs = Date.now() + code.expires_in * 1000;
  let intervalSeconds = code.interval;
  while (Date.now() < endMs) {
    await wait(intervalSeconds * 1000);
    const answer = await ask(url, code.device_code);
    switch (answer?.status) {
      case "approved":
        return answer;
      case "denied":
        throw new Failure(EXIT.refused, "SIGN_IN_DENIED", "The sign-in was denied in the console.");
      case "expired":
        throw expired();
      case "slow_down":
      case "pending":
        intervalSeconds = answer.interval;
        break;
      default: // no answer: ask again, for as long as the code lives
    }
  }
  throw expired();
}

function expired(): Failure {
  return new Failure(EXIT.timedOut, "SIGN_IN_EXPIRED", "Nobody approved the code in time. Run the command again.");
}

function explainOld(error: unknown): never {
  if (!(error instanceof SignalboxError) || error.status !== 404) throw error;
  const message = "This server cannot sign in a terminal. Update it, or pass a key with --api-key-stdin.";
  throw new Failure(EXIT.missing, "SIGN_IN_UNKNOWN", message);
}

/** Null when the server cannot answer now. */
async function ask(url: string, deviceCode: string): Promise<Answer | null> {
  try {
    return await post<Answer>(url, "token", { device_code: deviceCode });
  } catch (error) {
    const isTemporary =
      error instanceof SignalboxError && (error.status === 0 || error.status >= 500 || error.status === 429);
    if (isTemporary) return null;
    throw error;
  }
}

async function post<Body>(url: string, name: "device" | "token", body: object): Promise<Body> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(`${url}/v1/cli/${name}`, {
      method: "POST",
      headers: { accept: "application/json", "content-type": "application/json" },
      body: JSON.stringify(body),
      redirect: "manual",
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    text = await response.text();
  } catch (cause) {
    const reason = (cause as { cause?: Error }).cause?.message ?? (cause as Error).message;
    const message = `No response from the server: ${reason}.`;
    throw new SignalboxError({ status: 0, code: "NETWORK_ERROR", message, cause });
  }
  const { status } = response;
  const parsed = parsedJson(text);
  if (response.ok && parsed !== null) return parsed as Body;
  const { code = `HTTP_${status}`, message = `The server responded with status ${status}.` } = parsed?.error ?? {};
  throw new SignalboxError({ status, code: response.ok ? "PROTOCOL_ERROR" : code, message });
}

function parsedJson(text: string): { readonly error?: { readonly code?: string; readonly message?: string } } | null {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
