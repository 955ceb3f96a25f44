import { Deck } from "./deck.ts";
import { fill, type Facts } from "./facts.ts";
import * as phrases from "./phrases.ts";
import type { Random } from "./random.ts";
import type { Topic } from "./topic.ts";

/** Puts together what is said in one chat. */
export class ChatWriter {
  readonly #topic: Topic;
  readonly #facts: Facts;
  readonly #followUps: Deck<string>;
  readonly #findings: Deck<string>;
  readonly #advice: Deck<string>;
  readonly #leads = new Deck(phrases.LEADS);
  readonly #beforeTools = new Deck(phrases.BEFORE_A_TOOL);

  constructor(topic: Topic, facts: Facts) {
    this.#topic = topic;
    this.#facts = facts;
    this.#followUps = new Deck([...topic.followUps, ...phrases.MORE_FOLLOW_UPS]);
    this.#findings = new Deck(topic.findings);
    this.#advice = new Deck(topic.advice);
  }

  beginning(random: Random): { title: string; question: string } {
    const { title, question } = random.pick(this.#topic.beginnings);
    return { title: this.#fill(title, random), question: this.#fill(question, random) };
  }

  followUp(random: Random, before: "completed" | "error" | "interrupted"): string {
    if (before === "error") return this.#fill(random.pick(phrases.QUESTIONS_AFTER_A_FAILURE), random);
    if (before === "interrupted") return this.#fill(random.pick(phrases.QUESTIONS_AFTER_A_STOP), random);
    return this.#fill(this.#followUps.deal(random), random);
  }

  beforeTool(random: Random): string {
    return this.#fill(this.#beforeTools.deal(random), random);
  }

  /** A full answer: what was found, what to do about it, and now and then a closing word. */
  answer(random: Random): string {
    const findings = this.#fillAll(this.#findings.dealSome(random, random.integer(1, 3)), random);
    const advice = this.#fillAll(this.#advice.dealSome(random, random.integer(1, 2)), random);
    const paragraphs = [
      [this.#leads.deal(random), ...(findings.length < 3 ? findings : [])].join(" "),
      ...(findings.length < 3 ? [] : [findings.map((finding) => `- ${finding}`).join("\n")]),
      advice.join(" "),
      ...(random.chance(0.35) ? [this.#fill(random.pick(phrases.CLOSINGS), random)] : []),
    ];
    return paragraphs.join("\n\n");
  }

  thought(random: Random): string {
    return this.#fillAll(random.pickSome(phrases.THOUGHTS, random.integer(1, 3)), random).join(" ");
  }

  /** What a model makes of a history that has become too long. */
  summary(random: Random): string {
    const kept = this.#fillAll(this.#findings.dealSome(random, 5), random);
    const open = this.#fill(this.#advice.deal(random), random);
    return `Summary of the conversation so far.\n\n${kept.map((finding) => `- ${finding}`).join("\n")}\n\nAgreed next: ${open}`;
  }

  suggestions(random: Random): string {
    return this.#fillAll(random.pickSome(phrases.SUGGESTIONS, 3), random).join("\n");
  }

  /** What an agent asks of another one. */
  task(random: Random): string {
    const question = this.#fill(random.pick(this.#topic.followUps), random);
    return this.#fill(
      `Work on {ticket}, {service} in {region}. Find out and answer in three sentences: ${question}`,
      random,
    );
  }

  #fillAll(sentences: readonly string[], random: Random): string[] {
    return sentences.map((sentence) => this.#fill(sentence, random));
  }

  #fill(sentence: string, random: Random): string {
    return fill(sentence, this.#facts, random);
  }
}
