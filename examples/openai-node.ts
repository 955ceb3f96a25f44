/**
 * A Node program that asks a model through OpenAI's own library. The library makes its requests with a `fetch` that
 * records them; nothing else about the program changes.
 */
import { inChat, shelflifeFetch } from "@shelflife/recorder/fetch";
import OpenAI from "openai";

const fetch = shelflifeFetch();
const openai = new OpenAI({ fetch });

// Both calls are steps of one run, since they are made in one `inChat`.
await inChat({ chatId: "example-openai-node", title: "Example: the openai package" }, async () => {
  const haiku = await ask("Write a haiku about the shelf life of bread.");
  console.log(haiku);
  console.log(await ask(`Translate this into German: ${haiku}`));
});

async function ask(question: string): Promise<string> {
  const answer = await openai.chat.completions.create({
    model: "gpt-5-mini",
    messages: [{ role: "user", content: question }],
  });
  return answer.choices[0]?.message.content ?? "";
}

if (!(await fetch.shutdown())) console.error("Not everything was recorded.", fetch.stats());
