/** How several people decide a pause, and what happens as its time passes; see docs/pauses.md. */
import type { EpochMs, Uuid } from "../ids.ts";
import type { Pause, Person, Plan, Vote } from "./pause.ts";

/** Whether a decision is a vote, of which several are needed. */
export function takesVotes({ plan }: Pick<Pause, "plan">): boolean {
  return plan !== null && plan.quorum > 1;
}

/** Whether this user asked, and therefore has no vote. */
export function isRequester({ plan }: Pick<Pause, "plan">, user: Uuid): boolean {
  return plan !== null && plan.quorum > 1 && plan.requester === user;
}

/** Everybody who may vote, now or after the escalation. */
export function votersOf({ plan, signIn }: Pick<Pause, "plan" | "signIn">): readonly Person[] {
  const people = [...(signIn?.approvers ?? []), ...(plan?.escalation?.approvers ?? [])];
  return people.filter(({ id }) => id !== plan?.requester);
}

/** Whether this vote, which is already among `votes`, ends the pause. */
export function isDecisive({ quorum, veto }: Plan, votes: readonly Vote[], { choice }: Vote): boolean {
  return choice === veto || votes.filter((vote) => vote.choice === choice).length >= quorum;
}

/** Whether the vote of a user is the same as the one that the user gave before. Sending it again is not an error. */
export function isSameVote({ votes }: Pick<Pause, "votes">, { id, choice, text }: Omit<Vote, "at" | "email">): boolean {
  return votes.some((vote) => vote.id === id && vote.choice === choice && vote.text === text);
}

/**
 * Whether some option can still get enough votes.
 *
 * @param able the ids of the voters who can sign in and decide today
 */
export function isQuorumReachable(
  { quorum }: Plan,
  { voters, votes, able }: { readonly voters: readonly Person[]; readonly votes: readonly Vote[]; able: Set<Uuid> },
): boolean {
  const left = voters.filter(({ id }) => able.has(id) && !votes.some((vote) => vote.id === id)).length;
  const most = Math.max(0, ...votes.map(({ choice }) => votes.filter((vote) => vote.choice === choice).length));
  return most + left >= quorum;
}

/** How far a vote is, for those who must not see who voted. */
export interface Tally {
  readonly quorum: number;
  readonly veto: string | null;
  /** For each option, in their order. */
  readonly counts: readonly number[];
  /** Whether some option can still get enough votes. */
  readonly isReachable: boolean;
}

/** Null once the pause has ended, and if its first decision ends it. */
export function tallyOf(pause: Pause): Tally | null {
  const { plan, options, votes, ending, isQuorumReachable } = pause;
  if (plan === null || ending !== null || !takesVotes(pause)) return null;
  const counts = options.map((option) => votes.filter(({ choice }) => choice === option).length);
  return { quorum: plan.quorum, veto: plan.veto, counts, isReachable: isQuorumReachable === true };
}

/** How far the time of a pause has passed, and what was done about it. */
export type Progress = Pick<Pause, "plan" | "createdAt" | "expiresAt" | "reminded" | "escalatedAt">;

/** When the pause has the next reminder or its escalation; null when nothing is left before the deadline. */
export function nextStepAt({ plan, createdAt, expiresAt, reminded, escalatedAt }: Progress): EpochMs | null {
  if (plan === null) return null;
  const shares = plan.reminders.slice(reminded, reminded + 1);
  if (plan.escalation !== null && escalatedAt === null) shares.push(plan.escalation.share);
  return shares.length === 0 ? null : timeOf({ createdAt, expiresAt }, Math.min(...shares));
}

function timeOf({ createdAt, expiresAt }: Pick<Pause, "createdAt" | "expiresAt">, share: number): EpochMs {
  return createdAt + Math.floor((expiresAt - createdAt) * share);
}

/** How many reminders were due by now, those that were sent included. */
export function remindersDue(progress: Progress, now: EpochMs): number {
  const { plan, reminded } = progress;
  const isDue = (share: number) => timeOf(progress, share) <= now;
  return reminded + (plan?.reminders.slice(reminded).filter(isDue).length ?? 0);
}

/** Whether the escalation is due and has not happened. */
export function isEscalationDue(progress: Progress, now: EpochMs): boolean {
  const { plan, escalatedAt } = progress;
  if (plan === null || plan.escalation === null || escalatedAt !== null) return false;
  return timeOf(progress, plan.escalation.share) <= now;
}
