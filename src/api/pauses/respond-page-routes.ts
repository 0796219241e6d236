/** `/respond/{token}`: the page. Reading it decides nothing, since mail and chat scanners open links; only its form does. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { requesterOf } from "../../domain/access/tenant.ts";
import { StoreUnavailable } from "../../domain/errors.ts";
import { PAUSE_TEXT_CHARS_MAX } from "../../domain/limits.ts";
import type { Pause } from "../../domain/pauses/pause.ts";
import { oneLine, readable } from "../../domain/text/readable.ts";
import type { RespondAnswer } from "../../engine/pauses/pause-service.ts";
import { RESPOND_PAGE_HEADERS, type RespondPage, respondPage } from "../../pages/respond-page.ts";
import type { ApiDeps } from "../deps.ts";
import { problem, Refusal, STORE_UNAVAILABLE } from "../errors/problem.ts";
import { openedBy } from "./respond-routes.ts";
import { answerOf, checkRespond, tooLateProblem } from "./respond-wire.ts";

type ByToken = { Params: { token: string }; Querystring: Readonly<Record<string, unknown>> };

export function registerRespondPage(app: FastifyInstance, deps: ApiDeps): void {
  const { engine, clock } = deps;
  takeForms(app);

  app.get<ByToken>("/respond/:token", { schema: { hide: true } }, async (request, reply) => {
    const pause = await whileAvailable(engine.pauses.open(request.params.token, openedBy(request)));
    if (pause === "unavailable") return show(reply, 503, { kind: "unavailable" });
    if (pause === null) return show(reply, 404, { kind: "unknown" });
    const { choice } = request.query;
    const preferred = pause.options.find((option) => option === choice) ?? null;
    return show(reply, 200, pageOf(pause, { ...UNTOUCHED, preferred, now: clock.now() }));
  });

  app.post<ByToken>("/respond/:token", { schema: { hide: true } }, async (request, reply) => {
    const { token } = request.params;
    const typed = typedIn(request);
    const body = checkRespond(typed.answer);
    // What the form cannot send is still looked at: a page that has ended says so first.
    const given = body.kind === "ok" ? answerOf(body.value) : { choice: "", text: null };
    const answer = await whileAvailable(engine.pauses.respond(token, given));
    if (answer === "unavailable") return show(reply, 503, { kind: "unavailable" });
    if (answer.kind === "decided") return reply.code(303).header("location", locationOf(deps, token)).send();
    if (answer.kind === "unknown") return show(reply, 404, { kind: "unknown" });
    if (answer.kind === "tooLate") {
      return show(reply, tooLateProblem(answer.ending).status, pageOf(answer.pause, { ...UNTOUCHED, tooLate: true }));
    }
    const why = problemOf(answer, body);
    const again = {
      ...UNTOUCHED,
      preferred: typed.answer.choice,
      problem: why,
      typedText: typed.text,
      now: clock.now(),
    };
    return show(reply, answer.kind === "noSuchChoice" && !isTextWrong(body) ? 400 : 422, pageOf(answer.pause, again));
  });
}

const NOT_A_FORM = problem(
  415,
  "UNSUPPORTED_MEDIA_TYPE",
  "Send the page's form as application/x-www-form-urlencoded; JSON goes to /v1/respond.",
);

/** Nothing but the page's form is taken here. */
function takeForms(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string" }, (_request, text, done) => {
    done(null, new URLSearchParams(String(text)));
  });
  app.addContentTypeParser("*", { parseAs: "buffer" }, (_request, _bytes, done) => done(new Refusal(NOT_A_FORM)));
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

/** How the reader came to this page. */
interface Reading {
  readonly preferred: string | null;
  readonly problem: string | null;
  readonly typedText: string;
  readonly tooLate: boolean;
  readonly now: number;
}

const UNTOUCHED: Reading = { preferred: null, problem: null, typedText: "", tooLate: false, now: 0 };

function pageOf(pause: Pause, { tooLate, ...reading }: Reading): RespondPage {
  const requester = requesterOf(pause.tenantName);
  const asked = { requester: requester && oneLine(requester), message: readable(pause.message) };
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
      return { kind: "open", ...asked, options, allowTextResponse, timeoutDefault, expiresAt, ...reading };
    }
  }
}

/** A form's fields. Two choices, or two texts, are none: nobody could say which was meant. */
function typedIn({ body }: FastifyRequest) {
  if (!(body instanceof URLSearchParams)) throw new Refusal(NOT_A_FORM);
  const [choice = "", ...others] = body.getAll("choice");
  if (others.length > 0 || body.getAll("text").length > 1) return { text: "", answer: { choice: "", text: "" } };
  // A form ends its lines with CRLF (HTML Living Standard, "constructing the entry list").
  // What was pasted may hold control characters, such as the vertical tab of a word processor's line break.
  const text = readable((body.get("text") ?? "").replace(/[\v\f]/g, "\n"));
  return { text, answer: { choice, text } };
}

type CheckedForm = ReturnType<typeof checkRespond>;

function isTextWrong(form: CheckedForm): boolean {
  return form.kind === "faults" && form.faults.some(({ field }) => field === "text");
}

function problemOf(answer: Extract<RespondAnswer, { kind: "noSuchChoice" | "textNotAllowed" }>, form: CheckedForm) {
  if (answer.kind === "textNotAllowed") return "This question takes no note. Please choose one of the answers.";
  return isTextWrong(form)
    ? `Please shorten your note to ${PAUSE_TEXT_CHARS_MAX} characters.`
    : "Please choose one of the answers.";
}

/** Its own path, below whatever the public address begins with. */
function locationOf({ publicUrl }: ApiDeps, token: string): string {
  const { pathname } = new URL(publicUrl);
  return `${pathname === "/" ? "" : pathname}/respond/${encodeURIComponent(token)}`;
}
