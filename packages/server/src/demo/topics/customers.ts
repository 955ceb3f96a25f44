import type { Topic } from "../topic.ts";

/** What people ask who answer customers. */
export const CUSTOMERS: readonly Topic[] = [
  {
    team: "support",
    beginnings: [
      {
        title: "{customer} was charged twice",
        question:
          "{customer} writes that they were charged twice for order {count}, {amount} each. Please check what happened and draft an answer. They are angry, and rightly so if it is true.",
      },
      {
        title: "Refund after forty days",
        question:
          "A customer asks for a refund of {amount} after forty days. Our terms say thirty. What are the options, and how do I put it kindly?",
      },
      {
        title: "What {customer} asks for after the outage",
        question:
          "Here is a long mail from {customer} about the outage on {day}. Pull out what they actually ask for, and what we have promised already.",
      },
      {
        title: "{customer} wants to leave",
        question:
          "{customer} pays {amount} a month and says that they will leave on {day} unless the export works. What can we offer, and what must I not promise?",
      },
    ],
    followUps: [
      "Shorter, please. And less sorry.",
      "They ask for a credit as well. What did we give others in that case?",
      "Put it into French.",
      "Can I say that it will not happen again?",
      "Add one sentence on how to see the refund in their account.",
      "They answered: the second charge is still on the statement. What now?",
      "Make a template of it for the team.",
      "How should I tag {ticket}?",
    ],
    findings: [
      "There is one payment of {amount} and one authorisation that was never captured; the bank shows both for up to a week.",
      "The order was placed twice, {minutes} apart, from the same address. The second one has not been shipped.",
      "Their contract names a credit of five percent for each started hour, so the outage on {day} is worth {amount}.",
      "They ask three things: the cause, the credit, and a named contact. The rest of the mail repeats them.",
      "We refunded {count} similar cases last quarter, all of them within a day.",
      "The mail went to an address that nobody has read since spring, which is why it took us {minutes} and two reminders.",
    ],
    advice: [
      "Open with what they will get, then say what happened, and end with when. Nobody reads an apology first.",
      "Offer the refund as an exception and say that it is one; that keeps the rule for the next case.",
      "Do not promise that it cannot happen again. Say what was changed and from when on.",
      "Cancel the second order before you answer, so that the answer is true when it is read.",
      "Give them your name and a time by which you write again, even if there is nothing new by then.",
      "Credit it on the next invoice; a transfer of {amount} costs both sides more work.",
    ],
    tools: ["search_orders", "search_docs", "create_ticket"],
  },
  {
    team: "support",
    beginnings: [
      {
        title: "The import refuses a file of {customer}",
        question:
          "{customer} sent a CSV with {many} rows, and our import refuses it on line {line}. What is wrong with it, and can I fix it without Excel?",
      },
      {
        title: "{customer} cannot sign in",
        question:
          "All people at {customer} have been signed out since this morning and cannot get back in. Others can. What is different about them?",
      },
      {
        title: "Question marks in imported names",
        question:
          "The names in the import come out as question marks. Please explain to me, for a non-programmer, what happened and what I should ask them for.",
      },
      {
        title: "Double entries for {customer}",
        question:
          "After two imports {customer} has {many} entries where there should be half as many. Can the doubles be told apart safely, and can I undo one import?",
      },
    ],
    followUps: [
      "What does that character mean?",
      "Can you write the steps so that they can do it themselves?",
      "There are also rows with two e-mail addresses in one field.",
      "How many rows would be lost if we skip the bad ones?",
      "Their administrator asks whether it is on their side. Is it?",
      "Does it work with the file of last month?",
      "Thank you. One line for the ticket, please.",
    ],
    findings: [
      "Line {line} holds a quotation mark that is never closed, so the parser reads the next {count} lines as one field.",
      "The file is written in Windows-1252 and read as UTF-8, which turns each umlaut into a question mark.",
      "Their identity provider changed its signing certificate on {day}, and we still trust the old one only.",
      "{count} rows have no postal code. The import takes them, but the shipping labels will not.",
      "The header says semicolons and the body uses commas from row {many} on; two exports were glued together.",
      "Only people with a plus sign in their address are affected.",
    ],
    advice: [
      "Ask them for the export as UTF-8; in their program it is the second entry in the list of encodings.",
      "Import the good rows now and send the {count} others back with the reason beside each one.",
      "Upload the new certificate next to the old one, then remove the old one on {day}.",
      "Do not repair it by hand: next month's file will have the same fault.",
      "Tell them that it was ours. It was, and they will find out.",
    ],
    tools: ["search_docs", "query_database", "create_ticket"],
  },
  {
    team: "billing",
    beginnings: [
      {
        title: "Two cents on the invoice of {customer}",
        question:
          "The invoice for {customer} says {amount}, but the lines add up to two cents more. Where do the two cents go? It is the third one this month.",
      },
      {
        title: "Ledger and payment provider differ",
        question:
          "The ledger and the payment provider differ by {amount} for last month. I need to know why before {day}.",
      },
      {
        title: "Which tax applies to {customer}",
        question:
          "{customer} moved its seat to another country in the middle of the month. Which tax applies to which part of the invoice?",
      },
      {
        title: "Reminder sent to {customer} by mistake",
        question:
          "{customer} got a reminder for {amount} although they paid on {day}. Why did that go out, and who else got one?",
      },
    ],
    followUps: [
      "Is it rounding per line or per invoice?",
      "List the invoices it concerns, with the difference of each.",
      "What does the law say, and what do we do?",
      "Can we correct it with a credit note?",
      "Which of these were paid already?",
      "Explain it to {colleague} from accounting, without code.",
      "Check {table} for the month before as well.",
    ],
    findings: [
      "Tax is rounded per line in {file} and per invoice in the PDF, so that invoices with many lines drift by a few cents.",
      "{count} payments arrived after midnight in {region} and were booked into the next month on one side only.",
      "A refund of {amount} was entered by hand and has no payment behind it.",
      "The exchange rate was read once at the start of the batch, which ran for {minutes}.",
      "The part before the move falls under the old rate, the part after it is a reverse charge.",
      "The difference is the sum of {count} invoices and exactly zero for all others.",
    ],
    advice: [
      "Round per line everywhere and print the rounded lines; then the reader can add them up.",
      "Book by the moment of the payment in UTC on both sides, and show local time only on the page.",
      "Issue one credit note for the month instead of {count} single ones.",
      "Let the import refuse a refund without a payment.",
      "Split the invoice at the day of the move; two short invoices are easier to defend than one clever one.",
    ],
    tools: ["query_database", "search_orders", "read_file"],
  },
];
