/** A request as each sender would sign it, as a command for a shell with `openssl`. */
import type { Source } from "@signalbox/sdk";

const BODY = '{"type":"example","id":1}';
const JSON_TYPE = "-H 'Content-Type: application/json'";

/** `SECRET` is in the caller's environment. */
export function sampleCurl(source: Source): string {
  const { url } = source;
  const send = (...headers: readonly string[]) =>
    [`curl -i '${url}'`, JSON_TYPE, ...headers.map((header) => `-H "${header}"`), '-d "$BODY"'].join(" \\\n  ");
  const steps = (...lines: readonly string[]) => [`BODY='${BODY}'`, ...lines].join("\n");
  const now = "NOW=$(date +%s)";
  switch (source.scheme) {
    case "github":
      return steps(sign('"$BODY"'), send("X-Hub-Signature-256: sha256=$SIG", "X-GitHub-Event: ping"));
    case "pausepoint":
      return steps(sign('"$BODY"'), send("X-PausePoint-Signature: sha256=$SIG"));
    case "jcs":
      return steps(sign('"$BODY"'), send("X-Signature: sha256=$SIG"));
    case "stripe":
      return steps(now, sign('"$NOW.$BODY"'), send("Stripe-Signature: t=$NOW,v1=$SIG"));
    case "slack":
      return steps(now, sign('"v0:$NOW:$BODY"'), send("X-Slack-Request-Timestamp: $NOW", "X-Slack-Signature: v0=$SIG"));
    case "pacspace":
      return steps(now, sign('"$NOW.$BODY"'), send("X-PacSpace-Timestamp: $NOW", "X-PacSpace-Signature: v1=$SIG"));
    case "shopify":
      return steps(signBase64('"$BODY"'), send("X-Shopify-Hmac-Sha256: $SIG", "X-Shopify-Topic: orders/paid"));
    case "standard-webhooks":
      return steps(
        now,
        // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell fills it in
        'KEY=$(printf %s "${SECRET#whsec_}" | base64 -d | od -An -tx1 | tr -d " \\n")',
        'SIG=$(printf %s "msg_1.$NOW.$BODY" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$KEY" -binary | base64)',
        send("webhook-id: msg_1", "webhook-timestamp: $NOW", "webhook-signature: v1,$SIG"),
      );
    case "twilio":
      return [
        `SIG=$(printf %s '${url}BodyHelloFrom+15551234567' | openssl dgst -sha1 -hmac "$SECRET" -binary | base64)`,
        `curl -i '${url}' \\\n  -H "X-Twilio-Signature: $SIG" \\\n  --data-urlencode 'Body=Hello' --data-urlencode 'From=+15551234567'`,
      ].join("\n");
    case "basic":
      return steps(
        `curl -i -u '${source.basic?.username ?? ""}':"$SECRET" '${url}' \\\n  ${JSON_TYPE} \\\n  -d "$BODY"`,
      );
    case "hmac":
      return hmacSample(source, steps);
    case "none":
      return steps(send());
  }
}

function sign(content: string, algorithm = "sha256"): string {
  return `SIG=$(printf %s ${content} | openssl dgst -${algorithm} -hmac "$SECRET" | sed 's/^.*= //')`;
}

function signBase64(content: string, algorithm = "sha256"): string {
  return `SIG=$(printf %s ${content} | openssl dgst -${algorithm} -hmac "$SECRET" -binary | base64)`;
}

function hmacSample({ url, hmac }: Source, steps: (...lines: readonly string[]) => string): string {
  if (hmac === null) return "";
  const content = `"${hmac.template.replaceAll("{timestamp}", "$NOW").replaceAll("{body}", "$BODY")}"`;
  const stamp = hmac.timestamp_header === null ? [] : [`-H "${hmac.timestamp_header}: $NOW"`];
  const signed = hmac.encoding === "hex" ? sign(content, hmac.algorithm) : signBase64(content, hmac.algorithm);
  const parts = [`curl -i '${url}'`, JSON_TYPE, ...stamp, `-H "${hmac.header}: ${hmac.prefix}$SIG"`, '-d "$BODY"'];
  return steps("NOW=$(date +%s)", signed, parts.join(" \\\n  "));
}
