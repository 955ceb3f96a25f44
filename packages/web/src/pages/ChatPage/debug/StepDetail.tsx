import { Alert, Button, Code, Group, Stack, Table, Text, Title } from "@mantine/core";
import type { DebugStep } from "@shelflife/api-contract";
import { IconAlertTriangle } from "@tabler/icons-react";
import { type JSX, useMemo, useState } from "react";

import { DurationText } from "../../../components/DurationText.tsx";
import { RawText } from "./RawText.tsx";
import { readAttempt, readStep, type ShownStep } from "./read-step.ts";
import { PartView, Transcript } from "./Transcript.tsx";
import { UsageTable } from "./tokens.tsx";

const TOGGLES = ["Tools", "Options", "Usage"] as const;

type Toggle = (typeof TOGGLES)[number];

/** One model call: what was sent, what came back, and how it went over the wire. */
export function StepDetail({ step }: { step: DebugStep }): JSX.Element {
  const shown = useMemo(() => readStep(step), [step]);
  const [open, setOpen] = useState<Toggle | null>(null);
  return (
    <Stack gap="sm">
      {shown.isOdd && (
        <Alert color="yellow" icon={<IconAlertTriangle />}>
          Something here has an unusual shape; all of it is under “Raw request” and “Raw response”.
        </Alert>
      )}
      <Group gap="xs">
        {TOGGLES.map((toggle) => (
          <Button
            key={toggle}
            size="compact-sm"
            variant={open === toggle ? "filled" : "default"}
            aria-expanded={open === toggle}
            onClick={() => setOpen(open === toggle ? null : toggle)}
          >
            {toggle}
          </Button>
        ))}
      </Group>
      {open === "Tools" && <Tools shown={shown} />}
      {open === "Options" && <Options shown={shown} />}
      {open === "Usage" && <UsageTable usage={step.usage} />}

      <Heading>Input</Heading>
      <Transcript messages={shown.messages} />
      <Heading>Output</Heading>
      {shown.output.length === 0 ? (
        <Text size="sm">{step.status === "in_progress" ? "No answer yet." : "Nothing came back."}</Text>
      ) : (
        shown.output.map((part, index) => <PartView key={index} part={part} />)
      )}
      {shown.finishReason !== undefined && (
        <Text size="sm" c="dimmed">
          Finished: {shown.finishReason}
        </Text>
      )}
      {step.error !== undefined && (
        <Alert color="red" icon={<IconAlertTriangle />} title={errorTitle(step.error)}>
          <RawText label="Error" value={step.error} />
        </Alert>
      )}
      {shown.attempts.length > 0 && (
        <>
          <Heading>Attempts</Heading>
          <Attempts attempts={shown.attempts} />
        </>
      )}
      <Folded label="Raw request" value={step.normalized_request} />
      {step.normalized_response !== undefined && <Folded label="Raw response" value={step.normalized_response} />}
      <Folded label="Raw attempts" value={step.attempts} />
    </Stack>
  );
}

function Heading({ children }: { children: string }): JSX.Element {
  return (
    <Title order={2} size="sm">
      {children}
    </Title>
  );
}

function Tools({ shown }: { shown: ShownStep }): JSX.Element {
  if (shown.tools.length === 0) return <Text size="sm">No tools were offered.</Text>;
  return (
    <Stack gap="xs">
      {shown.tools.map((tool, index) => (
        <div key={index}>
          <Code>{tool.name}</Code>
          {tool.description !== undefined && <Text size="sm">{tool.description}</Text>}
          {tool.schema !== undefined && <Folded label={`Input of ${tool.name}`} value={tool.schema} />}
        </div>
      ))}
      {shown.toolChoice !== undefined && <Text size="sm">Choice: {JSON.stringify(shown.toolChoice)}</Text>}
    </Stack>
  );
}

function Options({ shown }: { shown: ShownStep }): JSX.Element {
  const entries = Object.entries(shown.options);
  return (
    <Stack gap={4}>
      {entries.length === 0 && <Text size="sm">No options were set.</Text>}
      {entries.map(([name, value]) => (
        <Text size="sm" key={name}>
          <Code>{name}</Code> {JSON.stringify(value)}
        </Text>
      ))}
      {shown.providerOptions > 0 && (
        <Text size="sm">And {shown.providerOptions} of the provider&rsquo;s own, which are not recorded.</Text>
      )}
    </Stack>
  );
}

function Attempts({ attempts }: { attempts: readonly unknown[] }): JSX.Element {
  return (
    <Table aria-label="Attempts">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Try</Table.Th>
          <Table.Th>Status</Table.Th>
          <Table.Th>HTTP</Table.Th>
          <Table.Th>Took</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {attempts.map((attempt, index) => {
          const { number, status, responseStatus, durationMs, error } = readAttempt(attempt, index);
          return (
            <Table.Tr key={index}>
              <Table.Td>{number}</Table.Td>
              <Table.Td>
                {status ?? "unknown"}
                {error !== undefined && (
                  <Text size="xs" c="red" style={{ overflowWrap: "anywhere" }}>
                    {error}
                  </Text>
                )}
              </Table.Td>
              <Table.Td>{responseStatus ?? "–"}</Table.Td>
              <Table.Td>
                <DurationText ms={durationMs} />
              </Table.Td>
            </Table.Tr>
          );
        })}
      </Table.Tbody>
    </Table>
  );
}

/** Something large, which is laid out only once it is opened. */
function Folded({ label, value }: { label: string; value: unknown }): JSX.Element {
  const [opened, setOpened] = useState(false);
  return (
    <div>
      <Button size="compact-sm" variant="default" aria-expanded={opened} onClick={() => setOpened(!opened)}>
        {opened ? `Hide ${label.toLowerCase()}` : label}
      </Button>
      {opened && <RawText label={label} value={value} />}
    </div>
  );
}

function errorTitle(error: Record<string, unknown>): string {
  return typeof error["message"] === "string" ? error["message"] : "The call failed";
}
