/** The operator's Slack app, through which people answer a question where they read it. */
import type { Detail, Ending } from "../domain/pauses/pause.ts";

/** Who a person of Slack is. */
export type SlackMember =
  | { readonly kind: "member"; readonly email: string }
  /** From another organization, a bot, deactivated, or without a confirmed email address. */
  | { readonly kind: "stranger" }
  /** Slack did not say who it is. `reason` is for the operator. */
  | { readonly kind: "unavailable"; readonly reason: string };

/** The question that a reply is about. Untrusted texts. */
export interface SlackQuestion {
  readonly requester: string | null;
  readonly message: string;
  readonly details: readonly Detail[];
  /** The page where the person can answer instead. */
  readonly page: string;
}

/** What a person is told after pressing a button. */
export type SlackReply =
  /** Asks to confirm the option, with a button that has this value. */
  | {
      readonly kind: "confirm";
      readonly question: SlackQuestion;
      readonly option: string;
      readonly value: string;
      readonly allowTextResponse: boolean;
    }
  /** How the question ended. `choice`: the answer of this person that did not count. */
  | {
      readonly kind: "ended";
      readonly question: SlackQuestion;
      readonly ending: Ending;
      readonly lateChoice: string | null;
    }
  /** This person may not answer here, or not now. `page`: where to answer instead. */
  | { readonly kind: SlackRefusal; readonly page: string | null }
  /** The vote is stored, and more are needed. */
  | { readonly kind: "voted"; readonly votes: number; readonly quorum: number; readonly page: string }
  | { readonly kind: "notAnApprover"; readonly approvers: readonly string[] };

export type SlackRefusal =
  /** The button is not from this server, or is another person's. */
  | "badButton"
  /** The server keeps the question no longer. */
  | "gone"
  /** Too much time passed before the confirmation. */
  | "expired"
  | "stranger"
  | "noUser"
  /** The answer takes a password. */
  | "protected"
  /** The person asked, and the question takes votes. */
  | "requester"
  /** The person has voted for something else. */
  | "votedBefore"
  | "unavailable";

export interface SlackApp {
  /** With which Slack signs its requests. */
  readonly signingSecret: string;
  /** Never rejects. */
  memberOf(person: string): Promise<SlackMember>;
  /**
   * Reply to a click. Never rejects.
   *
   * @param url the `response_url` of the click
   * @param replaces the reply replaces the message with the button; otherwise only the person sees it, below the message
   * @returns why Slack did not accept the reply; null if it did
   */
  reply(url: string, reply: SlackReply, replaces: boolean): Promise<string | null>;
  /** Stop what is in flight. */
  close(): Promise<void>;
}
