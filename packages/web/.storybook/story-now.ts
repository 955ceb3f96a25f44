/** The present of every story. */
export const STORY_NOW = new Date("2026-11-22T12:00:00Z");
