/**
 * A model call in one shape, whatever provider made it. These are types and not schemas: what was recorded is stored
 * and shown as it came, so a reader treats every field as possibly absent.
 */
export interface NormalizedPart {
  type: string;
  text?: string;
  /** The length before truncation, in characters; only there where the text was cut. */
  text_length?: number;
  filename?: string;
  media_type?: string;
  /** The size of a file's content, in bytes; the bytes themselves are never recorded. */
  length?: number;
  tool_call_id?: string;
  tool_name?: string;
  arguments?: unknown;
  arguments_length?: number;
  result?: unknown;
  result_length?: number;
}

export interface NormalizedMessage {
  role: "system" | "user" | "assistant" | "tool";
  parts: NormalizedPart[];
}

export interface NormalizedTool {
  name: string;
  description?: string;
  input_schema?: unknown;
}

export interface NormalizedRequest {
  messages: NormalizedMessage[];
  tools: NormalizedTool[];
  options: Record<string, unknown>;
  tool_choice?: unknown;
  /** How many provider-specific options were given; their values are not recorded. */
  provider_option_count: number;
}

export interface NormalizedUsage {
  input_tokens?: number;
  output_tokens?: number;
  total_tokens?: number;
  reasoning_tokens?: number;
  cache_creation_tokens?: number;
  cache_read_tokens?: number;
}

export interface NormalizedResponse {
  content: NormalizedPart[];
  finish_reason: string;
  usage: NormalizedUsage;
  warnings: unknown[];
}

/** What went wrong in a step. */
export interface NormalizedError {
  name?: string;
  message: string;
  status_code?: number;
  retryable?: boolean;
}

/** One HTTP try of a model call. */
export interface Attempt {
  number: number;
  status: "completed" | "error" | "interrupted" | "in_progress";
  method?: string;
  url?: string;
  path?: string;
  started_at?: string;
  finished_at?: string;
  duration_ms?: number;
  request_headers?: Record<string, string>;
  request_body?: unknown;
  response_status?: number;
  response_headers?: Record<string, string>;
  response_body?: unknown;
  error?: NormalizedError;
}
