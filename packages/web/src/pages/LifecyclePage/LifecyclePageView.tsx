import { Stack } from "@mantine/core";
import type { JSX } from "react";

import { PageHeading } from "../../components/PageHeading.tsx";
import { LifePicture } from "./LifePicture.tsx";
import { RecordingForm, type RecordingState } from "./RecordingForm.tsx";
import { type Question, ShortenDialog } from "./ShortenDialog.tsx";
import { type SavingState, WindowForm, type WindowState } from "./WindowForm.tsx";
import { WINDOW_NAMES, type WindowName } from "./window-texts.ts";

/** One window of the page: its value, its saving, and what is asked before it is saved. */
export interface WindowSlice {
  readonly state: WindowState;
  readonly saving: SavingState;
  readonly question: Question | null;
  /** How often it was saved: nothing of the draft before is left then. */
  readonly saves: number;
  readonly onSave: (days: number) => void;
  readonly onEdit: () => void;
  readonly onConfirm: () => void;
  readonly onCancel: () => void;
}

interface LifecyclePageViewProps {
  readonly windows: Record<WindowName, WindowSlice>;
  readonly recording: RecordingState;
  readonly onAllowUsers: (allowUsers: boolean) => void;
}

/** The windows of the deployment, one form each, and the life that they make together. */
export function LifecyclePageView({ windows, recording, onAllowUsers }: LifecyclePageViewProps): JSX.Element {
  const daysOf = (name: WindowName): number | undefined => {
    const { state } = windows[name];
    return state.kind === "ready" ? state.days : undefined;
  };
  const autoArchive = daysOf("auto-archive-days");
  const retention = daysOf("retention-days");
  const debug = daysOf("debug-retention-days");
  return (
    <>
      <PageHeading>Lifecycle</PageHeading>
      <Stack>
        {autoArchive !== undefined && retention !== undefined && debug !== undefined && (
          <LifePicture windows={{ autoArchive, retention, debug }} />
        )}
        {WINDOW_NAMES.map((name) => {
          const { state, saving, question, saves, onSave, onEdit, onConfirm, onCancel } = windows[name];
          return (
            <div key={name}>
              <WindowForm name={name} state={state} saving={saving} saves={saves} onSave={onSave} onEdit={onEdit} />
              <ShortenDialog name={name} question={question} onConfirm={onConfirm} onCancel={onCancel} />
            </div>
          );
        })}
        <RecordingForm state={recording} onChange={onAllowUsers} />
      </Stack>
    </>
  );
}
