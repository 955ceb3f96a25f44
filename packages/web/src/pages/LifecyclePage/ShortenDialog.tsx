import { Alert, List, Loader, Stack, Text } from "@mantine/core";
import type { PolicyPreview, RetentionPreview } from "@shelflife/api-contract";
import type { JSX } from "react";

import type { DataState } from "../../api/data-state.ts";
import { Bytes } from "../../components/Bytes.tsx";
import { ConfirmDialog } from "../../components/ConfirmDialog.tsx";
import { Count } from "../../components/Count.tsx";
import { ProblemAlert } from "../../components/ProblemAlert.tsx";
import { TimeText } from "../../components/TimeText.tsx";
import { inDays, WINDOW_TEXTS, type WindowName } from "./window-texts.ts";

/** What is asked before a window is saved: it deletes sooner, or it replaces one that could not be read. */
export type Question =
  | { readonly kind: "shorter"; readonly days: number; readonly preview: DataState<RetentionPreview> }
  | { readonly kind: "unknown"; readonly days: number };

interface ShortenDialogProps {
  readonly name: WindowName;
  readonly question: Question | null;
  readonly onConfirm: () => void;
  readonly onCancel: () => void;
}

/** Says what the next purge would take, by the purge's own predicate, before a window is saved that takes more. */
export function ShortenDialog({ name, question, onConfirm, onCancel }: ShortenDialogProps): JSX.Element {
  const { calledAs } = WINDOW_TEXTS[name];
  const days = question?.days ?? 0;
  const isLooking = question?.kind === "shorter" && question.preview.kind === "loading";
  return (
    <ConfirmDialog
      opened={question !== null}
      title={question?.kind === "unknown" ? "Replace a value that could not be read?" : "Save a shorter window?"}
      confirmLabel={days === 0 ? "Switch off" : `Save ${inDays(days)}`}
      dangerous={days !== 0}
      state={{ kind: isLooking ? "waiting" : "asking" }}
      onConfirm={onConfirm}
      onCancel={onCancel}
    >
      {question?.kind === "unknown" && (
        <Text>
          The {calledAs} in force could not be loaded, so nobody can tell what saving it changes. It will be{" "}
          {days === 0 ? "switched off" : inDays(days)}.
        </Text>
      )}
      {question?.kind === "shorter" && <PreviewText preview={question.preview} />}
    </ConfirmDialog>
  );
}

function PreviewText({ preview }: { preview: DataState<RetentionPreview> }): JSX.Element {
  switch (preview.kind) {
    case "loading":
      return <Loader role="status" aria-label="Looking at what would go" />;
    case "ready":
      return <PreviewOf preview={preview.data} />;
    case "error":
      return (
        <Stack gap="sm">
          <ProblemAlert title="What would go cannot be told." problem={preview.problem} />
          <Text size="sm">The window can be saved all the same.</Text>
        </Stack>
      );
    case "forbidden":
    case "not-found":
      return <Text>What would go cannot be told.</Text>;
  }
}

function PreviewOf({ preview }: { preview: RetentionPreview }): JSX.Element {
  const taking = preview.policies.filter(({ proposed }) => proposed.records.count > 0);
  if (taking.length === 0) return <Text>Nothing is that old: the next purge would take nothing more.</Text>;
  return (
    <Stack gap="sm">
      <Text>With {inDays(preview.days)}, the next purge</Text>
      <List spacing="xs">
        {taking.map((policy) => (
          <List.Item key={policy.policy}>
            <PolicySentence policy={policy} />
          </List.Item>
        ))}
      </List>
      {taking.some(({ action }) => action === "delete") && (
        <Alert color="red" title="What is deleted cannot be brought back." />
      )}
    </Stack>
  );
}

/** What the records are called, one and several. */
const RECORDS: Record<string, readonly [string, string]> = {
  chats: ["archived conversation", "archived conversations"],
  chats_auto_archived: ["inactive conversation", "inactive conversations"],
  chat_files: ["file that no conversation uses", "files that no conversation uses"],
  chat_debug_runs: ["debug run", "debug runs"],
  chat_debug_payload_partitions: ["day of stored debug payloads", "days of stored debug payloads"],
};

function PolicySentence({ policy }: { policy: PolicyPreview }): JSX.Element {
  const { action, proposed, difference, record_type } = policy;
  const other = record_type.replaceAll("_", " ");
  const [one, several] = RECORDS[record_type] ?? [other, other];
  const what = proposed.records.count === 1 && !proposed.records.at_least ? one : several;
  return (
    <>
      would {action} <Count count={proposed.records} /> {what}
      {proposed.bytes !== null && proposed.bytes > 0 && (
        <>
          , about <Bytes bytes={proposed.bytes} />
        </>
      )}
      {proposed.oldest !== null && (
        <>
          , the oldest from <TimeText time={proposed.oldest} />
        </>
      )}
      {difference !== null && difference.records !== proposed.records.count && (
        <>
          {" "}
          (<Count count={difference.records} /> more than now)
        </>
      )}
      .
    </>
  );
}
