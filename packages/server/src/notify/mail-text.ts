import type { Digest, DigestWindow } from "./digest.ts";

/** A digest as a mail in plain text. */
export function mailOf({ items, further, autoArchiveDays, retentionDays }: Digest): { subject: string; text: string } {
  const archived = items.length + further;
  const paragraphs = [
    `${countOf(archived, "conversation")} without activity${autoArchiveDays === "unknown" ? "" : ` for ${countOf(autoArchiveDays, "day")}`} ${archived === 1 ? "was" : "were"} archived.`,
    items.map(({ title, lastActivity }) => `- ${oneLine(title)} (last activity ${dayOf(lastActivity)})`).join("\n"),
    further > 0 && items.length > 0 ? `And ${further} more.` : "",
    whatHappensNext(retentionDays),
  ];
  return {
    subject: `${countOf(archived, "conversation")} archived`,
    text: `${paragraphs.filter((paragraph) => paragraph !== "").join("\n\n")}\n`,
  };
}

function whatHappensNext(retentionDays: DigestWindow): string {
  if (retentionDays === "unknown") return "How long archived conversations are kept could not be read.";
  if (retentionDays === 0) return "Archived conversations are kept.";
  return `Archived conversations are deleted ${countOf(retentionDays, "day")} after they were archived. To keep one, unarchive it.`;
}

function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}

/** A title may hold line breaks, with which it could pretend to be something else than one. */
function oneLine(title: string): string {
  return title.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " ").trim();
}
