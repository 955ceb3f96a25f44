/** What the names of our cookies begin with, behind `__Secure-` where browsers reach the server over https. */
export const COOKIE_PREFIX = "shelflife";

/** The cookie of a browser that somebody has signed in with. */
export const BROWSER_SESSION_COOKIE = `${COOKIE_PREFIX}.session_token`;
