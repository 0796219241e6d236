/** The string formats of the API's schemas. */
import Format from "typebox/format";
import { isOrigin } from "../../domain/access/tenant.ts";
import { DEVICE_CODE_PATTERN } from "../../domain/access/terminal.ts";
import { isEventFilter, isEventType } from "../../domain/delivery/event.ts";
import { parseWebUrl } from "../../domain/endpoints/web-url.ts";
import { ID_PREFIX, parseAnyId, parseEndpointId, parseId } from "../../domain/ids.ts";
import {
  IDEMPOTENCY_KEY_CHARS_MAX,
  READER_CHARS_MAX,
  READER_SESSION_CHARS_MAX,
  READER_SESSION_CHARS_MIN,
} from "../../domain/limits.ts";
import { recipientFault } from "../../domain/pauses/recipient.ts";
import { isBlank, isPlain } from "../../domain/text/text.ts";
import { parseTime } from "../../domain/text/time.ts";
import { decodeCursor, LIST_NAMES } from "../lists/cursor.ts";

const VISIBLE_ASCII = new RegExp(`^[\\x21-\\x7e]{1,${IDEMPOTENCY_KEY_CHARS_MAX}}$`);
const CONTROL_BUT_WHITE_SPACE = /[^\P{Cc}\n\r\t]/u;

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** RFC 6901. The pointer to the whole document is not allowed. */
const POINTER = /^(?:\/(?:[^~/]|~[01])*)+$/;
const HTTP_STATUS = /^[1-5](?:xx|\d\d)$/;
const READER = new RegExp(`^[A-Za-z0-9_.@:+/-]{1,${READER_CHARS_MAX}}$`);
const SESSION = new RegExp(`^[A-Za-z0-9_-]{${READER_SESSION_CHARS_MIN},${READER_SESSION_CHARS_MAX}}$`);
const EVENT_TYPE_PART = /^[A-Za-z0-9_.-]*$/;

export function isIdempotencyKey(text: string): boolean {
  return VISIBLE_ASCII.test(text);
}

Format.Set("date-time", (text) => parseTime(text) !== null);
Format.Set("event-type", isEventType);
Format.Set("event-filter", isEventFilter);
Format.Set("endpoint-id", (text) => parseEndpointId(text) !== null);
Format.Set("delivery-id", (text) => parseId(ID_PREFIX.delivery, text) !== null);
Format.Set("event-id", (text) => parseId(ID_PREFIX.event, text) !== null);
Format.Set("inbound-id", (text) => parseId(ID_PREFIX.inbound, text) !== null);
Format.Set("source-id", (text) => parseId(ID_PREFIX.source, text) !== null);
Format.Set("pause-id", (text) => parseId(ID_PREFIX.pause, text) !== null);
Format.Set("user-id", (text) => parseId(ID_PREFIX.user, text) !== null);
Format.Set("any-id", (text) => parseAnyId(text) !== null);
Format.Set("actor-id", (text) => (parseId(ID_PREFIX.user, text) ?? parseId(ID_PREFIX.key, text)) !== null);
Format.Set("http-status", (text) => HTTP_STATUS.test(text));
Format.Set("day", (text) => parseTime(`${text}T00:00:00Z`) !== null);
Format.Set("day-or-time", (text) => (parseTime(text) ?? parseTime(`${text}T00:00:00Z`)) !== null);
Format.Set("idempotency-key", isIdempotencyKey);
// Only the rules that no setting can change. The engine knows the others.
Format.Set("url", (text) => parseWebUrl(text) !== null);
Format.Set("header-name", (text) => TOKEN.test(text));
Format.Set("json-pointer-below", (text) => text.isWellFormed() && POINTER.test(text));
// RFC 7617 §2: a colon separates the user name from the password.
Format.Set("username", (text) => isPlain(text) && !text.includes(":"));
Format.Set("event-type-part", (text) => EVENT_TYPE_PART.test(text));
Format.Set("device-code", (text) => DEVICE_CODE_PATTERN.test(text));
Format.Set("reader", (text) => READER.test(text));
Format.Set("reader-session", (text) => SESSION.test(text));
Format.Set("origin", isOrigin);
Format.Set("email", (text) => recipientFault("email", text) === null);
Format.Set("text", isPlain);
Format.Set("name", (text) => isPlain(text) && !isBlank(text));
Format.Set("prose", (text) => text.isWellFormed() && !CONTROL_BUT_WHITE_SPACE.test(text));
for (const list of LIST_NAMES) Format.Set(`${list}-cursor`, (text) => decodeCursor(list, text) !== null);
