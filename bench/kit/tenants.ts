/** Noisy tenants: the load that each puts on the server while another tenant's deliveries are measured. */
import { sleep } from "./clock.ts";
import { Connection } from "./connection.ts";
import { eventText, largeEventText, nextSeq } from "./events.ts";
import type { Receiver } from "./receiving.ts";
import { postText } from "./requests.ts";
import { type Account, createEndpoint } from "./signalbox.ts";

export interface Site {
  readonly account: Account;
  readonly receiver: Receiver;
  readonly scale: number;
  /** Aborted when the noise has to end. */
  readonly over: AbortSignal;
}

/** One kind of noisy tenant. */
export interface Noise {
  readonly about: string;
  /** Resolves when the noise has reached its full level. */
  begin(site: Site): Promise<Made>;
}

interface Made {
  /** Resolves once nothing more is sent. */
  readonly ended: Promise<void>;
  /** The number of answers with each status. */
  summary(): string;
}

const LARGE_BYTES = 250_000;
const LARGE_COUNT = 300;
const MANY_ENDPOINTS = 100;
const MANY_EVENTS = 400;
const SLOW_ENDPOINTS = 1000;
const SLOW_EVENTS = 20;
const RETRYING_ENDPOINTS = 200;
const RETRYING_EVENTS = 20;
const BACKLOG_EVENTS = 200_000;
const BATCH_EVENTS = 100;
const FAST_CONNECTIONS = 64;
const LARGE_CONNECTIONS = 8;
const CREATING_AT_ONCE = 16;

const large: Noise = {
  about: "large payloads, silent",
  async begin(site) {
    await endpoints(site, 2, "silent", "large");
    const noise = loud(site, LARGE_CONNECTIONS);
    await noise.send(LARGE_COUNT, () => largeEventText("large", nextSeq(), 0, LARGE_BYTES));
    return noise.goOn(10, () => largeEventText("large", nextSeq(), 0, LARGE_BYTES));
  },
};

const many: Noise = {
  about: `${MANY_ENDPOINTS} endpoints, silent`,
  async begin(site) {
    await endpoints(site, MANY_ENDPOINTS, "silent", "many");
    const noise = loud(site, LARGE_CONNECTIONS);
    await noise.send(MANY_EVENTS, () => eventText("many", nextSeq(), 0));
    return noise.goOn(10, () => eventText("many", nextSeq(), 0));
  },
};

const slow: Noise = {
  about: `${SLOW_ENDPOINTS} endpoints, 2 s each`,
  async begin(site) {
    await endpoints(site, SLOW_ENDPOINTS, "late", "slow");
    const noise = loud(site, LARGE_CONNECTIONS);
    await noise.send(SLOW_EVENTS, () => eventText("slow", nextSeq(), 0));
    return noise.goOn(0.5, () => eventText("slow", nextSeq(), 0));
  },
};

const resumed: Noise = {
  about: "a backlog, resumed",
  async begin(site) {
    const [id] = await endpoints(site, 1, "accept", "held");
    await site.account.call("PATCH", `/v1/endpoints/${id}`, { status: "PAUSED" });
    const noise = loud(site, LARGE_CONNECTIONS, "/v1/events/batch");
    await noise.send(Math.ceil((BACKLOG_EVENTS * site.scale) / BATCH_EVENTS), () => {
      const events = Array.from({ length: BATCH_EVENTS }, () => eventText("held", nextSeq(), 0));
      return `{"events":[${events.join(",")}]}`;
    });
    await site.account.call("PATCH", `/v1/endpoints/${id}`, { status: "ACTIVE" });
    return noise.rest();
  },
};

const retrying: Noise = {
  about: `${RETRYING_ENDPOINTS} endpoints, retried each second`,
  async begin(site) {
    await endpoints(site, RETRYING_ENDPOINTS, "half", "half", Array(10).fill(1));
    const noise = loud(site, LARGE_CONNECTIONS);
    await noise.send(RETRYING_EVENTS, () => eventText("half", nextSeq(), 0));
    return noise.goOn(2, () => eventText("half", nextSeq(), 0));
  },
};

const fast: Noise = {
  about: `publishing on ${FAST_CONNECTIONS} connections`,
  async begin(site) {
    await endpoints(site, 1, "accept", "fast");
    return loud(site, FAST_CONNECTIONS).goOn(Number.POSITIVE_INFINITY, () => eventText("fast", nextSeq(), 0));
  },
};

const fastLarge: Noise = {
  about: `publishing large payloads on ${LARGE_CONNECTIONS} connections`,
  async begin(site) {
    await endpoints(site, 1, "accept", "fast");
    const next = () => largeEventText("fast", nextSeq(), 0, LARGE_BYTES);
    return loud(site, LARGE_CONNECTIONS).goOn(Number.POSITIVE_INFINITY, next);
  },
};

const full: Noise = {
  about: "large, many, slow and retrying at once",
  async begin(site) {
    const noises: Made[] = [];
    for (const kind of [large, many, slow, retrying]) noises.push(await kind.begin(site));
    return {
      ended: Promise.all(noises.map(({ ended }) => ended)).then(() => undefined),
      summary: () => noises.map((noise) => noise.summary()).join(" + "),
    };
  },
};

export const NOISES: readonly Noise[] = [large, many, slow, resumed, retrying, full, fast, fastLarge];

type Behaviour = Parameters<Receiver["url"]>[0];

/** Creates endpoints that all get events of this type. Returns their ids. */
async function endpoints(
  { account, receiver }: Site,
  count: number,
  behaviour: Behaviour,
  type: string,
  retrySchedule?: readonly number[],
): Promise<readonly string[]> {
  const ids: string[] = [];
  let left = count;
  const create = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const id = await createEndpoint(account, {
        name: `${type} ${left}`,
        url: receiver.url(behaviour),
        event_types: [type],
        ...(retrySchedule !== undefined && { retry_schedule_seconds: retrySchedule }),
      });
      ids.push(id);
    }
  };
  await Promise.all(Array.from({ length: CREATING_AT_ONCE }, create));
  return ids;
}

/** Connections that send one event after the other. */
function loud({ account, over }: Site, connections: number, path = "/v1/events") {
  const statuses = new Map<number, number>();

  async function post(connection: Connection, body: string): Promise<void> {
    const { status } = await connection.ask(postText(account, path, body));
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }

  /** Sends on every connection until `next` returns null. */
  async function run(next: () => string | null | Promise<string | null>): Promise<void> {
    const each = async (): Promise<void> => {
      const connection = await Connection.open(account.port);
      try {
        for (let body = await next(); body !== null; body = await next()) await post(connection, body);
      } finally {
        connection.close();
      }
    };
    await Promise.all(Array.from({ length: connections }, each));
  }

  const summary = (): string => [...statuses].map(([status, count]) => `${count} × ${status}`).join(", ");
  return {
    /** Sends this many, as fast as the server answers. */
    async send(count: number, next: () => string): Promise<void> {
      let left = count;
      await run(() => (left-- > 0 ? next() : null));
    },
    /** Sends this many per second until the noise is over. */
    goOn(perSecond: number, next: () => string): Made {
      const restMs = (1000 * connections) / perSecond;
      const ended = run(async () => {
        if (restMs > 0) await sleep(restMs);
        return over.aborted ? null : next();
      });
      return { ended, summary };
    },
    rest: (): Made => ({ ended: Promise.resolve(), summary }),
  };
}
