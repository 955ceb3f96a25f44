import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { serveStatic } from "@hono/node-server/serve-static";
import type { Context, Hono, MiddlewareHandler } from "hono";
import { etag } from "hono/etag";
import { NONCE, secureHeaders, type SecureHeadersVariables } from "hono/secure-headers";

import { hasCode } from "../../coded-error.ts";
import type { Environment } from "../environment.ts";

/** What the build puts where each answer's own nonce belongs. */
const NONCE_PLACEHOLDER = "__CSP_NONCE__";

/** A path of these is never a page, so a wrong one gets the API's answer even in a browser's address bar. */
const NOT_PAGES = /^\/(api|v1|assets)(\/|$)/;

const A_YEAR_IN_SECONDS = 31_536_000;

const SELF = "'self'";

interface WebEnvironment {
  Variables: Environment["Variables"] & SecureHeadersVariables;
}

/**
 * Only what comes from this server is loaded, run or asked, and no page may frame it. Style elements need the nonce,
 * which the interface passes to the libraries that make some; pictures may also come from files just downloaded.
 */
const pagePolicy = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: [SELF],
    styleSrc: [SELF, NONCE],
    connectSrc: [SELF],
    imgSrc: [SELF, "data:", "blob:"],
    fontSrc: [SELF],
    frameAncestors: ["'none'"],
    baseUri: ["'none'"],
    formAction: [SELF],
  },
  xFrameOptions: "DENY",
});

/**
 * Serves the built web interface: its files, and its one page at every address that is not another route's, since the
 * addresses within the interface are known to it alone.
 *
 * @param folder what `npm run build:web` made; without it the page says how to make it.
 */
export function mountWebApp(app: Hono<Environment>, folder: string): void {
  // What is mounted here reads one variable more than the application, and reads it only after setting it.
  const web = app as unknown as Hono<WebEnvironment>;
  web.get("/*", exceptThePage(etag()), exceptThePage(serveFiles(folder)));
  web.get("/*", async (context, next) => {
    const { path } = context.req;
    // At the server's own address there is nothing else, whoever asks: a monitor or curl among others.
    if (path !== "/" && (NOT_PAGES.test(path) || !acceptsHtml(context.req.header("Accept")))) return next();
    await pagePolicy(context, async () => {
      context.res = await answerPage(context, folder);
    });
  });
}

async function answerPage(context: Context<WebEnvironment>, folder: string): Promise<Response> {
  context.header("Cache-Control", "no-cache");
  const page = await readPage(folder);
  if (page === undefined) return context.html(NOT_BUILT, 503);
  return context.html(page.replaceAll(NONCE_PLACEHOLDER, context.get("secureHeadersNonce") ?? ""));
}

/** Files whose names hold a hash of what is in them never change; the others are asked for again each time. */
function serveFiles(folder: string): MiddlewareHandler<WebEnvironment> {
  // Not as the root, whose absence would be complained of on the console.
  const serve = serveStatic<WebEnvironment>({ precompressed: true, rewriteRequestPath: (path) => join(folder, path) });
  return async (context, next) => {
    const response = await serve(context, next);
    if (!(response instanceof Response)) return response;
    const hashed = context.req.path.startsWith("/assets/");
    response.headers.set("Cache-Control", hashed ? `public, max-age=${A_YEAR_IN_SECONDS}, immutable` : "no-cache");
    return response;
  };
}

/** The page is not a file among others: it is given a nonce, and a policy that names it. */
function exceptThePage(handler: MiddlewareHandler<WebEnvironment>): MiddlewareHandler<WebEnvironment> {
  return (context, next) =>
    context.req.path === "/" || context.req.path === "/index.html" ? next() : handler(context, next);
}

function acceptsHtml(accept: string | undefined): boolean {
  return accept?.split(",").some((part) => part.split(";")[0]?.trim() === "text/html") ?? false;
}

/** Read anew each time, so that an interface built while the server runs is served whole. */
async function readPage(folder: string): Promise<string | undefined> {
  try {
    return await readFile(join(folder, "index.html"), "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

const NOT_BUILT = `<!doctype html>
<html lang="en">
  <title>Shelflife</title>
  <h1>The web interface has not been built</h1>
  <p>The server runs, and its API works. To build the interface, run <code>npm run build:web</code> where Shelflife is
  installed, and load this page again. <code>npm start</code> does so by itself.</p>
</html>
`;
