import { Card, Text, Title } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import type { JSX } from "react";

import { inDays } from "./window-texts.ts";
import classes from "./LifePicture.module.css";

/** The windows that a chat lives by, in days; 0 is never. */
export interface LifeWindows {
  readonly autoArchive: number;
  readonly retention: number;
  readonly debug: number;
}

/** The width that is drawn until the real one is known, in pixels. */
const FIRST_WIDTH = 720;
const START = 8;

/** A chat's life from its last message on, as a picture: active, archived, deleted, and its debug data beside it. */
export function LifePicture({ windows: { autoArchive, retention, debug } }: { windows: LifeWindows }): JSX.Element {
  // Drawn as wide as there is room, so that its words are as large on a narrow screen as on a wide one.
  const { ref, width: measured } = useElementSize();
  const width = measured === 0 ? FIRST_WIDTH : measured;
  const end = width - 8;
  const byHand = autoArchive === 0;
  // Nobody knows when somebody archives it; in the picture that takes as long as the rest of it.
  const archivedAt = byHand ? Math.max(30, retention, debug) : autoArchive;
  const deletedAt = retention === 0 ? undefined : archivedAt + retention;
  const debugDay = debug === 0 ? undefined : byHand ? debug : Math.min(debug, deletedAt ?? debug);
  const longest = Math.max(30, deletedAt ?? archivedAt * 2, debugDay ?? 0) * 1.1;
  const x = (day: number): number => START + (Math.min(day, longest) / longest) * (end - START);
  const lifeEnd = deletedAt === undefined ? end : x(deletedAt);
  const debugX = debugDay === undefined ? lifeEnd : x(debugDay);
  return (
    <Card component="section" withBorder aria-labelledby="life-heading">
      <Title order={2} size="h4" id="life-heading" mb="xs">
        A conversation&rsquo;s life
      </Title>
      <Text size="sm" mb="sm">
        {describeLife({ autoArchive, retention, debug })}
      </Text>
      <div ref={ref}>
        <svg viewBox={`0 0 ${width} 118`} className={classes["picture"]} aria-hidden>
          <text x={START} y={14} className={classes["label"]}>
            last message
          </text>
          <rect x={START} y={24} width={x(archivedAt) - START} height={22} className={classes["active"]} />
          <rect x={x(archivedAt)} y={24} width={lifeEnd - x(archivedAt)} height={22} className={classes["archived"]} />
          <Mark
            width={width}
            x={x(archivedAt)}
            label={byHand ? "archived by somebody" : `archived, day ${archivedAt}`}
            y={62}
            to={52}
          />
          {/* Above the bar, where it stands clear of the mark before it however close that is. */}
          {deletedAt !== undefined && (
            <Mark
              width={width}
              x={x(deletedAt)}
              label={byHand ? `deleted, ${inDays(retention)} later` : `deleted, day ${deletedAt}`}
              y={14}
              to={50}
            />
          )}
          <rect x={START} y={76} width={debugX - START} height={14} className={classes["debug"]} />
          {debugDay !== undefined && (
            <Mark width={width} x={debugX} label={`debug data gone, day ${debugDay}`} y={108} from={72} to={98} />
          )}
        </svg>
      </div>
    </Card>
  );
}

/** A moment on the line, from one height to another, with its name at a third. */
function Mark({
  x,
  label,
  y,
  from = 20,
  to,
  width,
}: {
  x: number;
  width: number;
  label: string;
  y: number;
  from?: number;
  to: number;
}): JSX.Element {
  return (
    <g>
      <line x1={x} x2={x} y1={from} y2={to} className={classes["mark"]} />
      <text x={x} y={y} textAnchor={x > width / 2 ? "end" : "start"} className={classes["label"]}>
        {label}
      </text>
    </g>
  );
}

/** The same in words, which is what is read aloud. */
function describeLife({ autoArchive, retention, debug }: LifeWindows): string {
  const archived =
    autoArchive === 0
      ? "A conversation is archived only when somebody archives it"
      : `A conversation is archived ${inDays(autoArchive)} after its last message`;
  const deleted =
    retention === 0 ? "once archived it is kept for ever" : `it is deleted ${inDays(retention)} after that`;
  const gone =
    debug === 0
      ? "Its debug data stays as long as it does."
      : `Its debug data is gone ${inDays(debug)} after the last run, or with the conversation.`;
  return `${archived}; ${deleted}. ${gone}`;
}
