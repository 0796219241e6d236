/** A user's vote, in the responses about pauses and their events. */
import Type, { type Static } from "typebox";
import type { Vote } from "../../domain/pauses/pause.ts";
import { wholeSeconds } from "../../domain/text/time.ts";
import { Nullable, Time } from "../schema/schemas.ts";
import { UserRef, userRefJson } from "./user-ref.ts";

export const VoteResponse = Type.Object(
  { user: UserRef, choice: Type.String(), text: Nullable(Type.String()), at: Time },
  { title: "Vote" },
);

export function voteJson({ choice, text, at, ...person }: Vote): Static<typeof VoteResponse> {
  return { user: userRefJson(person), choice, text, at: wholeSeconds(at) };
}
