import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "../src/app/app.css";

import { MantineProvider } from "@mantine/core";
import type { Preview } from "@storybook/react-vite";
import { configure } from "storybook/test";

import { cssVariables, theme } from "../src/app/theme.ts";
import { NowProvider } from "../src/components/now.tsx";
import { STORY_NOW } from "./story-now.ts";
import { StoryRouter } from "./story-router.tsx";

// What a story waits for comes when the machine has time for it: the library's one second is too short for a busy one.
configure({ asyncUtilTimeout: 30_000 });

/** Each story stands in what `App` puts around a page, at a time that does not move, and without transitions. */
const preview: Preview = {
  parameters: {
    // What the accessibility check finds fails the run.
    a11y: { test: "error" },
    layout: "fullscreen",
  },
  decorators: [
    (Story) => (
      <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto" env="test">
        <NowProvider now={STORY_NOW}>
          <StoryRouter>
            <Story />
          </StoryRouter>
        </NowProvider>
      </MantineProvider>
    ),
  ],
};

export default preview;
