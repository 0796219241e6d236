/**
 * `/respond/{token}`: the response page. Opening the page decides nothing, since mail and chat scanners open links. Only its
 * form does.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { requesterOf } from "../../domain/access/tenant.ts";
import { StoreUnavailable } from "../../domain/errors.ts";
import { PAUSE_TEXT_CHARS_MAX } from "../../domain/limits.ts";
import { type Pause, withChoice } from "../../domain/pauses/pause.ts";
import { tallyOf } from "../../domain/pauses/plan.ts";
import { oneLine, readable } from "../../domain/text/readable.ts";
import type { RespondOutput } from "../../engine/pauses/pause-types.ts";
import { RESPOND_PAGE_HEADERS, type RespondPage, respondPage } from "../../pages/respond-page.ts";
import type { ApiDeps } from "../deps.ts";
import { problem, Refusal, STORE_UNAVAILABLE } from "../errors/problem.ts";
import { openedBy } from "./respond-routes.ts";
import { answerOf, checkRespond, SIGN_IN_REQUIRED, signInUrl, tooLateProblem } from "./respond-wire.ts";

type ByToken = { Params: { token: string }; Querystring: Readonly<Record<string, unknown>> };

export function registerRespondPage(app: FastifyInstance, deps: ApiDeps): void {
  acceptOnlyForms(app);
  app.get<ByToken>("/respond/:token", { schema: { hide: true } }, openPage(deps));
  app.post<ByToken>("/respond/:token", { schema: { hide: true } }, submitForm(deps));
}

function acceptOnlyForms(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string" }, (_request, text, done) => {
    done(null, new URLSearchParams(String(text)));
  });
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, _bytes, done) => done(new Refusal(NOT_A_FORM)));
}

const NOT_A_FORM = problem(
  415,
  "UNSUPPORTED_MEDIA_TYPE",
  "Send the page's form as application/x-www-form-urlencoded. Send JSON to /v1/respond.",
);

function openPage({ engine, clock, publicUrl }: ApiDeps) {
  return async (request: FastifyRequest<ByToken>, reply: FastifyReply): Promise<FastifyReply> => {
    const pause = await whileAvailable(engine.pauses.open(request.params.token, openedBy(request)));
    if (pause === "unavailable") return show(reply, 503, { kind: "unavailable" });
    if (pause === null) return show(reply, 404, { kind: "unknown" });
    const { choice } = request.query;
    const preferred = pause.options.find((option) => option === choice) ?? null;
    return show(reply, 200, pageOf(pause, { ...BLANK_FORM, publicUrl: publicUrl(), preferred, now: clock.now() }));
  };
}

function submitForm(deps: ApiDeps) {
  const { engine, clock } = deps;
  return async (request: FastifyRequest<ByToken>, reply: FastifyReply): Promise<FastifyReply> => {
    const publicUrl = deps.publicUrl();
    const { token } = request.params;
    const form = formOf(request);
    const body = checkRespond(form.answer);
    // The engine is also asked about invalid input, since the page of a pause that has ended says that it has ended.
    const answer = body.kind === "ok" ? answerOf(body.value) : { choice: "", text: null };
    const result = await whileAvailable(engine.pauses.respond(token, answer));
    if (result === "unavailable") return show(reply, 503, { kind: "unavailable" });
    switch (result.kind) {
      case "decided":
        return reply.code(303).header("location", locationOf(deps, token)).send();
      case "unknown":
        return show(reply, 404, { kind: "unknown" });
      case "tooLate":
        return show(
          reply,
          tooLateProblem(result.ending).status,
          pageOf(result.pause, { ...BLANK_FORM, publicUrl, tooLate: true }),
        );
      case "signInRequired": {
        const state = { ...BLANK_FORM, publicUrl, tooLate: true, problem: SIGN_IN_FIRST, now: clock.now() };
        return show(reply, SIGN_IN_REQUIRED.status, pageOf(result.pause, state));
      }
      case "noSuchChoice":
      case "textNotAllowed": {
        const status = result.kind === "noSuchChoice" && !isTextWrong(body) ? 400 : 422;
        const state = {
          ...BLANK_FORM,
          publicUrl,
          preferred: form.answer.choice,
          problem: problemOf(result, body),
          typedText: form.text,
          now: clock.now(),
        };
        return show(reply, status, pageOf(result.pause, state));
      }
    }
  };
}

function show(reply: FastifyReply, status: number, page: RespondPage): FastifyReply {
  reply.code(status).headers(RESPOND_PAGE_HEADERS);
  if (status === STORE_UNAVAILABLE.status) reply.headers(STORE_UNAVAILABLE.headers ?? {});
  return reply.send(respondPage(page));
}

async function whileAvailable<T>(work: Promise<T>): Promise<T | "unavailable"> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof StoreUnavailable) return "unavailable";
    throw error;
  }
}

/** The state of the page's form. */
interface FormState {
  readonly publicUrl: string;
  readonly preferred: string | null;
  readonly problem: string | null;
  readonly typedText: string;
  readonly tooLate: boolean;
  readonly now: number;
}

