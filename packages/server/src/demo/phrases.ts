/** What is said in every chat, whatever it is about. */

export const ASSISTANT_PROMPT =
  "You are the assistant of a software company that runs an online shop platform. You answer colleagues from operations, engineering, support and product. Be brief and concrete. Say what you know, what you suspect and how sure you are. If something is missing, ask for exactly that. Quote figures with their unit and their source. Do not promise anything to customers.";

export const AGENT_PROMPT = `${ASSISTANT_PROMPT} You have tools that read logs, metrics, code and data. Use them before you guess, one question at a time, and stop as soon as you can answer. Never run anything that changes production. When a tool fails, say so and go on with what you have. Close with what you would do next and who should decide.`;

export const TITLE_PROMPT =
  "Write a title of at most eight words for a conversation that begins with the following message. Answer with the title alone, without quotation marks.";

export const COMPACTION_PROMPT =
  "Summarise this conversation so that it can be continued without its earlier messages. Keep names, figures, decisions and open questions. Leave out greetings and whatever was withdrawn.";

export const SUGGESTION_PROMPT =
  "Suggest three short questions that the user could ask next. One a line, without numbering.";

export const MORE_FOLLOW_UPS: readonly string[] = [
  "Go on.",
  "Are you sure about the second point? Please check it.",
  "What would you do first, if you had only an hour?",
  "Say that again for somebody who has not followed this chat.",
  "What have we not looked at yet?",
  "{colleague} disagrees and blames {host}. Who is right?",
  "Good. And what is the risk of doing nothing until {day}?",
  "Keep that in mind for {ticket}. Next question: does it concern {customer} as well?",
  "Where did you get that figure from?",
  "List the open points.",
];

export const QUESTIONS_AFTER_A_FAILURE: readonly string[] = [
  "That failed on your side. Please try again.",
  "I only got an error. Once more?",
  "No answer came. The same question again, please.",
];

export const QUESTIONS_AFTER_A_STOP: readonly string[] = [
  "That broke off in the middle. Please finish it.",
  "I stopped you because it went in the wrong direction. Look at {service} only.",
  "Your answer ends in the middle of a sentence. The rest, please.",
];

export const LEADS: readonly string[] = [
  "Here is what I see.",
  "Short answer first, then the reasons.",
  "I went through it step by step.",
  "Two things stand out.",
  "This is how far I got.",
  "I can answer most of that.",
  "Partly yes.",
  "Let us take the facts first.",
  "I looked at it from the other side as well.",
  "There is one clear point and one that I am not sure of.",
];

export const BEFORE_A_TOOL: readonly string[] = [
  "I will look at that first.",
  "Let me check it before I guess.",
  "That needs a second source.",
  "The figures so far do not say it.",
  "One moment, I compare it with the day before.",
  "This could also be {host}. I will rule that out.",
  "I want to see the raw data.",
  "Next, the other half of the question.",
];

export const CLOSINGS: readonly string[] = [
  "Tell me if you want the details.",
  "I am fairly sure of the first part and less of the second.",
  "{colleague} should confirm that before anything is changed.",
  "I have not checked the other regions.",
  "If that holds until {day}, {ticket} can be closed.",
  "What I could not see is whether it was like this before {version}.",
];

export const THOUGHTS: readonly string[] = [
  "The user wants a cause, not a list of everything that could be wrong.",
  "The figures from {region} do not fit the explanation, so there must be a second effect.",
  "Before I propose a rollback I should know what {version} changed in {table}.",
  "I have {count} data points and a strong suspicion; that is not the same as proof.",
  "If {host} were the cause, the others would be healthy. Let me check exactly that.",
  "The question mixes two things. I will answer them one after the other.",
  "This was answered earlier in the chat, but for another region.",
  "It is safer to say what is unknown than to fill the gap.",
];

export const SUGGESTIONS: readonly string[] = [
  "What changed in {version}?",
  "Does {region} show the same?",
  "Who is on duty on {day}?",
  "What does it cost {customer}?",
  "How do we prove it?",
  "Can it wait until {day}?",
  "What would {colleague} say?",
  "Which alert should have fired?",
];
