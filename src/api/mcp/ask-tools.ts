/** The tools of the scope `ask`: they ask people, wait for the answers, and never answer. */
import Type from "typebox";
import {
  LIST_PAGE_MAX,
  MCP_PERMISSION_SECONDS,
  MCP_WAIT_SECONDS_MAX,
  PAUSE_WAIT_SECONDS_MAX,
} from "../../domain/limits.ts";
import { parseExactly } from "../../domain/text/exact-json.ts";
import { Nullable } from "../schema/schemas.ts";
import { ASK_HUMAN } from "./ask-human.ts";
import { AnyObject, isApproved, Question, questionOf, type ShownPause, Status } from "./question.ts";
import {
  ADDS,
  type ApiRequest,
  ENDS,
  pathOf,
  READS,
  type Tool,
  type ToolContext,
  ToolFailure,
  tool,
  WAITS,
  withText,
} from "./tool.ts";

const WAIT_FOR_DECISION = tool({
  name: "wait_for_decision",
  title: "Wait for a person's decision",
  description:
    "Wait until the question has ended, or for wait_seconds. While the status is pending, call again. " +
    "responded: a person chose. timed_out: nobody did, whatever default_taken says. Do what needs a person only after responded.",
  scopes: ["ask"],
  input: Type.Object(
    {
      pause_id: Type.String(),
      wait_seconds: Type.Optional(
        Type.Integer({ minimum: 0, maximum: MCP_WAIT_SECONDS_MAX, default: MCP_WAIT_SECONDS_MAX }),
      ),
    },
    { additionalProperties: false },
  ),
  output: Type.Object({
    ...Question.properties,
    retry_after_seconds: Nullable(Type.Integer({ description: "When to call again. Null: the question has ended." })),
  }),
  annotations: WAITS,
  async run({ pause_id: id, wait_seconds: seconds = MCP_WAIT_SECONDS_MAX }, context) {
    const ended = await waitForEnd(context, id, seconds);
    if (ended === null) throw new ToolFailure("CANCELLED: The client waits no longer.");
    const pause = await carriedOut(context, ended);
    return { ...questionOf(pause), retry_after_seconds: pause.status === "pending" ? 1 : null };
  },
});

/** Does what the pause asks for, if a person approved it and nobody has begun it. */
async function carriedOut({ acts, call }: ToolContext, pause: ShownPause): Promise<ShownPause> {
  if (pause.act === null || pause.act.begun_at !== null || !isApproved(pause)) return pause;
  await acts.carryOut(pause.pause_id);
  return (await call({ method: "GET", path: pauseOf(pause.pause_id) })) as ShownPause;
}

/** Null as soon as the client waits no longer. */
async function waitForEnd(context: ToolContext, id: string, seconds: number): Promise<ShownPause | null> {
  const { signal } = context;
  const untilMs = context.monotonicMs() + seconds * 1000;
  for (;;) {
    const left = Math.ceil(Math.max(0, untilMs - context.monotonicMs()) / 1000);
    const wait = Math.min(left, PAUSE_WAIT_SECONDS_MAX);
    const begunMs = context.monotonicMs();
    const looking = look(context, { method: "GET", path: pauseOf(id), query: { wait }, signal });
    const pause = await context.whileTelling("Nobody has decided yet.", looking);
    // A server that stops responds to every wait at once.
    const isEarly = context.monotonicMs() - begunMs < (wait * 1000) / 2;
    if (pause?.status !== "pending" || left <= wait || isEarly) return pause;
  }
}

async function look({ call, signal }: ToolContext, request: ApiRequest): Promise<ShownPause | null> {
  if (signal.aborted) return null;
  try {
    return (await call(request)) as ShownPause;
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}

const pauseOf = (id: string) => pathOf("pause", id);

const LIST_PAUSES = tool({
  name: "list_pauses",
  title: "List your questions",
  description: "The questions that you asked, newest first.",
  scopes: ["ask"],
  input: Type.Object(
    {
      status: Type.Optional(Status),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: LIST_PAGE_MAX, default: 20 })),
      cursor: Type.Optional(Type.String({ description: "next_cursor of the page before." })),
    },
    { additionalProperties: false },
  ),
  output: Type.Object({ pauses: Type.Array(Question), next_cursor: Nullable(Type.String()) }),
  annotations: READS,
  async run(query, { call }) {
    const page = (await call({ method: "GET", path: "/v1/pause", query })) as {
      readonly pauses: readonly ShownPause[];
      readonly next_cursor: string | null;
    };
    return { pauses: page.pauses.map(questionOf), next_cursor: page.next_cursor };
  },
});

