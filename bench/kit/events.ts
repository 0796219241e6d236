/** Payloads that let the receiver identify an event: each contains its sequence number and when it was sent. */

const PAYLOAD_BYTES = 300;
const SEQ_DIGITS = 9;
const SENT_DIGITS = 16;
const BETWEEN = '","sent_us":"';
const SENT_AT = SEQ_DIGITS + BETWEEN.length;
/** The text before the two numbers. */
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

/** The sequence number of the next event. It is unique within a run of the benchmarks. */
export function nextSeq(): number {
  lastSeq += 1;
  return lastSeq;
}

/** One event in the API's form, with a payload of 300 bytes. */
export function eventText(type: string, seq: number, sentUs: number): string {
  return `{"type":"${type}","payload":${payloadText(seq, sentUs)}}`;
}

/** One event whose payload has this many bytes in addition to the two numbers. */
export function largeEventText(type: string, seq: number, sentUs: number, bytes: number): string {
  return `{"type":"${type}","payload":{${openNumbers(seq, sentUs).slice(1)}","fill":"${"x".repeat(bytes)}"}}`;
}

/** The payload of 300 bytes alone, which serves as an inbound webhook. */
export function payloadText(seq: number, sentUs: number): string {
  return `${openNumbers(seq, sentUs)}${ORDER}${NOTE}${END}`;
}

/** The two numbers alone, as an object. This is the metadata of a pause, which its event contains again. */
export function numbersText(seq: number, sentUs: number): string {
  return `${openNumbers(seq, sentUs)}${END}`;
}

/** The two numbers as a member id, which is the field of a pause status that the event repeats unchanged. */
export function memberOf(seq: number, sentUs: number): string {
  return `${MEMBER}${seqText(seq)}${MEMBER_BETWEEN}${sentText(sentUs)}`;
}

function openNumbers(seq: number, sentUs: number): string {
  return `${MARK}${seqText(seq)}${BETWEEN}${sentText(sentUs)}`;
}

const seqText = (seq: number): string => String(seq).padStart(SEQ_DIGITS, "0");
const sentText = (sentUs: number): string => String(Math.round(sentUs)).padStart(SENT_DIGITS, "0");

/** Finds the two numbers of a payload in the text of a request. Null if there are none. */
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
 * Whether `/half` refuses this event. It alternates every twenty events, which is one round of the history's event
 * types, so that no endpoint fails twenty times in a row. The server would then back off from the endpoint.
 */
export function failsHalf(seq: number): boolean {
  return Math.floor(seq / 20) % 2 === 0;
}
