import type {
  NormalizedMessage,
  NormalizedPart,
  NormalizedTool,
  NormalizedUsage,
  StepOperation,
} from "@shelflife/api-contract";

/** Counts as a span has them, which may be no counts at all. */
type UsageReading = { [Count in keyof NormalizedUsage]?: number | undefined };

/** What a span says of a model call. Each way of writing it into a span knows some of it. */
export interface ModelCall {
  provider?: string | undefined;
  model?: string | undefined;
  operation?: StepOperation | undefined;
  messages?: NormalizedMessage[] | undefined;
  tools?: NormalizedTool[] | undefined;
  toolChoice?: unknown;
  options?: Record<string, unknown> | undefined;
  content?: NormalizedPart[] | undefined;
  finishReason?: string | undefined;
  usage?: UsageReading | undefined;
  responseId?: string | undefined;
  responseModel?: string | undefined;
  timeToFirstOutputMs?: number | undefined;
}

/** The first of several readings that knows a thing decides about it; options and counts are added up name by name. */
export function mergeReadings(readings: readonly ModelCall[]): ModelCall {
  const merged: Record<string, unknown> = {};
  for (const reading of readings) {
    for (const [field, value] of Object.entries(reading)) {
      if (value !== undefined && !isEmptyList(value)) merged[field] ??= value;
    }
  }
  const { messages, content } = merged as ModelCall;
  return {
    ...merged,
    ...(messages !== undefined && { messages: messages.filter(({ parts }) => parts.length > 0) }),
    ...(content !== undefined && { content }),
    options: Object.assign({}, ...readings.toReversed().map(({ options }) => options)) as Record<string, unknown>,
    usage: mergeUsage(readings.flatMap(({ usage }) => usage ?? [])),
  };
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

const COUNTS = [
  "input_tokens",
  "output_tokens",
  "total_tokens",
  "reasoning_tokens",
  "cache_creation_tokens",
  "cache_read_tokens",
] as const satisfies readonly (keyof NormalizedUsage)[];

/** Counts are whole numbers from 0; what is none is left out. Where no total is given, it is the sum. */
function mergeUsage(usages: readonly UsageReading[]): NormalizedUsage {
  const usage: NormalizedUsage = {};
  for (const name of COUNTS) {
    const count = usages
      .map((reading) => reading[name])
      .find((value) => Number.isSafeInteger(value) && Number(value) >= 0);
    if (count !== undefined) usage[name] = count;
  }
  const { input_tokens: input, output_tokens: output } = usage;
  return input === undefined || output === undefined ? usage : { total_tokens: input + output, ...usage };
}
