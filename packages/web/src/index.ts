import "./platform.ts";

// Loaded afterwards and not imported, so that what the platform needs is there before any library looks for it.
const { start } = await import("./start.tsx");
start();
