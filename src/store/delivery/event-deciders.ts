/** Who decided the pause of an event, as the event's row has it: the JSON of a `Person`, which has the votes if there are any. */
import type { Event } from "../../domain/delivery/event.ts";
import type { Person, Vote } from "../../domain/pauses/pause.ts";

type Deciders = Pick<Event, "decidedBy" | "votes">;

/** Null when nobody decided by name. */
export function decidersText({ decidedBy, votes }: Deciders): string | null {
  if (decidedBy === undefined && votes === undefined) return null;
  return JSON.stringify({ ...decidedBy, ...(votes !== undefined && { votes }) });
}

export function readDeciders(text: string | null): Deciders {
  if (text === null) return {};
  const { votes, ...person } = JSON.parse(text) as Partial<Person> & { readonly votes?: readonly Vote[] };
  return { ...(isPerson(person) && { decidedBy: person }), ...(votes !== undefined && { votes }) };
}

function isPerson(person: Partial<Person>): person is Person {
  return person.id !== undefined;
}
