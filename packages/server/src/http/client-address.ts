import { BlockList, isIP } from "node:net";

import { getConnInfo } from "@hono/node-server/conninfo";

import type { RequestContext } from "./environment.ts";

/** Proxies whose word is taken for the address of whom they speak for: addresses, or ranges such as 10.0.0.0/8. */
export function trustedProxyList(proxies: readonly string[]): BlockList {
  const list = new BlockList();
  for (const proxy of proxies) {
    const [address = "", prefix] = proxy.split("/");
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}

/**
 * The address that a request comes from. Every proxy appends the address that it was asked from, so the list is read from
 * its end for as long as trusted proxies speak; what stands before them anybody could have written.
 */
export function clientAddress(context: RequestContext, trusted: BlockList): string | undefined {
  const forwarded = (context.req.header("X-Forwarded-For") ?? "").split(",");
  let address = plainAddress(socketAddress(context));
  while (address !== undefined && isTrusted(address, trusted)) {
    const next = plainAddress(forwarded.pop());
    if (next === undefined) break;
    address = next;
  }
  return address;
}

/** The part of an address that one customer of a provider has: all of it, or the first 64 bits of version 6. */
export function addressBlock(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = "", tail] = address.toLowerCase().split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const missing = tail === undefined ? 0 : Math.max(8 - left.length - right.length, 0);
  const groups = [...left, ...Array<string>(missing).fill("0"), ...right];
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":")}::/64`;
}

function socketAddress(context: RequestContext): string | undefined {
  try {
    return getConnInfo(context).remote.address;
  } catch {
    // A request that did not come through a socket has no address.
    return undefined;
  }
}

/** Without a zone, as a link-local address carries it, and version 4 as itself where it comes within version 6. */
function plainAddress(text: string | undefined): string | undefined {
  const address = text
    ?.trim()
    .replace(/%.*$/, "")
    .replace(/^::ffff:(?=\d+\.)/i, "");
  return address === undefined || isIP(address) === 0 ? undefined : address;
}

function isTrusted(address: string, trusted: BlockList): boolean {
  return trusted.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");
}
