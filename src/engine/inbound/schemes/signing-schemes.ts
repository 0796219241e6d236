/** The schemes that sign, by name. The type checker reports a scheme that is missing here. */
import type { Scheme } from "../../../domain/inbound/source.ts";
import { github, pausepoint, shopify } from "./body-only.ts";
import { hmac } from "./hmac.ts";
import { jcs } from "./jcs.ts";
import type { ReadSignatures } from "./signature.ts";
import { standardWebhooks } from "./standard-webhooks.ts";
import { stripe } from "./stripe.ts";
import { pacspace, slack } from "./timestamped.ts";
import { twilio } from "./twilio.ts";

export type SigningScheme = Exclude<Scheme, "basic" | "none">;

export const SIGNING_SCHEMES: Readonly<Record<SigningScheme, ReadSignatures>> = {
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
