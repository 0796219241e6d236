/** Puts together the pauses, and the notifications, links and buttons with which people decide them. */
import { consolePageOf, type Pause } from "../../domain/pauses/pause.ts";
import type { SlackApp } from "../../ports/slack.ts";
import { Notifications, type NotificationsOptions } from "./notifications.ts";
import { Pauses, type PausesOptions } from "./pauses.ts";
import { RespondLinks } from "./respond-links.ts";
import { SlackAnswers } from "./slack-answers.ts";
import { SlackButtons } from "./slack-buttons.ts";
import { Waits } from "./waits.ts";

type Given = Omit<NotificationsOptions, "respondUrl" | "consoleUrl" | "slackButtons"> &
  Omit<PausesOptions, "notifications" | "links" | "waits" | "respondUrl"> & {
    /** Null: people cannot answer in Slack. */
    readonly slack: SlackApp | null;
    /** 32 bytes in hex, the same at every start. */
    readonly linkKey: string;
    readonly publicUrl: () => string;
  };

export function createPauses({ slack: app, linkKey, publicUrl, ...given }: Given) {
  const links = new RespondLinks(linkKey);
  const buttons = new SlackButtons(linkKey);
  const waits = new Waits(given.clock);
  const respondUrl = (token: string): string => `${publicUrl()}/respond/${token}`;
  const linkOf = (pause: Pause): string => respondUrl(links.tokenOf(pause));
  const consoleUrl = ({ id }: Pause): string => consolePageOf(publicUrl(), id);
  const pageOf = (pause: Pause): string => (pause.signIn === null ? linkOf(pause) : consoleUrl(pause));
  const slackButtons = app === null ? null : buttons;
  const notifications = new Notifications({ ...given, respondUrl: linkOf, consoleUrl, slackButtons });
  const pauses = new Pauses({ ...given, notifications, links, waits, respondUrl });
  const slackAnswers = new SlackAnswers({ ...given, app, buttons, pauses, pageOf });
  return { waits, notifications, pauses, slackAnswers };
}
