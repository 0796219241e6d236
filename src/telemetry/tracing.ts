/**
 * Spans of publishes and attempts, for an OpenTelemetry collector. Loaded only when one is configured, because the SDK
 * takes memory and time.
 *
 * The SDK reads the settings of the exporter itself. Those of the sampler and of the queue are read here.
 */
import {
  type Attributes,
  createTraceState,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { type ExportResult, ExportResultCode, setGlobalErrorHandler } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from "@opentelemetry/resources";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type ReadableSpan,
  type Sampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { type TraceContext, traceparentIn, tracestateIn, withParent } from "../domain/delivery/trace-context.ts";
import { ID_PREFIX } from "../domain/ids.ts";
import type { Clock } from "../ports/clock.ts";
import type { AttemptStarted, Noticed, Tracing } from "../ports/telemetry.ts";

type Environment = Readonly<Record<string, string | undefined>>;

export interface TracingOptions {
  readonly env: Environment;
  readonly version: string;
  readonly clock: Pick<Clock, "after">;
  readonly onNotice: (notice: Noticed) => void;
}

export interface RunningTracing extends Tracing {
  /** Send what is left, for a short time. */
  close(): Promise<void>;
}

/** The collector must not delay a stop by more. */
const CLOSE_MS_MAX = 2000;

export function startTracing({ env, version, clock, onNotice }: TracingOptions): RunningTracing {
  // Every failure is a result of the exporter, too, which reports the first of them.
  setGlobalErrorHandler(() => undefined);
  const processor = new BatchSpanProcessor({
    exporter: new WatchedExporter(new OTLPTraceExporter(), onNotice),
    ...numbers(env, {
      scheduledDelayMillis: "OTEL_BSP_SCHEDULE_DELAY",
      maxQueueSize: "OTEL_BSP_MAX_QUEUE_SIZE",
      maxExportBatchSize: "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
      exportTimeoutMillis: "OTEL_BSP_EXPORT_TIMEOUT",
    }),
  });
  const own = resourceFromAttributes({ "service.name": "signalbox", "service.version": version });
  const provider = new TracerProvider({
    resource: defaultResource()
      .merge(own)
      .merge(detectResources({ detectors: [envDetector] })),
    sampler: samplerOf(env),
    spanProcessors: [processor],
  });
  const tracer = provider.getTracer("signalbox", version);
  const start = (name: string, kind: SpanKind, attributes: Attributes, parent: TraceContext | null) => {
    const span = tracer.startSpan(name, { kind, attributes }, parentContext(parent));
    return { span, trace: withParent(parent, traceparentOf(span)) };
  };
  return {
    startPublish(eventType, parent) {
      const attributes = { ...MESSAGING, "messaging.operation.name": "publish", "messaging.operation.type": "send" };
      const named = { ...attributes, "signalbox.event.type": eventType };
      const { span, trace } = start("publish", SpanKind.PRODUCER, named, parent);
      return {
        trace,
        end(result) {
          if (result.kind === "accepted") {
            span.setAttribute("messaging.message.id", ID_PREFIX.event + result.eventId);
            span.setAttribute("signalbox.deliveries", result.deliveries);
          } else fail(span, result.kind);
          span.end();
        },
      };
    },
    startAttempt(attempt) {
      const { span, trace } = start("POST", SpanKind.CLIENT, attemptAttributes(attempt), attempt.trace);
      return {
        trace,
        end({ classification, httpStatus }) {
          if (httpStatus !== null) span.setAttribute("http.response.status_code", httpStatus);
          if (classification !== "success") fail(span, httpStatus === null ? classification : String(httpStatus));
          span.end();
        },
      };
    },
    async close() {
      const { promise: late, resolve } = Promise.withResolvers<void>();
      const timer = clock.after(CLOSE_MS_MAX, resolve);
      await Promise.race([provider.shutdown().catch(() => undefined), late]);
      timer.cancel();
    },
  };
}

const MESSAGING = { "messaging.system": "signalbox" };

function attemptAttributes(attempt: AttemptStarted): Attributes {
  const { url, deliveryId, eventId, endpointId, attemptNumber, eventType } = attempt;
  return {
    ...urlAttributes(url),
    ...(attemptNumber > 1 && { "http.request.resend_count": attemptNumber - 1 }),
    "messaging.message.id": ID_PREFIX.event + eventId,
    "signalbox.event.type": eventType,
    "signalbox.delivery.id": ID_PREFIX.delivery + deliveryId,
    "signalbox.endpoint.id": ID_PREFIX.endpoint + endpointId,
  };
}

/** Only what cannot contain a credential. A listener has no URL. */
function urlAttributes(url: string): Attributes {
  const parsed = URL.parse(url);
  if (parsed === null || !parsed.protocol.startsWith("http")) return {};
  const { protocol, hostname, port, pathname, origin } = parsed;
  return {
    "http.request.method": "POST",
    "url.full": origin + pathname,
    "server.address": hostname,
    "server.port": Number(port) || (protocol === "https:" ? 443 : 80),
  };
}

function fail(span: Span, type: string): void {
  span.setAttribute("error.type", type);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

function parentContext(parent: TraceContext | null) {
  if (parent === null) return ROOT_CONTEXT;
  const [, traceId = "", spanId = "", flags = ""] = traceparentIn(parent).split("-");
  const state = tracestateIn(parent);
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16),
    isRemote: true,
    ...(state !== null && { traceState: createTraceState(state) }),
  });
}

