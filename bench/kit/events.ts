/** What tells one event from another at the receiver: each payload says which it is and when it was sent. */

const PAYLOAD_BYTES = 300;
const SEQ_DIGITS = 9;
const SENT_DIGITS = 16;
const BETWEEN = '","sent_us":"';
const SENT_AT = SEQ_DIGITS + BETWEEN.length;
/** What stands before the two numbers. */
const MARK = '{"seq":"';
const MEMBER = "pm_";
const MEMBER_MARK = `"member_id":"${MEMBER}`;
const MEMBER_BETWEEN = "_";
const ORDER =
  '","order":{"id":"ord_7Hq2","currency":"EUR","total":12990,"items":[{"sku":"A-100","quantity":2,"price":4995},' +
  '{"sku":"B-7","quantity":1,"price":3000}],"customer":{"id":"cus_91","country":"DE"}},"note":"';
const END = '"}';
const NOTE = "x".repeat(PAYLOAD_BYTES - MARK.length - SENT_AT - SENT_DIGITS - ORDER.length - END.length);

let lastSeq = 0;

/** The sequence of the next event; no two events of a run of the benchmarks share one. */
export function nextSeq(): number {
  lastSeq += 1;
  return lastSeq;
}

/** One event as the API takes it, with a payload of 300 bytes. */
export function eventText(type: string, seq: number, sentUs: number): string {
  return `{"type":"${type}","payload":${payloadText(seq, sentUs)}}`;
}

/** One event whose payload has so many bytes beside. */
export function largeEventText(type: string, seq: number, sentUs: number, bytes: number): string {
  return `{"type":"${type}","payload":{${openNumbers(seq, sentUs).slice(1)}","fill":"${"x".repeat(bytes)}"}}`;
}

/** The 300 bytes alone: somebody else's webhook. */
export function payloadText(seq: number, sentUs: number): string {
  return `${openNumbers(seq, sentUs)}${ORDER}${NOTE}${END}`;
}

/** The two numbers alone, as an object: the metadata of a pause, which comes back in its event. */
export function numbersText(seq: number, sentUs: number): string {
  return `${openNumbers(seq, sentUs)}${END}`;
}

/** The two numbers as the name of a member: of a pause status' fields the one that comes back as it was sent. */
export function memberOf(seq: number, sentUs: number): string {
  return `${MEMBER}${seqText(seq)}${MEMBER_BETWEEN}${sentText(sentUs)}`;
}

function openNumbers(seq: number, sentUs: number): string {
  return `${MARK}${seqText(seq)}${BETWEEN}${sentText(sentUs)}`;
}

const seqText = (seq: number): string => String(seq).padStart(SEQ_DIGITS, "0");
const sentText = (sentUs: number): string => String(Math.round(sentUs)).padStart(SENT_DIGITS, "0");

/** Find the two numbers of a payload in a request's text; null when there is none. */
export function readNumbers(text: string): { readonly seq: number; readonly sentUs: number } | null {
  const at = text.indexOf(MARK);
  if (at >= 0) return numbersAt(text, at + MARK.length, SENT_AT);
  const memberAt = text.indexOf(MEMBER_MARK);
  return memberAt < 0 ? null : numbersAt(text, memberAt + MEMBER_MARK.length, SEQ_DIGITS + MEMBER_BETWEEN.length);
}

function numbersAt(text: string, from: number, sentAt: number) {
  const sent = from + sentAt;
  return { seq: Number(text.slice(from, from + SEQ_DIGITS)), sentUs: Number(text.slice(sent, sent + SENT_DIGITS)) };
}

/**
 * Whether `/half` refuses this event. Twenty in a row are one round of the history's types, so that no endpoint fails
 * twenty times running, which would put it to rest.
 */
export function failsHalf(seq: number): boolean {
  return Math.floor(seq / 20) % 2 === 0;
}
