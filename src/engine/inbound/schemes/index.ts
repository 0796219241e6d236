/** The schemes that sign, by name: one that is missing here does not compile. */
import type { Scheme } from "../../../domain/inbound/source.ts";
import { github, pausepoint, shopify } from "./bare.ts";
import type { ReadClaim } from "./claim.ts";
import { hmac } from "./hmac.ts";
import { jcs } from "./jcs.ts";
import { pacspace, slack } from "./stamped.ts";
import { standardWebhooks } from "./standard-webhooks.ts";
import { stripe } from "./stripe.ts";
import { twilio } from "./twilio.ts";

export type SigningScheme = Exclude<Scheme, "basic" | "none">;

export const CLAIMS: Readonly<Record<SigningScheme, ReadClaim>> = {
  github,
  stripe,
  slack,
  shopify,
  twilio,
  "standard-webhooks": standardWebhooks,
  pausepoint,
  pacspace,
  hmac,
  jcs,
};
