/** The JSON text of an object with a payload. A payload that is text is inserted unchanged. */
export function eventText({ payload, ...fields }: { readonly payload: object | string }): string {
  const before = JSON.stringify(fields).slice(0, -1);
  return `${before}${before === "{" ? "" : ","}"payload":${payloadText(payload)}}`;
}

function payloadText(payload: object | string): string {
  if (typeof payload !== "string") return payloadJson(payload);
  JSON.parse(payload); // text that is not a single JSON value could change the surrounding fields
  return payload;
}

function payloadJson(payload: object): string {
  // In plain JavaScript the payload may be missing or a function, which JSON cannot represent.
  const text: string | undefined = JSON.stringify(payload);
  if (text === undefined) throw new TypeError("payload must be an object or JSON text.");
  return text;
}
