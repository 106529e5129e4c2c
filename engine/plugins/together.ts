import { setTimeout as sleep } from "node:timers/promises";

const WAIT_MILLISECONDS = 20;

/** Answers questions that come one by one together: those of one moment at once. */
export class Together<Question, Answer> {
  private questions: Question[] = [];
  private answers: Promise<Answer[]> | undefined;

  constructor(private readonly ask: (questions: readonly Question[]) => Promise<Answer[]>) {}

  async answer(question: Question): Promise<Answer> {
    const index = this.questions.push(question) - 1;
    this.answers ??= sleep(WAIT_MILLISECONDS).then(() => {
      const asked = this.questions;
      this.questions = [];
      this.answers = undefined;
      return this.ask(asked);
    });
    return (await this.answers)[index] as Answer;
  }
}
