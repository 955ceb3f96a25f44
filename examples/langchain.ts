/** A LangChain program: a prompt, a model and a parser in a chain, recorded by a callback handler. */
import { StringOutputParser } from "@langchain/core/output_parsers";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import { ChatOpenAI } from "@langchain/openai";
import { ShelflifeCallbackHandler } from "@shelflife/recorder/langchain";

const handler = new ShelflifeCallbackHandler();
const baseURL = process.env["OPENAI_BASE_URL"];

const chain = ChatPromptTemplate.fromTemplate("Write a haiku about {subject}.")
  .pipe(new ChatOpenAI({ model: "gpt-5-mini", ...(baseURL !== undefined && { configuration: { baseURL } }) }))
  .pipe(new StringOutputParser());

const haiku = await chain.invoke(
  { subject: "the shelf life of bread" },
  { callbacks: [handler], metadata: { shelflife: { chatId: "example-langchain", title: "Example: LangChain" } } },
);
console.log(haiku);

if (!(await handler.shutdown())) console.error("Not everything was recorded.", handler.stats());
