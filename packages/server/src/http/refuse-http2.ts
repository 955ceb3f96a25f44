import type { Server, ServerResponse } from "node:http";
import { constants, performServerHandshake } from "node:http2";
import { Duplex } from "node:stream";

import { NO_GRPC } from "./otlp-encoding.ts";

/** With this a client begins that takes for granted that it is understood. */
const PREFACE = "PRI * HTTP/2.0\r\n\r\n";

/** How long a client may take to ask what it came for, in milliseconds. */
const PATIENCE_MS = 5_000;

const NO_HTTP2 = "HTTP/2 is not served here: use HTTP/1.1.";

/** What Node answers to requests that it cannot read, by its code for the reason; 400 to the rest. */
const STATUS_LINES: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  HPE_CHUNK_EXTENSIONS_OVERFLOW: "413 Payload Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};

/**
 * Exporters of OpenTelemetry speak gRPC in some languages unless they are told otherwise. The server speaks HTTP/1.1, and
 * a client of HTTP/2 would learn no more than that the connection broke; here it is told what to set, in its own words.
 */
export function refuseHttp2(server: Server): void {
  const responses = new WeakMap<Duplex, ServerResponse>();
  const taken = new WeakSet<Duplex>();
  server.on("request", (request, response) => responses.set(request.socket, response));
  // Whoever listens to this does what Node would have done.
  server.on("clientError", (error: Error & { code?: string; rawPacket?: Buffer }, socket) => {
    if (taken.has(socket)) return;
    if (error.rawPacket?.toString("latin1", 0, PREFACE.length) === PREFACE) {
      taken.add(socket);
      return answer(socket, error.rawPacket);
    }
    const response = responses.get(socket);
    const isAnswering = response?.headersSent === true && !response.writableFinished;
    if (socket.writable && !isAnswering) {
      socket.write(`HTTP/1.1 ${STATUS_LINES[error.code ?? ""] ?? "400 Bad Request"}\r\nConnection: close\r\n\r\n`);
    }
    socket.destroy(error);
  });
}

function answer(socket: Duplex, firstBytes: Buffer): void {
  const session = performServerHandshake(afterFirstBytes(socket, firstBytes), {
    settings: { maxConcurrentStreams: 1 },
  });
  session.setTimeout(PATIENCE_MS, () => session.destroy());
  session.on("error", () => session.destroy());
  session.on("close", () => socket.destroy());
  session.on("stream", (stream, headers) => {
    stream.on("error", () => stream.destroy());
    if (headers["content-type"]?.startsWith("application/grpc") === true) {
      // Of gRPC 12 is "unimplemented", and its status comes beside the one of HTTP.
      const refusal = { "content-type": "application/grpc", "grpc-status": "12", "grpc-message": NO_GRPC };
      stream.respond({ ":status": constants.HTTP_STATUS_OK, ...refusal }, { endStream: true });
    } else {
      stream.respond({
        ":status": constants.HTTP_STATUS_HTTP_VERSION_NOT_SUPPORTED,
        "content-type": "text/plain; charset=utf-8",
      });
      stream.end(NO_HTTP2);
    }
    stream.resume();
    session.close();
  });
}

/** The connection as it was before the parser of HTTP/1.1 took the first bytes from it. */
function afterFirstBytes(socket: Duplex, firstBytes: Buffer): Duplex {
  socket.removeAllListeners("data");
  const connection = new Duplex({
    read: () => socket.resume(),
    write: (chunk, encoding, done) => socket.write(chunk, encoding, done),
    final: (done) => socket.end(done),
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  socket.on("data", (chunk: Buffer) => {
    if (!connection.push(chunk)) socket.pause();
  });
  socket.on("end", () => connection.push(null));
  socket.on("error", () => connection.destroy());
  socket.on("close", () => connection.destroy());
  connection.push(firstBytes);
  return connection;
}
