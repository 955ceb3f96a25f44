import type { StorybookConfig } from "@storybook/react-vite";
import { defaultClientConditions, mergeConfig } from "vite";

const config: StorybookConfig = {
  framework: "@storybook/react-vite",
  stories: ["../src/**/*.stories.tsx"],
  addons: ["@storybook/addon-vitest", "@storybook/addon-a11y"],
  staticDirs: ["../public"],
  viteFinal: (config) =>
    // As the build does it: the workspaces' packages are read as source.
    mergeConfig(config, { resolve: { conditions: ["@shelflife/source", ...defaultClientConditions] } }),
  core: { disableTelemetry: true, disableWhatsNewNotifications: true },
};

export default config;
