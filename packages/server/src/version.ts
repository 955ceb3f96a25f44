import packageJson from "../package.json" with { type: "json" };

export const SHELFLIFE_VERSION: string = packageJson.version;
