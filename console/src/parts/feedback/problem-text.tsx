/** Why a request failed: the server's own sentence and its code. */
import { Code, Text } from "@mantine/core";
import { SignalboxError } from "@signalbox/sdk";
import { problem as m } from "../../messages/en/app.ts";
import { isLapse, useLapsed } from "../../session/lapse.ts";

interface ProblemTextProps {
  readonly error: unknown;
  readonly secondsLeft?: number;
  /** Instead of the server's sentence. */
  readonly sentence?: string | undefined;
}

export function ProblemText({ error, secondsLeft = 0, sentence = sentenceOf(error) }: ProblemTextProps) {
  const { code } = describe(error);
  const lapsed = useLapsed();
  // The person has signed in over the page meanwhile.
  if (isLapse(error) && !lapsed) return <Text size="sm">{m.signedInAgain}</Text>;
  return (
    <>
      <Text size="sm" component="span">
        {sentence} {secondsLeft > 0 && m.retryIn(secondsLeft)}
      </Text>
      {code !== null && (
        <>
          {" "}
          <Code>{code}</Code>
        </>
      )}
    </>
  );
}

/** The server's sentence, or the console's where the server could not say one. */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof SignalboxError)) return error instanceof Error ? error.message : String(error);
  if (error.code === "NETWORK_ERROR") return m.network;
  // The server's sentence is about keys, and people have none.
  if (error.status === 401 && error.code !== "INVALID_CREDENTIALS") return m.sessionEnded;
  if (error.code === "FOREIGN_ORIGIN") return m.foreignOrigin;
  return error.message;
}

function describe(error: unknown): { readonly code: string | null } {
  return { code: error instanceof SignalboxError ? error.code : null };
}
