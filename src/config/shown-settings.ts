/** The settings in force, as `/v1/status` shows them: no secret, only whether it is set. */
import type { Config } from "../config.ts";
import { shownDatabase } from "../domain/database-address.ts";

export interface ShownSetting {
  /** The name of the environment variable. */
  readonly name: string;
  /** Null: not set. A secret is `set`. */
  readonly value: string | null;
}

const SECRET = "set";

export function shownSettings(config: Config): readonly ShownSetting[] {
  const { mail, sms, slack } = config;
  const values: Readonly<Record<string, string | number | boolean | null>> = {
    HOST: config.host,
    PORT: config.port,
    LOG_LEVEL: config.logLevel,
    DATABASE_URL: config.database === null ? null : shownDatabase(config.database),
    SIGNALBOX_DATA_DIR: config.database === null ? config.dataDir : null,
    SIGNALBOX_MASTER_KEY: config.masterKey === null ? null : SECRET,
    SIGNALBOX_PUBLIC_URL: config.publicUrl,
    SIGNALBOX_TRUST_PROXY: listed(config.trustProxy),
    SIGNALBOX_ALLOW_HTTP: config.allowHttp,
    SIGNALBOX_ALLOW_NETWORKS: listed(config.allowNetworks),
    SIGNALBOX_RETENTION_DAYS: config.retentionDays,
    SIGNALBOX_HISTORY_CACHE_MB: config.historyCacheMb,
    SIGNALBOX_INBOUND_SOURCES: config.inboundSources.length === 0 ? null : SECRET,
    // An SMTP URL contains a password.
    SMTP_URL: mail === null ? null : SECRET,
    SIGNALBOX_MAIL_FROM: mail?.from ?? null,
    TWILIO_ACCOUNT_SID: sms?.accountSid ?? null,
    TWILIO_AUTH_TOKEN: sms === null ? null : SECRET,
    TWILIO_FROM: sms?.from ?? null,
    TWILIO_BASE_URL: sms?.baseUrl ?? null,
    SLACK_SIGNING_SECRET: slack === null ? null : SECRET,
    SLACK_BOT_TOKEN: slack === null ? null : SECRET,
    SLACK_BASE_URL: slack?.baseUrl ?? null,
  };
  return Object.entries(values).map(([name, value]) => ({ name, value: value === null ? null : String(value) }));
}

function listed(networks: readonly string[]): string | null {
  return networks.length === 0 ? null : networks.join(", ");
}
