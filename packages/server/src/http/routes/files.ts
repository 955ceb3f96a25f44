import { FILE_BYTES, FILE_MEDIA_TYPES, uploadedFileSchema } from "@shelflife/api-contract";
import { create } from "content-disposition";
import { z } from "zod";

import type { FileDescription } from "../../store/files.ts";
import type { RequestContext } from "../environment.ts";
import { claimedMediaType, findMismatch, isPicture } from "../file-content.ts";
import { readFileName } from "../file-name.ts";
import { HttpError, notFound } from "../http-error.ts";
import { ownId } from "../own-data.ts";
import { readBytes } from "../read-bytes.ts";
import type { Route } from "../route.ts";
import { pathId } from "../validate.ts";

/** Files that messages name. */
export function fileRoutes(prefix: string): Route[] {
  return [uploadRoute(prefix), downloadRoute(prefix)];
}

const TYPES = "png, jpeg, gif, webp, txt, md, csv, json and pdf";

function uploadRoute(prefix: string): Route {
  return {
    method: "post",
    path: `${prefix}/files`,
    summary: `Upload a file: ${TYPES}.`,
    permission: "own_chats:use",
    body: {
      schema: z.string().meta({ format: "binary" }),
      description: "The bytes, at most 10 MiB, with their Content-Type, and a name in Content-Disposition.",
      mediaTypes: FILE_MEDIA_TYPES,
    },
    answers: {
      201: { description: "Its id, for a message to name.", schema: uploadedFileSchema },
      400: { description: "The content is not what it is said to be, or empty." },
      413: { description: "File too large." },
      415: { description: `Files of this type are not taken; those that are: ${TYPES}.` },
    },
    async handle(context) {
      const name = readFileName(context.req.header("Content-Disposition"));
      const mediaType = claimedMediaType(context.req.header("Content-Type"), name);
      if (mediaType === undefined) {
        throw new HttpError(
          415,
          "unsupported_media_type",
          `Files of this type are not taken; those that are: ${TYPES}.`,
        );
      }
      const content = await readBytes(context, FILE_BYTES, "File too large.");
      const mismatch = await findMismatch(mediaType, content);
      if (mismatch !== undefined) throw new HttpError(400, "unsupported_media_type", mismatch);
      const id = await context.get("store").createFile({ ownerId: ownId(context), name, mediaType, content });
      return context.json({ id }, 201);
    },
  };
}

function downloadRoute(prefix: string): Route {
  return {
    method: "get",
    path: `${prefix}/files/{file}`,
    summary: "A file of one's own, or one that a chat of one's own links.",
    permission: "own_chats:use",
    answers: {
      200: { description: "The bytes. Only pictures are shown in place." },
      304: { description: "The caller has it already." },
      400: { description: "Invalid file ID." },
      404: { description: "There is no such file, or you may not see it." },
    },
    async handle(context) {
      const reading = { fileId: pathId(context, "file", "Invalid file ID."), readerId: ownId(context) };
      const file = await context.get("store").describeFile(reading);
      if (file === undefined) throw notFound("file");
      const headers = headersOf(file);
      if (isKnown(context, headers.ETag)) return context.body(null, 304, headers);
      const content = await context.get("store").readFileContent(reading);
      if (content === undefined) throw notFound("file");
      return context.body(new Uint8Array(content), 200, headers);
    },
  };
}

/** Whatever a file holds, nothing of it runs as a page of this server. */
function headersOf({ id, name, mimetype }: FileDescription) {
  return {
    "Content-Type": mimetype.startsWith("text/") ? `${mimetype}; charset=utf-8` : mimetype,
    "Content-Disposition": create(name === "" ? undefined : name, {
      type: isPicture(mimetype) ? "inline" : "attachment",
    }),
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    // A copy is asked for again every time, so that what was deleted is not shown out of a cache.
    "Cache-Control": "private, no-cache",
    // A file never changes.
    ETag: `"${id}"`,
  };
}

function isKnown(context: RequestContext, etag: string): boolean {
  const known = (context.req.header("If-None-Match") ?? "").split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return known.includes(etag) || known.includes("*");
}
