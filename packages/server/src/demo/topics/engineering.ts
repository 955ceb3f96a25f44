import type { Topic } from "../topic.ts";

/** What people ask who write the software. */
export const ENGINEERING: readonly Topic[] = [
  {
    team: "engineering",
    beginnings: [
      {
        title: "Retries in {function}",
        question:
          "Please review the change in {file}. It adds retries to {function} and should not change what callers see. I am most worried about requests that are not safe to repeat.",
      },
      {
        title: "Splitting {function} into two",
        question:
          "{colleague} asks me to split {function} into two. Look at {file} and tell me whether that makes it better or only longer.",
      },
      {
        title: "What {file} can throw",
        question:
          "Can you read {file} and list everything that could throw? We log these errors as unknown and I would like to name them.",
      },
      {
        title: "A name for {function}",
        question:
          "Nobody understands {function} by its name. It reads {table}, drops what is older than {minutes} and answers the rest. What should it be called, and is it one thing at all?",
      },
    ],
    followUps: [
      "Is the early return on line {line} right when the list is empty?",
      "Write me the test that fails without this change.",
      "What would you call it instead?",
      "Does anybody else call {function}? Please search for it.",
      "Would the type checker have caught that with a stricter setting?",
      "Keep the old signature for now, we release {version} first.",
      "Show me the smallest diff that does the same.",
      "I do not understand the part about cancellation. Again, with an example?",
      "Run the tests of that folder, please.",
    ],
    findings: [
      "{function} swallows the error on line {line} and returns an empty list, so its caller cannot tell a failure from no result.",
      "The retry repeats POST requests too; two orders for one click are possible.",
      "The loop awaits each call before it starts the next one, although the calls do not depend on one another.",
      "The comparison uses the local time zone; around midnight it is off by a day for {region}.",
      "There are {count} callers, and two of them rely on the order of the result without saying so.",
      "The new branch is not covered: the tests pass when I invert its condition.",
      "Nothing closes the file handle when the parser throws.",
      "The name promises a pure function, but it writes to the cache on line {line}.",
    ],
    advice: [
      "Return a result that says which of the two happened, and let the caller decide.",
      "Retry only what is safe to repeat: GET, PUT and DELETE, and POST with an idempotency key.",
      "Pass the clock in as a parameter; then the test needs no waiting and no mocking.",
      "Merge it as it is and open a ticket for the naming. The behaviour is right.",
      "I would keep it in one function. The two halves share four variables, and each split passes them all.",
      "Add a test for the empty list and one for a list that ends in the middle of a page.",
      "Delete the commented code; it is in the history if anybody misses it.",
    ],
    tools: ["read_file", "search_code", "run_command", "apply_patch"],
  },
  {
    team: "engineering",
    beginnings: [
      {
        title: "Flaky test of {function}",
        question:
          "The test of {function} fails about once in {count} runs, only in CI. I cannot reproduce it. Please look at {file} and at the last failures.",
      },
      {
        title: "Where the time of the pipeline goes",
        question: "Our pipeline takes {minutes}, half of it before the first test starts. Where does the time go?",
      },
      {
        title: "Integration tests hang after {version}",
        question:
          "After the upgrade to {version} the integration tests hang at the end and are killed. What keeps the process alive?",
      },
      {
        title: "Tests of {file} pass with the code removed",
        question:
          "I deleted the body of {function} in {file} and all {count} tests still pass. Which tests are missing? Please write the first one.",
      },
    ],
    followUps: [
      "Make it fail on purpose, so that we know it is that.",
      "Is it the order of the tests?",
      "Which of them can run in parallel without sharing a database?",
      "How do I run only that one, a hundred times?",
      "What if we simply retry it? {colleague} suggests that.",
      "And on the runner with two cores?",
      "Summarise what we tried so far, for {ticket}.",
    ],
    findings: [
      "The test waits for {ms} and assumes that the worker is done by then. On a busy runner it is not.",
      "Two test files write to the same row of {table}, and which one comes first depends on the number of cores.",
      "{percent} of the pipeline is spent on installing dependencies, since the cache key contains the commit.",
      "A timer in {file} is never cleared; it keeps the process open until the runner gives up.",
      "The failures cluster at the full hour, when the certificate job restarts the mock server.",
      "With the seed from the failed run it fails here as well, every time.",
    ],
    advice: [
      "Wait for the event instead of for the time; the worker announces when its queue is empty.",
      "Give each test file a database of its own. Cloning a template takes milliseconds.",
      "Use the lock file's hash as the cache key.",
      "Do not retry it: a retry hides the next flaky test as well, and that one may be a real defect.",
      "Unref the timer, or better, stop it where the server is closed.",
      "Print the seed at the start of each run, so that the next failure can be repeated.",
    ],
    tools: ["run_command", "read_file", "search_code", "read_logs"],
  },
  {
    team: "security",
    beginnings: [
      {
        title: "Critical advisory for a dependency of {service}",
        question:
          "The scanner reports a critical advisory for a dependency of {service}. Are we affected? Please check whether the vulnerable function is reached at all.",
      },
      {
        title: "Who can read production data of {service}",
        question:
          "I have to answer {customer}'s security questionnaire by {day}. Which people can read production data of {service} today?",
      },
      {
        title: "Strange requests on {host}",
        question:
          "{host} gets {many} requests a day for paths that do not exist. Is that somebody looking for a way in, or a broken crawler?",
      },
      {
        title: "Rate limit for {service}",
        question:
          "{service} has no rate limit. I want one for each key, generous, with an answer that clients understand. What do I have to decide before I write a line?",
      },
    ],
    followUps: [
      "Which version fixes it, and what else changes in it?",
      "Can we block it at the edge until then?",
      "Show me the chain of dependencies.",
      "How would we know if it had been used already?",
      "Write the answer for the questionnaire. Short, and only what is true today.",
      "What should we log that we do not log now?",
    ],
    findings: [
      "The vulnerable code parses YAML from untrusted input; {service} parses only its own files, so the way in is closed here.",
      "The package comes in twice, once through the HTTP client and once through the test runner. Only the first one ships.",
      "{count} accounts may read production data, {percent} of them have not signed in for ninety days.",
      "The requests come from {count} addresses of one hosting company and try the well-known paths of three content systems.",
      "The fixed version drops support for the runtime that the batch on {host} still uses.",
      "Nothing in the logs of the last month matches the pattern from the advisory.",
    ],
    advice: [
      "Upgrade this week all the same: the next change may open the way that is closed today.",
      "Remove the accounts that have not signed in, and ask the owners of the others by {day}.",
      "Answer these requests with 404 at the edge and do not alert on them; alert on the ones that get a 200.",
      "Pin the fixed version in the lock file and note in {ticket} when the override may go.",
      "Give the batch its own account that reads only {table}.",
    ],
    tools: ["search_code", "run_command", "read_file", "read_logs"],
  },
];
