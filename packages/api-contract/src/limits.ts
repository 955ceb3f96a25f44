/**
 * Every bound and default that crosses the wire, stated once. The server enforces them, the recorder respects them,
 * and the documentation is generated from them.
 */

/** Retention windows are whole days in this closed range; 0 keeps data for ever. */
export const RETENTION_DAYS_MIN = 0;
export const RETENTION_DAYS_MAX = 3650;

/** The run list of a chat answers this many runs at the most, newest first. */
export const DEBUG_RUNS_LISTED = 100;

/** One ingest batch, in bytes after decompression. */
export const INGEST_BODY_BYTES = 16 * 1024 * 1024;

/** Any other JSON request body, in bytes. */
export const JSON_BODY_BYTES = 1024 * 1024;

/** An ingest item nested deeper than this is refused. */
export const INGEST_DEPTH = 100;

/** An ingest batch of more items than this, of all kinds together, is refused whole. */
export const INGEST_ITEMS = 10_000;

/** One request to export spans holds at most so many, and so many attributes, events and values together. */
export const OTLP_SPANS = 20_000;
export const OTLP_VALUES = 1_000_000;

/** The arguments and the result of a tool that a span tells of are cut to this many characters each. */
export const TOOL_EVENT_CHARACTERS = 2_000;

/** Recorded HTTP bodies are cut to this many bytes of UTF-8, then marked. */
export const RECORDED_BODY_BYTES = 50_000;

/** Recorded message texts, tool arguments and tool results are cut to this many characters. */
export const RECORDED_TEXT_CHARACTERS = 10_000;

/** What stands at the end of a recorded text or body that was cut. */
export const TRUNCATED_MARK = "[TRUNCATED]";

/** What stands in place of a recorded secret. */
export const REDACTED_MARK = "[REDACTED]";

/** The label of a run, in characters. */
export const FIRST_MESSAGE_CHARACTERS = 200;

/** A chat's title, in characters; never empty. */
export const CHAT_TITLE_CHARACTERS = 200;

/** A chat's labels: how many, and the characters of a name or a value. */
export const CHAT_LABELS = 50;
export const CHAT_LABEL_CHARACTERS = 200;

/** The highest place of a pinned chat; the column holds no more. */
export const PIN_ORDER_MAX = 2_147_483_647;

/** The parts of one message. */
export const MESSAGE_PARTS = 1000;

/** The messages that wait for a busy chat; one more is refused. */
export const QUEUED_MESSAGES = 20;

/** Lists answer so many entries unless told, and at most so many. */
export const PAGE_DEFAULT = 50;
export const PAGE_MAX = 200;

/** A password, in characters. */
export const PASSWORD_CHARACTERS_MIN = 12;
export const PASSWORD_CHARACTERS_MAX = 128;

/** A chat file, in bytes. */
export const FILE_BYTES = 10 * 1024 * 1024;

/** The name of a chat file, in characters. */
export const FILE_NAME_CHARACTERS = 255;

/** How long a call may be in flight before its step and run are touched again, in milliseconds. */
export const HEARTBEAT_INTERVAL_MS = 150_000;

/** A run or step untouched for this long is closed as interrupted, in milliseconds. */
export const STALE_AFTER_MS = 300_000;
