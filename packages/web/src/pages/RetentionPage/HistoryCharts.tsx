import "@mantine/charts/styles.css";

import { BarChart } from "@mantine/charts";
import { Card, SimpleGrid, Text, Title } from "@mantine/core";
import type { RetentionHistory } from "@shelflife/api-contract";
import type { JSX } from "react";

import { formatBytes, formatCount } from "../../components/format-number.ts";
import { useNow } from "../../components/now.tsx";
import { FiguresTable } from "./FiguresTable.tsx";
import { purgedByDay, type StoredByAge, storedByAge } from "./history-series.ts";
import { recordName } from "./record-names.ts";

const COLORS = ["indigo.6", "teal.6", "orange.6", "grape.6", "cyan.6", "lime.7", "pink.6"];

interface HistoryChartsProps {
  readonly history: RetentionHistory;
  /** The window that the purge of debug data goes by, in days; null where it is not known. */
  readonly debugDays: number | null;
}

/**
 * What is stored by its age, and what went by day. Loaded when it is looked at, since the charts are heavy. Each picture
 * is kept from who hears the page: what it shows is said in words above it, and stands below it as a table.
 */
export function HistoryCharts({ history, debugDays }: HistoryChartsProps): JSX.Element {
  return (
    <SimpleGrid cols={{ base: 1, lg: 2 }}>
      <Stored history={history} debugDays={debugDays} />
      <Purged history={history} />
    </SimpleGrid>
  );
}

function Stored({ history, debugDays }: HistoryChartsProps): JSX.Element {
  const stored = storedByAge(history, debugDays, useNow());
  const { bars, cutoffAge } = stored;
  return (
    <Card component="section" withBorder aria-labelledby="stored-heading">
      <Title order={2} size="h4" id="stored-heading">
        Stored debug payloads by age
      </Title>
      {stored.bytes === 0 ? (
        <Nothing>No debug payloads are stored.</Nothing>
      ) : (
        <>
          <Text size="sm" mt={4} mb="sm">
            {describeStored(stored, debugDays)}
          </Text>
          <div aria-hidden>
            <BarChart
              h={240}
              barChartProps={{ accessibilityLayer: false }}
              data={bars}
              dataKey="age"
              series={[{ name: "bytes", label: "Stored", color: "indigo.6" }]}
              valueFormatter={formatBytes}
              xAxisLabel="days old"
              {...(cutoffAge === null
                ? {}
                : {
                    referenceLines: [
                      { x: cutoffAge, label: "cutoff", labelPosition: "insideTopRight", color: "red.6" },
                    ],
                  })}
            />
          </div>
          <FiguresTable
            label="Stored debug payloads by age"
            columns={["Days old", "Stored"]}
            rows={bars.filter(({ bytes }) => bytes > 0).map(({ age, bytes }) => [age, formatBytes(bytes)])}
          />
        </>
      )}
    </Card>
  );
}

function describeStored(
  { bytes, bytesPastWindow, oldestDays, cutoffAge }: StoredByAge,
  debugDays: number | null,
): string {
  const held = `${formatBytes(bytes)} in all, the oldest ${inDays(oldestDays)} old.`;
  if (debugDays === null || bytesPastWindow === null) return held;
  const where = `The window is ${inDays(debugDays)}${cutoffAge === null ? ", further away than this picture reaches" : ""}`;
  return `${held} ${where}; ${bytesPastWindow === 0 ? "nothing" : formatBytes(bytesPastWindow)} is past it.`;
}

function inDays(days: number): string {
  return days === 1 ? "1 day" : `${formatCount(days)} days`;
}

function Purged({ history }: { history: RetentionHistory }): JSX.Element {
  const { days, recordTypes, totals } = purgedByDay(history, useNow());
  const all = totals.reduce((sum, { records }) => sum + records, 0);
  return (
    <Card component="section" withBorder aria-labelledby="purged-heading">
      <Title order={2} size="h4" id="purged-heading">
        Purged by day
      </Title>
      {all === 0 ? (
        <Nothing>Nothing was purged in the last 90 days.</Nothing>
      ) : (
        <>
          <Text size="sm" mt={4} mb="sm">
            {formatCount(all)} {all === 1 ? "record" : "records"} in the last {days.length} days:{" "}
            {totals.map(({ type, records }) => `${recordName(type)} ${formatCount(records)}`).join(", ")}.
          </Text>
          <div aria-hidden>
            <BarChart
              h={240}
              barChartProps={{ accessibilityLayer: false }}
              barProps={{ maxBarSize: 36 }}
              type="stacked"
              data={days}
              dataKey="day"
              withLegend
              series={recordTypes.map((name, index) => ({
                name,
                label: recordName(name),
                color: COLORS[index % COLORS.length] ?? "gray.6",
              }))}
              valueFormatter={formatCount}
            />
          </div>
          <FiguresTable
            label="Purged by day"
            columns={["Day", ...recordTypes.map(recordName)]}
            rows={days
              .filter((day) => recordTypes.some((type) => day[type] !== 0))
              .map((day) => [String(day["day"]), ...recordTypes.map((type) => formatCount(Number(day[type])))])}
          />
        </>
      )}
    </Card>
  );
}

function Nothing({ children }: { children: string }): JSX.Element {
  return (
    <Text size="sm" c="dimmed" mt="sm">
      {children}
    </Text>
  );
}
