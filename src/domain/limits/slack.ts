/** Limits of answers that people give in Slack. Each name ends in its unit, and each comment gives the reason. */
import { KB, MINUTE_MS, SECOND_MS } from "./units.ts";

/** A click comes with the whole message. The longest question with the longest details takes up to 250 KB in a form. */
export const SLACK_REQUEST_BYTES_MAX = 512 * KB;
/** Clicks in progress. Each one asks Slack who the person is, and holds a few kilobytes. */
export const SLACK_CLICKS_COUNT_MAX = 64;
/** Clicks of one person in progress, so that nobody who presses a button again and again delays the others. */
export const SLACK_CLICKS_OF_PERSON_COUNT_MAX = 4;
/** Requests remembered to refuse a replay: more clicks than come in the five minutes in which a signature is valid. */
export const SLACK_REQUESTS_SEEN_COUNT_MAX = 10_000;
/** The time for Slack to say who a person is. The person waits for the reply. */
export const SLACK_API_MS_MAX = 10 * SECOND_MS;
/** A user has about 3 KB. */
export const SLACK_API_BODY_BYTES_MAX = 256 * KB;
/** How long a person may take to confirm. Slack accepts replies to a click for as long. */
export const SLACK_CONFIRM_MS = 30 * MINUTE_MS;
/** Slack's limits for the text and the value of a button. */
export const SLACK_BUTTON_CHARS_MAX = 75;
export const SLACK_BUTTON_VALUE_CHARS_MAX = 2000;
/** The URL for replies to a click has about 80 characters. It has to fit into the value of a button. */
export const SLACK_REPLY_URL_CHARS_MAX = 1000;
/** The id of a person has about 11 characters. */
export const SLACK_PERSON_CHARS_MAX = 40;
