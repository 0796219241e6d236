/** Limits of human pauses. Each name ends in its unit, and each comment gives the reason. */
import { KB, MINUTE_MS, SECOND_MS } from "./units.ts";

export const PAUSE_MESSAGE_CHARS_MAX = 2000;
export const PAUSE_OPTIONS_COUNT_MIN = 2;
export const PAUSE_OPTIONS_COUNT_MAX = 5;
export const PAUSE_OPTION_CHARS_MAX = 100;
/** The details of a question. A person reads them all on one page before deciding. */
export const PAUSE_DETAILS_COUNT_MAX = 20;
export const PAUSE_DETAIL_LABEL_CHARS_MAX = 100;
export const PAUSE_DETAIL_VALUE_CHARS_MAX = 1000;
export const PAUSE_METADATA_BYTES_MAX = 16 * KB;
export const PAUSE_TEXT_CHARS_MAX = 2000;
/** A year. */
export const PAUSE_SECONDS_MAX = 31_536_000;
export const PAUSE_HOURS_MAX = 8760;
export const PAUSE_HOURS_DEFAULT = 24;
/** The shortest time for an answer. Deadlines are whole seconds, so the next one may be less than a second away. */
export const PAUSE_LIFE_MS_MIN = SECOND_MS / 2;
export const PAUSE_WAIT_SECONDS_MAX = 60;
/** The people that one question names. More would be a group, and a question to a group names nobody. */
export const PAUSE_APPROVERS_COUNT_MAX = 20;
/** Messages that repeat a question before its deadline. More would be nagging. */
export const PAUSE_REMINDERS_COUNT_MAX = 5;
/** How far the creators of a key are followed, from key to key, to the user who is behind it. */
export const KEY_CREATORS_COUNT_MAX = 100;
/** Open questions of one agent. Nobody answers more, and a question that is asked again and again is a loop. */
export const AGENT_OPEN_PAUSES_COUNT_MAX = 30;
/** Questions of one agent in any minute. Each one may send a person a message. */
export const AGENT_PAUSES_PER_MINUTE_COUNT_MAX = 10;
export const AGENT_PAUSES_WINDOW_MS = MINUTE_MS;
/**
 * How long an agent's question with a default stays open at least. The default is taken because nobody answered, and nobody
 * can answer within seconds.
 */
export const AGENT_DEFAULT_SECONDS_MIN = 300;
/** How long an agent waits that has too many open questions. People take minutes to answer. */
export const AGENT_OPEN_PAUSES_RETRY_AFTER_SECONDS = 60;
/** Keys for receipts, all of which are published. One a year lasts for a century. */
export const RECEIPT_KEYS_COUNT_MAX = 100;
/** How long caches may keep the published keys: for as long, a reader behind one may not find a new key. */
export const RECEIPT_KEYS_CACHE_SECONDS = 60;
/** Times that a person's message can be sent again. A person who got ten does not need another one. */
export const PAUSE_RESENDS_COUNT_MAX = 10;
/** Characters of a search in the questions. */
export const PAUSE_SEARCH_CHARS_MAX = 200;
/** Pauses that one page of a search looks at: up to 18 MB of questions and metadata. The next page continues. */
export const PAUSES_SEARCHED_ROWS_MAX = 1000;
/** Pauses whose endings statistics count, the newest first: about 10 ms of the reading thread. */
export const PAUSE_ENDINGS_ROWS_MAX = 5000;
/** Pauses of one status that are counted, in about 3 ms. Lists show "more than" beyond it. */
export const PAUSES_COUNTED_ROWS_MAX = 100_000;
/** Long polls of one tenant. Each one holds a connection and some kilobytes. */
export const PAUSE_WAITS_COUNT_MAX = 1000;
/** Requests of an agent that wait for one question. With all its open questions it leaves the tenant most of the waits. */
export const AGENT_WAITS_OF_PAUSE_COUNT_MAX = 10;
/** Pauses that one call times out. Each one writes an event and its deliveries. */
export const DUE_PAUSES_COUNT_MAX = 100;
/** How often the server looks for due pauses when none is known to be due. The wall clock may have jumped. */
export const DUE_PAUSES_LOOK_MS = SECOND_MS;
/** Page views that the audit log records for one pause. Link scanners and reloads must not fill the log. */
export const OPENINGS_COUNT_MAX = 20;
/** Refused answers that the audit log records for one pause. */
export const REFUSED_ANSWERS_COUNT_MAX = 20;
/** The largest offset into the audit log. Skipped rows are read, so callers narrow the dates instead. */
export const AUDIT_OFFSET_ROWS_MAX = 100_000;
export const USER_AGENT_CHARS_MAX = 200;
/** Connections to the mail server. Mail servers accept this many from one client. */
export const MAIL_CONNECTIONS_MAX = 5;
/** Notifications in progress in one channel. Emails also wait for a connection to the mail server. */
export const NOTIFICATIONS_COUNT_MAX = 64;
/**
 * Notifications in progress of one tenant in one channel. Sixteen tenants with unresponsive receivers use up the
 * channel; one such tenant leaves nearly all of it.
 */
export const NOTIFICATIONS_OF_TENANT_COUNT_MAX = 4;
/** The time from connecting to the final response. */
export const NOTIFICATION_MS_MAX = 20 * SECOND_MS;
/** Characters stored of the reason why a notification was not sent. */
export const NOTIFICATION_REASON_CHARS_MAX = 200;
/**
 * When the server stops: how long it waits for the response to a message that may have been accepted, so that the
 * message is not sent twice.
 */
export const NOTIFICATION_LAST_WORD_MS = 2 * SECOND_MS;
/** RFC 5321 §4.5.3.1.1 and §4.5.3.1.3: the longest local part, and the longest address that mail servers carry. */
export const EMAIL_LOCAL_CHARS_MAX = 64;
export const EMAIL_CHARS_MAX = 254;
/** Mail clients show fewer characters of a subject. */
export const MAIL_SUBJECT_CHARS_MAX = 100;
/** The time until the mail server's greeting. It leaves as much time again for the message. */
export const SMTP_CONNECT_MS_MAX = 10 * SECOND_MS;
/** How long an idle connection to the mail server is kept. Pauses arrive in bursts. */
export const SMTP_IDLE_MS = 10 * SECOND_MS;
/** Slack's limits for the text of a section and of a header. */
export const SLACK_SECTION_CHARS_MAX = 3000;
export const SLACK_HEADER_CHARS_MAX = 150;
/** More than a phone's notification shows of a Slack message. */
export const SLACK_PREVIEW_CHARS_MAX = 500;
/** Twilio's limit. */
export const SMS_CHARS_MAX = 1600;
/**
 * The requester and the question in a text message. Text messages are billed per 70 or 160 characters, and the page
 * shows the full text.
 */
export const SMS_REQUESTER_CHARS_MAX = 60;
export const SMS_QUESTION_CHARS_MAX = 300;
/** Test messages in flight. They bypass the lanes of the channels, and each may take as long as any other message. */
export const CHANNEL_TESTS_IN_FLIGHT_MAX = 4;
