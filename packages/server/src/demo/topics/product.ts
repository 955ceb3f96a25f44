import type { Topic } from "../topic.ts";

/** What people ask who plan, measure and explain the product. */
export const PRODUCT: readonly Topic[] = [
  {
    team: "analytics",
    beginnings: [
      {
        title: "Why sign-ups fell in {region}",
        question:
          "Sign-ups in {region} are down by {percent} against last month. Is it real, or did the tracking change? Please go through the numbers with me.",
      },
      {
        title: "Do people who import stay longer?",
        question:
          "I want to know whether people who import data in their first week stay longer. How would you cut the cohorts, and what could mislead me?",
      },
      {
        title: "Churn after the price change",
        question:
          "Churn went up after the price change, but the price change came with the new onboarding. Can these two be told apart at all?",
      },
      {
        title: "Which feature nobody uses",
        question:
          "I want to remove a feature of {service}. Before I do: how many accounts used it in the last quarter, and how many of them only by accident?",
      },
    ],
    followUps: [
      "How many accounts is that in absolute numbers?",
      "Leave out the trial accounts.",
      "Is the difference larger than the week-to-week noise?",
      "Now the same for {region} only.",
      "Give me the query, I want to run it myself.",
      "What would you show the board: one chart, one sentence?",
      "Which assumption would change the answer if it were wrong?",
    ],
    findings: [
      "The fall starts on the day when the consent banner went live; the number of orders did not move.",
      "Of {many} accounts {percent} imported something in the first week, and they stay a third longer.",
      "The cohort of March is small: {count} accounts, of which one customer brought most.",
      "Both changes reached {region} on the same day, but the reseller accounts kept the old price for another month.",
      "The dashboard counts a visit without consent as no visit at all.",
      "Weekly noise is about {percent}, so a single week says nothing here.",
    ],
    advice: [
      "Compare orders instead of visits until the tracking is fixed; they are counted on the server.",
      "Use the reseller accounts as the control group. It is not perfect, but it is the only one there is.",
      "Say that importers stay longer, not that importing makes them stay. Those who mean it import.",
      "Show the median and not the mean; three large accounts pull the mean to wherever they like.",
      "Write down the definition of an active account before you look at the next number.",
    ],
    tools: ["query_database", "query_metrics", "search_docs"],
  },
  {
    team: "documentation",
    beginnings: [
      {
        title: "Release notes for {version}",
        question:
          "Please turn these {count} commits into release notes for {version}. Our readers run the servers themselves; they want to know what they have to do.",
      },
      {
        title: "Guide: connecting {service}",
        question:
          "I am writing the guide for connecting {service}. This is my draft of the first page. Be strict: what does a newcomer stumble over?",
      },
      {
        title: "Wording of the error messages",
        question:
          "Our error messages say what went wrong and not what to do. Here are twelve of them. Rewrite them in our style, one sentence each.",
      },
      {
        title: "What operators ask about {service}",
        question:
          "Here are {count} questions that operators asked about {service} since {version}. Group them, and tell me which page of the documentation should have answered each group.",
      },
    ],
    followUps: [
      "Less cheerful, please. These people have work to do.",
      "Move the breaking change to the top.",
      "Is the second example still right after {version}?",
      "Say it without the word simply.",
      "What is missing?",
      "One paragraph on how to go back, in case it fails.",
      "Check whether the commands really run.",
    ],
    findings: [
      "Three of the commits change what an operator has to do: the new default port, the removed flag, and the migration of {table}.",
      "The first page uses four terms before it explains them; two of them are never explained.",
      "The second example needs a key that the reader gets only on the third page.",
      "Nine of the twelve messages name a cause that the reader cannot see.",
      "Step four fails when the data directory belongs to another user, which is the usual case in a container.",
      "The old name of the setting still stands in {count} places.",
    ],
    advice: [
      "Begin with what has to be done before the upgrade, then what changes, then what is new.",
      "Give each message the shape: what happened, and what to do now. Leave out please and sorry.",
      "Let the reader see a result after two commands; everything else can come later.",
      "Move the explanation of keys to the first page, in two sentences.",
      "Put the commands into a test, so that the guide fails before the reader does.",
    ],
    tools: [],
  },
  {
    team: "design",
    beginnings: [
      {
        title: "The table jumps when its last row loads",
        question:
          "In {file} the table jumps when the last row has loaded. I have tried a fixed height, but then it scrolls twice. How do others solve this?",
      },
      {
        title: "A dialog that says nothing",
        question:
          "A user with a screen reader tells us that our dialog says nothing when it opens. What has to change?",
      },
      {
        title: "Text for an empty page",
        question:
          "We need a text for the page when there is nothing to show yet. It must say why it is empty and what to do, in one line.",
      },
      {
        title: "Colours of the status badges",
        question:
          "We have seven colours for four states on the {service} page, and two of them look alike to one in twelve men. Propose a set with names, and say what else should tell the states apart.",
      },
    ],
    followUps: [
      "Does that work without JavaScript?",
      "And on a narrow screen?",
      "What contrast does that grey have?",
      "Where does the focus go when the dialog closes?",
      "Three variants, please, from plain to friendly.",
      "The label is too long in German.",
      "{colleague} prefers a spinner. Arguments against?",
    ],
    findings: [
      "The height of the row depends on an image that has no size of its own until it has loaded.",
      "The dialog has no accessible name, and the focus stays on the button behind it.",
      "The grey on white has a contrast of 3.2 to 1; normal text needs 4.5 to 1.",
      "The message appears in the middle of the page, but the live region was added at the same moment, so nothing is read out.",
      "On a narrow screen the second column pushes the action out of view.",
    ],
    advice: [
      "Give the image a width and a height; the browser then keeps the place free.",
      "Name the dialog by its heading, move the focus to the first field, and give it back on close.",
      "Use the next darker grey. Nobody will notice the difference except those who can read it now.",
      "Put the live region into the page from the start and change only its text.",
      "Show the rows that are there already and a line of their height for those to come. A spinner hides both.",
      "Write: No invoices yet. They appear here on the first day of the month.",
    ],
    tools: [],
  },
];
