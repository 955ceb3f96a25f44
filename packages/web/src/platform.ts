/**
 * Prepares the page for its content security policy, which allows neither code made from text nor style elements
 * without this answer's nonce. Libraries look for the two names below when they are loaded, so this comes first.
 */
/** The nonce of this page; empty where the development server sends no policy. */
export const styleNonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";

Object.assign(globalThis, { __zod_globalConfig: { jitless: true }, __webpack_nonce__: styleNonce });
