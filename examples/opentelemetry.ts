/**
 * A Node program that is traced by OpenTelemetry and exports to Shelflife, without any library of Shelflife in it. The
 * instrumentation is one that puts what was said into its spans; some leave that out, or write it as log events.
 */
import { OpenAIInstrumentation } from "@arizeai/openinference-instrumentation-openai";
import { context, trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { BatchSpanProcessor, StackContextManager, TracerProvider } from "@opentelemetry/sdk-trace";
import OpenAI from "openai";

const exporter = new OTLPTraceExporter({
  url: `${process.env["SHELFLIFE_URL"] ?? "http://127.0.0.1:7080"}/v1/traces`,
  headers: { Authorization: `Bearer ${process.env["SHELFLIFE_API_KEY"] ?? ""}` },
});
const provider = new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter })] });
trace.setGlobalTracerProvider(provider);
// It carries the current span into calls that begin at once. A server that answers several people takes
// `AsyncLocalStorageContextManager`, which the distributions of the SDK for Node bring along.
context.setGlobalContextManager(new StackContextManager().enable());
new OpenAIInstrumentation({ tracerProvider: provider }).manuallyInstrument(OpenAI);

const openai = new OpenAI();

/** The span around the call names the chat. */
const turn = { attributes: { "session.id": "example-opentelemetry" } };
await trace.getTracer("examples").startActiveSpan("chat turn", turn, async (span) => {
  const answer = await openai.chat.completions.create({
    model: "gpt-5-mini",
    messages: [{ role: "user", content: "Write a haiku about the shelf life of bread." }],
  });
  console.log(answer.choices[0]?.message.content);
  span.end();
});

await provider.shutdown();
