/** Pauses as a load: questions asked with a key, and decisions made with only the link. */
import { nowUs } from "./clock.ts";
import { Connection } from "./connection.ts";
import { nextSeq, numbersText } from "./events.ts";
import { postText } from "./requests.ts";
import type { Signalbox } from "./signalbox.ts";

/** A question that was answered 201. */
export interface Question {
  /** The metadata of the pause, so the event of its ending has it too. */
  readonly seq: number;
  readonly token: string;
  readonly expiresAtMs: number;
}

const QUESTION =
  '"message":"Pay 340 EUR to Acme Corp?","options":["Approve","Reject"],"timeout_default":"Reject","metadata":';
const DECISION = '{"choice":"Approve"}';

/** Returns null if the question was refused. */
export async function ask(
  connection: Connection,
  server: Signalbox,
  expiresInSeconds: number,
): Promise<Question | null> {
  const seq = nextSeq();
  const body = `{"expires_in_seconds":${expiresInSeconds},${QUESTION}${numbersText(seq, nowUs())}}`;
  const answer = await connection.ask(postText(server, "/v1/pause", body));
  if (answer.status !== 201) return null;
  const { respond_url, expires_at } = JSON.parse(answer.body) as Record<"respond_url" | "expires_at", string>;
  const token = respond_url.slice(respond_url.lastIndexOf("/") + 1);
  return { seq, token, expiresAtMs: Date.parse(expires_at) };
}

export async function decide(connection: Connection, { port }: Signalbox, { token }: Question): Promise<boolean> {
  const to = { port, apiKey: null };
  return (await connection.ask(postText(to, `/v1/respond/${token}`, DECISION))).status === 200;
}

/** Repeats the work on each connection until the work returns "last". */
export async function overConnections(
  { port }: Signalbox,
  connections: number,
  work: (connection: Connection) => Promise<"again" | "last">,
): Promise<void> {
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const connection = await Connection.open(port);
      try {
        while ((await work(connection)) === "again");
      } finally {
        connection.close();
      }
    }),
  );
}
