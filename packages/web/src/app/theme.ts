import { type CSSVariablesResolver, createTheme, Modal } from "@mantine/core";

/**
 * The colours keep a contrast of at least 4.5 to 1 in both schemes; the library's own defaults do not: white on shade 6,
 * grey hints and red messages are all too pale.
 */
export const theme = createTheme({
  primaryColor: "indigo",
  primaryShade: 8,
  // Above this, black is read better than white; at it, both have a contrast of 4.6 to 1.
  autoContrast: true,
  luminanceThreshold: 0.179,
  cursorType: "pointer",
  respectReducedMotion: true,
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Open Sans', sans-serif",
  headings: { fontWeight: "650" },
  components: {
    // The library makes a dialog's head a landmark of the page, which has one of its own.
    Modal: Modal.extend({ defaultProps: { attributes: { header: { role: "presentation" } } } }),
  },
});

/** Dark enough for text on the colour's own tint, where the library's darkest shade is not. */
const INKS = {
  green: "#1b6a2c",
  teal: "#06614a",
  lime: "#3c6908",
  cyan: "#0a5b6b",
  yellow: "#7a4200",
  orange: "#8c3600",
};

export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-dimmed": "var(--mantine-color-gray-7)",
    "--mantine-color-placeholder": "var(--mantine-color-gray-7)",
    "--mantine-color-error": "var(--mantine-color-red-9)",
    "--mantine-color-anchor": "var(--mantine-color-indigo-9)",
    "--mantine-color-disabled-color": "var(--mantine-color-gray-7)",
    ...Object.fromEntries(
      Object.entries(INKS).flatMap(([color, ink]) =>
        ["text", "light-color", "outline"].map((use) => [`--mantine-color-${color}-${use}`, ink]),
      ),
    ),
  },
  dark: {
    "--mantine-color-dimmed": "var(--mantine-color-dark-1)",
    "--mantine-color-placeholder": "var(--mantine-color-dark-1)",
    "--mantine-color-error": "var(--mantine-color-red-4)",
    "--mantine-color-anchor": "var(--mantine-color-indigo-2)",
    // What is disabled stays readable: the window that is switched off shows its days.
    "--mantine-color-disabled-color": "var(--mantine-color-dark-2)",
    // The library's own is black, darker than what it lies on.
    "--mantine-color-gray-light": "var(--mantine-color-dark-4)",
    "--mantine-color-gray-light-hover": "var(--mantine-color-dark-3)",
  },
});
