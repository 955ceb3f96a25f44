import "@mantine/charts/styles.css";

import { BarChart } from "@mantine/charts";
import { Card, SimpleGrid, Text, Title } from "@mantine/core";
import type { RetentionHistory } from "@shelflife/api-contract";
import type { JSX } from "react";

import { formatBytes, formatCount } from "../../components/format-number.ts";
import { useNow } from "../../components/now.tsx";
import { purgedByDay, storedByAge } from "./history-series.ts";
import { recordName } from "./record-names.ts";

const COLORS = ["indigo.6", "teal.6", "orange.6", "grape.6", "cyan.6", "lime.7", "pink.6"];

interface HistoryChartsProps {
  readonly history: RetentionHistory;
  /** The window of debug data, which the cutoff is drawn by; null where there is none. */
  readonly debugDays: number | null;
}

/** What is stored by its age, and what went by day. Loaded when it is looked at, since the charts are heavy. */
export function HistoryCharts({ history, debugDays }: HistoryChartsProps): JSX.Element {
  const now = useNow();
  const stored = storedByAge(history, now);
  const { days, recordTypes } = purgedByDay(history, now);
  const storedBytes = history.stored_bytes.reduce((sum, { bytes }) => sum + bytes, 0);
  const purgedRecords = history.purged.reduce((sum, { records }) => sum + records, 0);
  return (
    <SimpleGrid cols={{ base: 1, lg: 2 }}>
      <Card component="section" withBorder aria-labelledby="stored-heading">
        <Title order={2} size="h4" id="stored-heading">
          Stored debug payloads by age
        </Title>
        {storedBytes === 0 ? (
          <Nothing>No debug payloads are stored.</Nothing>
        ) : (
          <>
            <Text size="sm" mb="sm">
              {formatBytes(storedBytes)} in all.
              {debugDays !== null && debugDays > 0 && ` What is older than ${debugDays} days is past its window.`}
            </Text>
            <div aria-hidden>
              <BarChart
                h={240}
                // What it shows stands in the text above; the picture is nothing to walk through by keyboard.
                barChartProps={{ accessibilityLayer: false }}
                data={stored}
                dataKey="age"
                series={[{ name: "bytes", label: "Stored", color: "indigo.6" }]}
                valueFormatter={formatBytes}
                xAxisLabel="days old"
                {...(debugDays !== null && debugDays > 0
                  ? {
                      referenceLines: [
                        { x: String(debugDays), label: "cutoff", labelPosition: "insideTopRight", color: "red.6" },
                      ],
                    }
                  : {})}
              />
            </div>
          </>
        )}
      </Card>
      <Card component="section" withBorder aria-labelledby="purged-heading">
        <Title order={2} size="h4" id="purged-heading">
          Purged by day
        </Title>
        {purgedRecords === 0 ? (
          <Nothing>Nothing was purged in the last 90 days.</Nothing>
        ) : (
          <>
            <Text size="sm" mb="sm">
              {formatCount(purgedRecords)} records in the last {days.length} days.
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
          </>
        )}
      </Card>
    </SimpleGrid>
  );
}

function Nothing({ children }: { children: string }): JSX.Element {
  return (
    <Text size="sm" c="dimmed" mt="sm">
      {children}
    </Text>
  );
}
