import { Card, Group, Text, UnstyledButton } from "@mantine/core";
import type { DebugStep, DebugStepSkeleton } from "@shelflife/api-contract";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { type JSX, useState } from "react";

import type { DataState } from "../../../api/data-state.ts";
import { AsyncState } from "../../../components/AsyncState.tsx";
import { StatusBadge } from "../../../components/StatusBadge.tsx";
import classes from "./debug.module.css";
import { ElapsedText } from "./ElapsedText.tsx";
import { StepDetail } from "./StepDetail.tsx";
import { TokenText } from "./tokens.tsx";

/** Loads a step's payloads; called only by a row that is open. */
export type UseStep = (step: DebugStepSkeleton) => DataState<DebugStep>;

interface StepRowProps {
  readonly step: DebugStepSkeleton;
  readonly model: string | undefined;
  readonly useStep: UseStep;
}

/** A step as one line, which opens to everything that was recorded of it. */
export function StepRow({ step, model, useStep }: StepRowProps): JSX.Element {
  const [opened, setOpened] = useState(false);
  const stepModel = typeof step.metadata["model"] === "string" ? step.metadata["model"] : model;
  return (
    <Card component="li" withBorder padding="xs" className={opened ? "" : (classes["step"] ?? "")}>
      <UnstyledButton w="100%" aria-expanded={opened} onClick={() => setOpened(!opened)}>
        <Group gap="2 12">
          {opened ? <IconChevronDown size={16} aria-hidden /> : <IconChevronRight size={16} aria-hidden />}
          <Text size="sm" fw={600}>
            Step {step.step_number}
          </Text>
          {stepModel !== undefined && <Text size="sm">{stepModel}</Text>}
          <ElapsedText of={step} />
          <TokenText input={step.usage?.input_tokens} output={step.usage?.output_tokens} />
          <StatusBadge status={step.status} />
        </Group>
      </UnstyledButton>
      {opened && (
        <div className={classes["detail"]}>
          <OpenStep step={step} useStep={useStep} />
        </div>
      )}
    </Card>
  );
}

function OpenStep({ step, useStep }: Pick<StepRowProps, "step" | "useStep">): JSX.Element {
  return <AsyncState state={useStep(step)}>{(whole) => <StepDetail step={whole} />}</AsyncState>;
}
