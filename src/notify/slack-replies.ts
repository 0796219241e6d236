/** What a person in Slack is told after pressing a button. */

import { humanTime } from "../domain/pauses/human-time.ts";
import type { Ending } from "../domain/pauses/pause.ts";
import { oneLine, readable } from "../domain/text/readable.ts";
import type { SlackQuestion, SlackRefusal, SlackReply } from "../ports/slack.ts";
import { actions, answerButton, type Block, context, header, pageButton, sections } from "./slack-blocks.ts";
import { detailLines, opening, TEXT_SENTENCE } from "./text.ts";

interface Shown {
  /** For notifications, and for clients that cannot show blocks. */
  readonly text: string;
  readonly blocks: readonly Block[];
}

const REFUSALS: Readonly<Record<SlackRefusal, string>> = {
  badButton: "This button does not belong to a question that you can answer. Press the button of the message itself.",
  gone: "This question is kept no longer.",
  expired: "This confirmation has expired. Press the button of the message again.",
  stranger:
    "Your answer did not count: Slack gives this server no confirmed email address of yours in its own workspace. Open the page instead.",
  noUser:
    "Your answer did not count: no user who may answer this question has your email address in Slack. Open the page instead, or ask an administrator for a user.",
  protected: "This question takes your password, which you cannot type here. Open the page instead.",
  requester:
    "Your answer did not count: you asked this question, or created the key that asked it, so you have no vote.",
  votedBefore: "Your answer did not count: you have already voted for something else, and your first vote counts.",
  unavailable:
    "Your answer did not count, because the server could not find out who you are. Press the button again, or open the page.",
};

const VOTED = "Your vote counts. The question stays open until enough people agree.";

/** @param replaces the reply takes the place of the message with the button */
export function slackReply(reply: SlackReply, replaces: boolean): object {
  const { text, blocks } = shown(reply);
  return {
    // Only the person sees it. A message that is replaced stays where it is.
    ...(replaces ? { replace_original: true } : { response_type: "ephemeral", replace_original: false }),
    text,
    mrkdwn: false,
    blocks,
    unfurl_links: false,
    unfurl_media: false,
  };
}

function shown(reply: SlackReply): Shown {
  switch (reply.kind) {
    case "confirm":
      return confirmation(reply);
    case "ended":
      return ended(reply);
    case "voted":
      return plainly(`${VOTED} ${reply.votes} of ${reply.quorum} people have voted for this answer.`, reply.page);
    case "notAnApprover":
      return plainly(`Your answer did not count: only ${reply.approvers.join(", ")} may answer this question.`, null);
    default:
      return plainly(REFUSALS[reply.kind], reply.page);
  }
}

function plainly(sentence: string, page: string | null): Shown {
  return { text: sentence, blocks: [...sections(sentence), ...(page === null ? [] : [actions([open(page)])])] };
}

const open = (page: string) => pageButton("Open the page", page);

function asked({ requester, message, details }: SlackQuestion): Block[] {
  return [
    header(opening({ requester, reminder: 0 })),
    ...sections(readable(message)),
    ...sections(detailLines({ details })),
  ];
}

function confirmation({ question, option, value, allowTextResponse }: Extract<SlackReply, { kind: "confirm" }>): Shown {
  const ask = `Do you want to answer “${oneLine(option)}”? You cannot change your answer afterwards.`;
  return {
    text: "Please confirm your answer.",
    blocks: [
      ...asked(question),
      ...sections(ask),
      ...(allowTextResponse ? [context(TEXT_SENTENCE)] : []),
      actions([answerButton({ id: "confirm", text: `Answer “${oneLine(option)}”`, value }), open(question.page)]),
    ],
  };
}

function ended({ question, ending, lateChoice }: Extract<SlackReply, { kind: "ended" }>): Shown {
  const sentence = endingSentence(ending);
  const late = lateChoice === null ? "" : `Your answer “${oneLine(lateChoice)}” came too late and did not count. `;
  return {
    text: "This question has ended.",
    blocks: [...asked(question), ...sections(`${late}${sentence}`)],
  };
}

function endingSentence(ending: Ending): string {
  const at = humanTime(ending.at);
  switch (ending.status) {
    case "responded": {
      const who = ending.by === undefined ? "A person who had the link" : oneLine(ending.by.email);
      return `${who} answered “${oneLine(ending.choice)}” on ${at}.`;
    }
    case "timed_out":
      return ending.choice === null
        ? `Nobody answered by ${at}. No option was chosen.`
        : `Nobody answered by ${at}. “${oneLine(ending.choice)}” is used as the answer.`;
    case "cancelled":
      return `The question was cancelled on ${at}, before anybody answered.`;
  }
}
