/** Values as JSON has them; a whole number beyond 2^53 is its decimal text, and bytes are their length. */
export type Attributes = ReadonlyMap<string, unknown>;

export interface SpanEvent {
  readonly name: string;
  readonly attributes: Attributes;
}

/** A span as far as recording looks at it. */
export interface Span {
  /** 32 hexadecimal digits in lower case. */
  readonly traceId: string;
  /** 16 hexadecimal digits in lower case. */
  readonly spanId: string;
  /** Undefined for the root of a trace. */
  readonly parentSpanId: string | undefined;
  readonly name: string;
  /** RFC 3339, UTC, in milliseconds; undefined where the span does not say. */
  readonly startedAt: string | undefined;
  readonly finishedAt: string | undefined;
  readonly isError: boolean;
  readonly statusMessage: string;
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
  readonly resource: Attributes;
  /** The library that made the span. */
  readonly scope: string;
}
