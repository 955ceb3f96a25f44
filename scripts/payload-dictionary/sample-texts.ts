import type { SampleSource } from "./sample-source.ts";

/** What people and models write to one another, made up for this purpose. */
const SENTENCES = [
  "You are a helpful assistant. Answer briefly, and say so when you do not know.",
  "Use the tools to look things up before you answer, and cite the sources that you used.",
  "I'll start by looking at the files that are involved, and then run the tests.",
  "Let me check the current state of the repository first.",
  "The error comes from a missing null check in the function that parses the response.",
  "Here's a summary of what I found, and what I would recommend to do next:",
  "Could you please write a short description of this change for the release notes?",
  "The user is asking about the difference between the two options. I should explain both and then compare them.",
  "Based on the results, there are three possible causes for this problem.",
  "Thank you! Can you also translate it to German and make it sound more formal?",
  "The request failed because the rate limit was reached. Please try again in a few seconds.",
  "Sure! Here is an example of how you can use it in your project:",
  "This means that the value is only updated when the component is rendered again.",
  "I don't have access to real-time information, but I can tell you how to find it.",
  "According to the documentation, this option is available since version 4 and is enabled by default.",
  "Let me know if you would like me to continue with the next step, or if you have any other questions.",
  "It is important to note that the order of the items is not guaranteed to be the same as in the request.",
  "The weather in the city is mostly cloudy today, with a temperature of 18 degrees and a light wind from the west.",
  "First, we need to create a new database and add a table for the users and their messages.",
  "I need to search for the latest information about this topic and then write a report about it.",
  "All of the tests pass now. The change is small, and it does not affect the public interface.",
  "What would be the best way to store this data so that it can be searched quickly?",
];

const LINES = [
  "- **Performance**: the first request takes longer, since the cache is empty.",
  "- **Security**: never store secrets in the source code; use environment variables instead.",
  "## Summary",
  "### Next steps",
  "1. Install the dependencies with `npm install`.",
  "2. Run the tests and look at the output.",
  "```typescript\nexport async function getUser(id: string): Promise<User | undefined> {\n  const response = await fetch(`/api/users/${id}`);\n  if (!response.ok) return undefined;\n  return (await response.json()) as User;\n}\n```",
  '```python\nimport os\n\ndef main() -> None:\n    for name in os.listdir("."):\n        print(name)\n\nif __name__ == "__main__":\n    main()\n```',
  "```sql\nSELECT id, name, created_at FROM users WHERE email = $1 ORDER BY created_at DESC LIMIT 10;\n```",
  "| Name | Value | Description |\n| --- | --- | --- |\n| timeout | 30 | In seconds. |",
  'import { readFile } from "node:fs/promises";\nimport { z } from "zod";\n\nexport const schema = z.object({ name: z.string(), value: z.number().optional() });\n',
  "  at async Promise.all (index 0)\n    at processTicksAndRejections (node:internal/process/task_queues:105:5)",
  "Error: ENOENT: no such file or directory, open '/app/config.json'",
  "<html><head><title>Page not found</title></head><body><h1>404</h1></body></html>",
  "https://www.example.com/docs/getting-started",
];

export function sentence(source: SampleSource): string {
  return source.pick(SENTENCES);
}

export function longText(source: SampleSource): string {
  const sentences = source.pickSome(SENTENCES, source.integer(1, 5)).join(" ");
  const lines = source.pickSome(LINES, source.integer(0, 4)).join("\n");
  return lines === "" ? sentences : `${sentences}\n\n${lines}`;
}
