import type { PolicyAction } from "@shelflife/api-contract";
import { Counter, Histogram, type Registry } from "prom-client";

/** A kind of record, and what retention does to it, which says by which counter it is counted. */
export interface CountedRecords {
  readonly recordType: string;
  readonly action: PolicyAction;
}

/** What the purge reports to Prometheus. */
export interface PurgeMetrics {
  /** Makes every label value exist, from the first iteration on and also where nothing went. */
  announce(kinds: readonly CountedRecords[]): void;
  /** Adds records whose deletion, or archiving, has been committed. */
  countDone(kind: CountedRecords, records: number): void;
  /** Adds bytes of payload whose disk has been given back. */
  countReclaimed(bytes: number): void;
  /** Observes an iteration: exactly one sample, failed or not. */
  observeIteration(success: boolean, seconds: number): void;
}

export function purgeMetrics(registry: Registry): PurgeMetrics {
  const duration = new Histogram({
    name: "shelflife_purge_iteration_duration_seconds",
    help: "Duration of a purge iteration that held the lock, by whether all of it succeeded.",
    labelNames: ["success"],
    buckets: [1, 5, 10, 30, 60, 300, 600],
    registers: [registry],
  });
  const purged = new Counter({
    name: "shelflife_purge_records_purged_total",
    help: "Records that retention has deleted, counted when their deletion was committed.",
    labelNames: ["record_type"],
    registers: [registry],
  });
  const archived = new Counter({
    name: "shelflife_chat_auto_archive_records_archived_total",
    help: "Chats, roots and children, that were archived for want of activity, counted when that was committed.",
    registers: [registry],
  });
  const reclaimed = new Counter({
    name: "shelflife_payload_bytes_reclaimed_total",
    help: "Bytes of debug payload, indexes included, whose disk was given back by dropping partitions.",
    registers: [registry],
  });
  const countDone = ({ recordType, action }: CountedRecords, records: number): void => {
    if (action === "archive") archived.inc(records);
    else purged.inc({ record_type: recordType }, records);
  };
  return {
    announce(kinds) {
      for (const kind of kinds) countDone(kind, 0);
    },
    countDone,
    countReclaimed(bytes) {
      reclaimed.inc(bytes);
    },
    observeIteration(success, seconds) {
      duration.observe({ success: String(success) }, seconds);
    },
  };
}