const OnePause = Type.Object({ pause_id: Type.String() }, { additionalProperties: false });

const GET_PAUSE = tool({
  name: "get_pause",
  title: "Read one of your questions",
  description: "The question and its answer, as it is now.",
  scopes: ["ask"],
  input: OnePause,
  output: Question,
  annotations: READS,
  async run({ pause_id: id }, { call }) {
    return questionOf((await call({ method: "GET", path: pauseOf(id) })) as ShownPause);
  },
});

const CANCEL_QUESTION = tool({
  name: "cancel_question",
  title: "Cancel one of your questions",
  description: "Take a question back that nobody needs to answer any more. It fails if the question has already ended.",
  scopes: ["ask"],
  input: OnePause,
  output: Question,
  annotations: ENDS,
  async run({ pause_id: id }, { call }) {
    return questionOf((await call({ method: "DELETE", path: pauseOf(id) })) as ShownPause);
  },
});

const [DENY, ALLOW] = ["Deny", "Allow"] as const;

const REQUEST_PERMISSION = tool({
  name: "request_permission",
  title: "Ask a person for permission to use a tool",
  description:
    "For hosts that take a tool for permission prompts. The host calls it, not the model. A person sees the tool's name and " +
    "its input, and allows or denies. Nobody's answer is a denial.",
  scopes: ["ask"],
  input: Type.Object(
    {
      tool_name: Type.String({ minLength: 1, maxLength: 200 }),
      input: AnyObject,
      tool_use_id: Type.Optional(Type.String({ maxLength: 200 })),
    },
    { additionalProperties: true },
  ),
  output: Type.Object({
    behavior: Type.Enum(["allow", "deny"]),
    message: Type.String(),
    updatedInput: Type.Optional(AnyObject),
  }),
  annotations: ADDS,
  async run({ tool_name: name }, context) {
    const input = context.textOf("input") ?? "{}";
    const fields = {
      message: `May the agent use the tool ${name} with this input?`,
      options: [DENY, ALLOW],
      expires_in_seconds: MCP_PERMISSION_SECONDS,
    };
    const body = withText(fields, "metadata", withText({ tool: name }, "input", input));
    const { pause_id: id } = (await context.call({ method: "POST", path: "/v1/pause", body })) as ShownPause;
    const pause = await waitForEnd(context, id, MCP_PERMISSION_SECONDS);
    if (pause === null || pause.status === "pending") await withdraw(context, id);
    if (pause === null) return { behavior: "deny" as const, message: "The host waits no longer." };
    const by = pause.decided_by_user?.email ?? "Nobody";
    if (pause.status === "responded" && pause.response_choice === ALLOW) {
      // JSON.parse would round the numbers that the person saw.
      return { behavior: "allow" as const, message: `${by} allowed it.`, updatedInput: parseExactly(input) as object };
    }
    const said = pause.response_text === null ? "" : ` ${pause.response_text}`;
    const why = pause.status === "responded" ? `${by} denied it.${said}` : "Nobody allowed it in time.";
    return { behavior: "deny" as const, message: why };
  },
});

/** The host waits no longer, so that an answer would have no effect. */
async function withdraw({ call }: ToolContext, id: string): Promise<void> {
  await call({ method: "DELETE", path: pauseOf(id) }).catch((error: unknown) => {
    // The question has ended meanwhile.
    if (!(error instanceof ToolFailure)) throw error;
  });
}

/** In the order in which clients list them. */
export const ASK_TOOLS: readonly Tool[] = [
  ASK_HUMAN,
  WAIT_FOR_DECISION,
  LIST_PAUSES,
  GET_PAUSE,
  CANCEL_QUESTION,
  REQUEST_PERMISSION,
];