const BLANK_FORM: Omit<FormState, "publicUrl"> = {
  preferred: null,
  problem: null,
  typedText: "",
  tooLate: false,
  now: 0,
};

function pageOf(pause: Pause, { tooLate, publicUrl, ...form }: FormState): RespondPage {
  const requester = requesterOf(pause);
  const asked = {
    requester: requester && oneLine(requester),
    message: readable(pause.message),
    details: pause.details,
  };
  const { ending } = pause;
  switch (ending?.status) {
    case "responded":
      return { kind: "decided", ...asked, choice: ending.choice, text: ending.text, at: ending.at, tooLate };
    case "timed_out":
      return { kind: "timed_out", ...asked, choice: ending.choice, at: ending.at, tooLate };
    case "cancelled":
      return { kind: "cancelled", ...asked, at: ending.at, tooLate };
    case undefined: {
      const { options, allowTextResponse, timeoutDefault, expiresAt } = pause;
      const signInPage = signInUrl(pause, publicUrl);
      const { preferred } = form;
      const signInAt = signInPage === null || preferred === null ? signInPage : withChoice(signInPage, preferred);
      const tally = tallyOf(pause);
      const shown = { options, allowTextResponse, timeoutDefault, expiresAt, tally, signInAt };
      return { kind: "open", ...asked, ...shown, ...form };
    }
  }
}

const SIGN_IN_FIRST = "Only a signed-in person can answer this question.";

/** The submitted form. With two choices or two texts it counts as empty, since the intended one is unknown. */
function formOf({ body }: Pick<FastifyRequest, "body">) {
  if (!(body instanceof URLSearchParams)) throw new Refusal(NOT_A_FORM);
  const [choice = "", ...others] = body.getAll("choice");
  if (others.length > 0 || body.getAll("text").length > 1) return { text: "", answer: { choice: "", text: "" } };
  // Pasted text may contain control characters, such as the vertical tab of a word processor's line break.
  const text = readable((body.get("text") ?? "").replace(/[\v\f]/g, "\n"));
  return { text, answer: { choice, text } };
}

type CheckedForm = ReturnType<typeof checkRespond>;

function isTextWrong(form: CheckedForm): boolean {
  return form.kind === "faults" && form.faults.some(({ field }) => field === "text");
}

function problemOf(result: Extract<RespondOutput, { kind: "noSuchChoice" | "textNotAllowed" }>, form: CheckedForm) {
  if (result.kind === "textNotAllowed")
    return "This question does not accept a note. Please choose one of the answers.";
  return isTextWrong(form)
    ? `Please shorten your note to ${PAUSE_TEXT_CHARS_MAX} characters.`
    : "Please choose one of the answers.";
}

/** The page's own path. It includes the path of the public URL. */
function locationOf({ publicUrl }: ApiDeps, token: string): string {
  const { pathname } = new URL(publicUrl());
  return `${pathname === "/" ? "" : pathname}/respond/${encodeURIComponent(token)}`;
}
