/** Programs that verify a delivery, and a request that such a program accepts. They read the secret from the environment. */

export const SNIPPETS = ["node", "python", "curl"] as const;
export type Snippet = (typeof SNIPPETS)[number];

/** @param isEncoded the secret is `whsec_` and base64, which is what libraries for Standard Webhooks decode */
export function snippetOf(snippet: Snippet, isEncoded: boolean): string {
  switch (snippet) {
    case "node":
      return NODE;
    case "python":
      return python(isEncoded ? "" : ".encode()");
    case "curl":
      return curl(isEncoded ? `"\${WEBHOOK_SECRET#whsec_}" | base64 -d` : '"$WEBHOOK_SECRET"');
  }
}

const NODE = `// npm install @signalbox/sdk
import { createServer } from "node:http";
import { verify } from "@signalbox/sdk";

createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  try {
    const { data } = await verify({
      body: Buffer.concat(chunks), // the raw bytes, before anything parses them
      headers: request.headers,
      secret: process.env.WEBHOOK_SECRET,
      scheme: "standard",
    });
    console.log(data);
    response.writeHead(204).end();
  } catch {
    response.writeHead(401).end();
  }
}).listen(3000);`;

const python = (encoding: string): string => `# pip install standardwebhooks
import os
from http.server import BaseHTTPRequestHandler, HTTPServer
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

webhook = Webhook(os.environ["WEBHOOK_SECRET"]${encoding})

class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))  # the raw bytes
        try:
            print(webhook.verify(body, dict(self.headers)))
            self.send_response(204)
        except WebhookVerificationError:
            self.send_response(401)
        self.end_headers()

HTTPServer(("", 3000), Receiver).serve_forever()`;

const curl = (key: string): string => `# Sends your receiver a request with a good signature.
id=evt_test
timestamp=$(date +%s)
body='{"type":"test","data":{}}'
key=$(printf %s ${key} | od -An -v -tx1 | tr -d ' \\n')
signature=$(printf %s "$id.$timestamp.$body" |
  openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | base64)
curl -i http://localhost:3000 -d "$body" -H "content-type: application/json" \\
  -H "webhook-id: $id" -H "webhook-timestamp: $timestamp" -H "webhook-signature: v1,$signature"`;
