import { AsyncLocalStorage } from "node:async_hooks";

import {
  context,
  diag,
  DiagLogLevel,
  ROOT_CONTEXT,
  trace,
  type Context,
  type ContextManager,
  type Tracer,
} from "@opentelemetry/api";
import { OTLPTraceExporter as JsonExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, SimpleSpanProcessor, TracerProvider, type SpanProcessor } from "@opentelemetry/sdk-trace";
import { vi } from "vitest";

import { listen, type Listener } from "../../../src/http/listen.ts";
import { systemClock } from "../../../src/clock.ts";
import { FakeClock } from "../../fake-clock.ts";
import { createTestApp, type TestApp, type TestAppOptions, type TestUser } from "../../test-app.ts";

export interface ExportingOptions extends TestAppOptions {
  readonly encoding?: "protobuf" | "json";
  readonly compression?: "gzip" | "none";
  /** All spans in one request, as applications are advised, or each by itself as soon as it ends. */
  readonly batches?: boolean;
  /** What is sent in place of the user's key. */
  readonly key?: string;
  /** Whether the exporter finds its settings in the environment, as the documentation has them. */
  readonly byEnvironment?: boolean;
}

/** An application with OpenTelemetry's SDK and exporter, and the server that it exports to. */
export interface ExportingApplication extends AsyncDisposable {
  readonly app: TestApp;
  readonly user: TestUser;
  readonly provider: TracerProvider;
  readonly tracer: Tracer;
  /** What the SDK tells whoever runs the application, which it does for what went wrong. */
  readonly complaints: string[];
  /** Waits until everything that was started has ended, and is exported. */
  flush(): Promise<void>;
}

/** How long an export may take: what is slow on a busy machine is no failure. */
const EXPORT_MS = 120_000;

/** Starts both, on the loopback. Only one may run at a time in a test file: parts of the SDK are global. */
export async function startExportingApplication({
  encoding = "protobuf",
  compression = "none",
  batches = true,
  key,
  byEnvironment = false,
  ...options
}: ExportingOptions = {}): Promise<ExportingApplication> {
  // The spans have the times of this machine, which must not lie in the server's future.
  const clock = new FakeClock(new Date(Date.now() + 3_600_000));
  const app = await createTestApp({ clock, ...options });
  const user = await app.createUser();
  const listener: Listener = await listen(app.app.fetch, { host: "127.0.0.1", port: 0 }, systemClock);
  const complaints: string[] = [];
  const complain = (...words: unknown[]) => void complaints.push(words.map(String).join(" "));
  const silent = () => undefined;
  diag.setLogger(
    { error: complain, warn: complain, info: silent, debug: silent, verbose: silent },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  const Exporter = encoding === "json" ? JsonExporter : ProtobufExporter;
  const settings = {
    url: `${listener.url}/v1/traces`,
    headers: { Authorization: `Bearer ${key ?? user.key}` },
    timeoutMillis: EXPORT_MS,
    compression: compression as ConstructorParameters<typeof Exporter>[0] extends { compression?: infer C } ? C : never,
  };
  vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", listener.url);
  vi.stubEnv("OTEL_EXPORTER_OTLP_HEADERS", `Authorization=Bearer%20${user.key}`);
  vi.stubEnv("OTEL_EXPORTER_OTLP_TIMEOUT", String(EXPORT_MS));
  const exporter = byEnvironment ? new Exporter() : new Exporter(settings);
  const processor = batches
    ? new BatchSpanProcessor({ exporter, exportTimeoutMillis: EXPORT_MS })
    : new SimpleSpanProcessor({ exporter });
  const resource = resourceFromAttributes({ "service.name": "test-application" });
  const open = new OpenSpans();
  const provider = new TracerProvider({ resource, spanProcessors: [processor, open] });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncContexts());

  return {
    app,
    user,
    provider,
    tracer: provider.getTracer("test-application"),
    complaints,
    async flush() {
      await open.none();
      await provider.forceFlush();
    },
    async [Symbol.asyncDispose]() {
      await provider.shutdown();
      trace.disable();
      context.disable();
      diag.disable();
      vi.unstubAllEnvs();
      await listener.close();
    },
  };
}

/** Counts the spans that have not ended: some instrumentations end theirs after the application has its answer. */
class OpenSpans implements SpanProcessor {
  #count = 0;
  #waiting: (() => void)[] = [];

  none(): Promise<void> {
    if (this.#count === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  onStart(): void {
    this.#count += 1;
  }

  onEnd(): void {
    this.#count -= 1;
    if (this.#count > 0) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  forceFlush(): Promise<void> {
    return Promise.resolve();
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }
}

/** Keeps the context through what runs later, which the SDK leaves to a package of its own. */
class AsyncContexts implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>();

  active(): Context {
    return this.#storage.getStore() ?? ROOT_CONTEXT;
  }

  with<Arguments extends unknown[], Work extends (...input: Arguments) => ReturnType<Work>>(
    active: Context,
    work: Work,
    thisArgument?: ThisParameterType<Work>,
    ...input: Arguments
  ): ReturnType<Work> {
    return this.#storage.run(active, () => work.apply(thisArgument, input));
  }

  bind<Target>(active: Context, target: Target): Target {
    if (typeof target !== "function") return target;
    const work = target as unknown as (...input: unknown[]) => unknown;
    return ((...input: unknown[]) => this.#storage.run(active, () => work(...input))) as unknown as Target;
  }

  enable(): this {
    return this;
  }

  disable(): this {
    this.#storage.disable();
    return this;
  }
}
