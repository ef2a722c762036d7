// What a peer is to be answered, while its delivery still waits: the answer travels back in its reply.

import type { MasterId } from "../../proto/ids.ts";
import { peerAnswerWaitMs } from "../../proto/limits/raft.ts";
import type { Clock, Timer } from "../../proto/ports/clock.ts";
import { type Message, mayTravelBack } from "../raft/messages.ts";

export interface Answers {
  /**
   * Resolves with as many answers for `to` as are `expected`, or with those that there are once the
   * wait is over.
   */
  collect(to: MasterId, expected: number): Promise<readonly Message[]>;
  /** Keeps the answers for which a delivery waits, and gives back the rest, to be sent by itself. */
  take(messages: readonly Message[]): readonly Message[];
  /** Nobody waits any more. */
  close(): void;
}

/** A delivery that waits for its answers. */
interface Waiting {
  readonly to: MasterId;
  readonly expected: number;
  readonly answers: Message[];
  readonly timer: Timer;
  readonly resolve: (answers: readonly Message[]) => void;
}

/**
 * Which delivery carries which answer does not matter: the oldest that waits is served first. An answer
 * for which none waits, say after a slow sync, travels as a delivery of its own.
 */
export function createAnswers(clock: Clock): Answers {
  const waiting: Waiting[] = [];

  function settle(one: Waiting): void {
    const at = waiting.indexOf(one);
    if (at < 0) return;
    waiting.splice(at, 1);
    one.timer.cancel();
    one.resolve(one.answers);
  }

  return {
    collect: (to, expected) =>
      new Promise((resolve) => {
        const timer = clock.after(peerAnswerWaitMs, () => settle(one));
        const one: Waiting = { to, expected, answers: [], timer, resolve };
        waiting.push(one);
      }),
    take: (messages) => {
      if (waiting.length === 0) return messages;
      return messages.filter((message) => {
        if (!mayTravelBack(message.kind)) return true;
        const one = waiting.find(({ to }) => to === message.to);
        if (one === undefined) return true;
        one.answers.push(message);
        if (one.answers.length === one.expected) settle(one);
        return false;
      });
    },
    close: () => {
      for (const one of [...waiting]) settle(one);
    },
  };
}
