/**
 * The values of the buttons in Slack. Whoever has the URL of an incoming webhook can post buttons as the app, so a value is
 * signed (HMAC-SHA-256) with a key of this installation: Slack's own signature only says that somebody pressed it.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { EpochMs, Uuid } from "../../domain/ids.ts";

export type SlackButton =
  /** A button of the message that asks. It decides nothing: the reply asks to confirm. */
  | { readonly step: "choose"; readonly pauseId: Uuid; readonly option: number }
  /** The button with which a person confirms. Only this person can use it, for a limited time. */
  | {
      readonly step: "confirm";
      readonly pauseId: Uuid;
      readonly option: number;
      readonly person: string;
      readonly until: EpochMs;
      /** For replacing the message that asks. Null: it is too long for a button. */
      readonly messageUrl: string | null;
    };

export class SlackButtons {
  readonly #key: Buffer;

  /** @param keyHex 32 bytes, the same at every start */
  constructor(keyHex: string) {
    this.#key = Buffer.from(keyHex, "hex");
  }

  valueOf(button: SlackButton): string {
    const content = Buffer.from(JSON.stringify(button)).toString("base64url");
    return `${content}.${this.#sign(content).toString("base64url")}`;
  }

  /** Null for a value that this installation did not sign. */
  read(value: string): SlackButton | null {
    const [content = "", signature = "", ...more] = value.split(".");
    const given = Buffer.from(signature, "base64url");
    const expected = this.#sign(content);
    if (more.length > 0 || given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
    return JSON.parse(Buffer.from(content, "base64url").toString()) as SlackButton;
  }

  #sign(content: string): Buffer {
    return createHmac("sha256", this.#key).update("slack:").update(content).digest();
  }
}
