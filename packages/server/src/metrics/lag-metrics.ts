import { Gauge, type Registry } from "prom-client";

/** How far behind its window one kind of data is. */
export interface Lag {
  readonly recordType: string;
  /** Undefined where it cannot be told: the window is 0, or cannot be read. */
  readonly oldestOverdueSeconds: number | undefined;
  /** An estimate. */
  readonly backlogRecords: number | undefined;
  /** Undefined where the policy has never done its work. */
  readonly lastSuccess: Date | undefined;
}

export interface LagMetrics {
  update(lags: readonly Lag[], payloadBytes: number): void;
  /** Takes the measured values away, since old ones would be taken for the truth. */
  clear(): void;
}

/** What is measured when it is asked for: the same on every replica, whichever of them purges. */
export function lagMetrics(registry: Registry): LagMetrics {
  const gauge = (name: string, help: string): Gauge<"record_type"> =>
    new Gauge({ name, help, labelNames: ["record_type"], registers: [registry] });
  const overdue = gauge(
    "shelflife_retention_oldest_overdue_seconds",
    "For how long the oldest record that should be gone has been overdue; 0 where none is.",
  );
  const backlog = gauge(
    "shelflife_retention_backlog_records",
    "About how many records should be gone: an estimate of the query planner.",
  );
  const lastSuccess = gauge(
    "shelflife_retention_last_success_timestamp_seconds",
    "When the policy last did its work without a failure, on any replica.",
  );
  const payloadBytes = new Gauge({
    name: "shelflife_payload_bytes",
    help: "Bytes of disk that debug payloads take, indexes included.",
    registers: [registry],
  });
  const clear = (): void => {
    for (const each of [overdue, backlog, lastSuccess]) each.reset();
    payloadBytes.remove();
  };
  return {
    clear,
    update(lags, bytes) {
      clear();
      for (const lag of lags) {
        const labels = { record_type: lag.recordType };
        if (lag.oldestOverdueSeconds !== undefined) overdue.set(labels, lag.oldestOverdueSeconds);
        if (lag.backlogRecords !== undefined) backlog.set(labels, lag.backlogRecords);
        if (lag.lastSuccess !== undefined) lastSuccess.set(labels, lag.lastSuccess.getTime() / 1000);
      }
      payloadBytes.set(bytes);
    },
  };
}