function traceparentOf(span: Span): string {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;
}

/** By the names of the OpenTelemetry specification. */
function samplerOf({ OTEL_TRACES_SAMPLER: name, OTEL_TRACES_SAMPLER_ARG: argument }: Environment): Sampler {
  const given = Number(argument);
  const ratio = argument === undefined || argument === "" || Number.isNaN(given) ? 1 : given;
  switch (name) {
    case "always_on":
      return new AlwaysOnSampler();
    case "always_off":
      return new AlwaysOffSampler();
    case "traceidratio":
      return new TraceIdRatioBasedSampler(ratio);
    case "parentbased_always_off":
      return new ParentBasedSampler({ root: new AlwaysOffSampler() });
    case "parentbased_traceidratio":
      return new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) });
    default:
      return new ParentBasedSampler({ root: new AlwaysOnSampler() });
  }
}

/** Those that are set to a positive number. */
function numbers<K extends string>(env: Environment, names: Readonly<Record<K, string>>): Partial<Record<K, number>> {
  const read = Object.entries<string>(names).map(([key, name]) => [key, Number(env[name] ?? "")] as const);
  return Object.fromEntries(read.filter(([, value]) => value > 0)) as Partial<Record<K, number>>;
}

/** Notices when exports begin to fail, and when they work again, and not each failure. */
class WatchedExporter implements SpanExporter {
  readonly #inner: SpanExporter;
  readonly #onNotice: TracingOptions["onNotice"];
  #isFailing = false;

  constructor(inner: SpanExporter, onNotice: TracingOptions["onNotice"]) {
    this.#inner = inner;
    this.#onNotice = onNotice;
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#inner.export(spans, (result) => {
      const isFailing = result.code !== ExportResultCode.SUCCESS;
      if (isFailing && !this.#isFailing) {
        const fields = { message: result.error?.message ?? "unknown" };
        this.#onNotice({ level: "warn", what: "traces_not_exported", fields });
      }
      if (!isFailing && this.#isFailing) this.#onNotice({ level: "info", what: "traces_exported_again", fields: {} });
      this.#isFailing = isFailing;
      done(result);
    });
  }

  shutdown(): Promise<void> {
    return this.#inner.shutdown();
  }

  async forceFlush(): Promise<void> {
    await this.#inner.forceFlush?.();
  }
}
