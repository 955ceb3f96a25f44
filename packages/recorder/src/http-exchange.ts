import { AsyncLocalStorage } from "node:async_hooks";
import { subscribe } from "node:diagnostics_channel";

import { readField } from "./normalize-error.ts";
import { oncePerProcess } from "./once-per-process.ts";

/** Who is told of the HTTP requests that a piece of work makes with Node's `fetch`. */
export interface HttpListener {
  /** False once it has heard all that it waits for. */
  readonly listens: boolean;
  requested(request: { method: string; url: string; headers: Record<string, string> }): void;
  responded(response: { status: number; headers: Record<string, string> }): void;
}

const listeners = oncePerProcess("http listeners", () => new AsyncLocalStorage<HttpListener>());
const listenerOf = new WeakMap<object, HttpListener>();
let subscribed = false;

/**
 * Does some work while somebody listens to the HTTP requests that it makes: the AI SDK tells of the host, and of a
 * failed request's status, and keeps the rest to itself. Node's `fetch` tells all of it on diagnostics channels.
 */
export function listeningToHttp<Answer>(listener: HttpListener, work: () => Answer): Answer {
  subscribeOnce();
  return listeners.run(listener, work);
}

/**
 * Lets somebody listen to the HTTP requests that come after this in the asynchronous work at hand: some calls of the AI SDK
 * are only told of when they begin, from within.
 */
export function listenToHttpFromHere(listener: HttpListener): void {
  subscribeOnce();
  listeners.enterWith(listener);
}

/** Whether a call that is recorded is what makes the requests at hand. */
export function isListenedTo(): boolean {
  return listeners.getStore()?.listens ?? false;
}

function subscribeOnce(): void {
  if (subscribed) return;
  subscribed = true;
  subscribe("undici:request:create", (message) => quietly(() => created(message)));
  subscribe("undici:request:headers", (message) => quietly(() => answered(message)));
}

function created(message: unknown): void {
  const listener = listeners.getStore();
  const request = readField(message, "request");
  if (!listener?.listens || typeof request !== "object" || request === null) return;
  listenerOf.set(request, listener);
  listener.requested({
    method: String(readField(request, "method")),
    url: `${String(readField(request, "origin"))}${String(readField(request, "path"))}`,
    headers: headersOf(readField(request, "headers")),
  });
}

/** The answer comes from the socket, where the work's own context is lost. */
function answered(message: unknown): void {
  const request = readField(message, "request");
  const listener = typeof request === "object" && request !== null ? listenerOf.get(request) : undefined;
  const response = readField(message, "response");
  const status = readField(response, "statusCode");
  if (!listener?.listens || typeof status !== "number") return;
  listener.responded({ status, headers: headersOf(readField(response, "headers")) });
}

/** Names and values in turn, as texts or as bytes; a name that comes twice has both values. */
function headersOf(list: unknown): Record<string, string> {
  const headers = new Map<string, string>();
  if (!Array.isArray(list)) return {};
  for (let index = 0; index + 1 < list.length; index += 2) {
    const name = String(list[index]).toLowerCase();
    const value = String(list[index + 1]);
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return Object.fromEntries(headers);
}

/** Node throws what a subscriber throws as an uncaught exception. */
function quietly(work: () => void): void {
  try {
    work();
  } catch {
    // The attempt is recorded with less.
  }
}
