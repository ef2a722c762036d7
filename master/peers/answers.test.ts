// Answers go back with the delivery that asked for them, or by themselves when they are late.

import { describe, expect, test } from "vitest";
import { asMasterId } from "../../proto/ids.ts";
import { peerAnswerWaitMs } from "../../proto/limits/raft.ts";
import { fakeClock } from "../../proto/testing/fake-clock.ts";
import type { Message } from "../raft/messages.ts";
import { createAnswers } from "./answers.ts";

const [a, b, c] = [asMasterId("a"), asMasterId("b"), asMasterId("c")];

function accepted(index: number, to = b): Message {
  const rest = { rejected: false, index, hintIndex: 0, hintTerm: 0 };
  return { kind: "appendReply", from: a, to, term: 1, ...rest };
}

describe("answers", () => {
  test("each delivery takes as many as it expects, the oldest first", async () => {
    const answers = createAnswers(fakeClock());
    const [first, second] = [answers.collect(b, 2), answers.collect(b, 1)];
    expect(answers.take([1, 2, 3, 4].map((index) => accepted(index)))).toEqual([accepted(4)]);
    expect([await first, await second]).toEqual([[accepted(1), accepted(2)], [accepted(3)]]);
  });

  test("those to others, and what is no answer, are left alone", () => {
    const answers = createAnswers(fakeClock());
    void answers.collect(b, 1);
    const rest: Message[] = [accepted(1, c), { kind: "timeoutNow", from: a, to: b, term: 1 }];
    expect(answers.take(rest)).toEqual(rest);
  });

  test("a delivery goes back with what there is once its wait is over; the late one goes alone", async () => {
    const clock = fakeClock();
    const answers = createAnswers(clock);
    const collected = answers.collect(b, 2);
    answers.take([accepted(1)]);
    clock.advance(peerAnswerWaitMs);
    expect(await collected).toEqual([accepted(1)]);
    expect(answers.take([accepted(2)])).toEqual([accepted(2)]);
    expect(clock.pending()).toBe(0);
  });

  test("closed, nobody waits", async () => {
    const clock = fakeClock();
    const answers = createAnswers(clock);
    const collected = answers.collect(b, 1);
    answers.close();
    expect(await collected).toEqual([]);
    expect(clock.pending()).toBe(0);
  });
});
