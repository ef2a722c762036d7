// Whoever looks after the masters: adds, removes and replaces them one at a time, and hands over leadership.

import { EngineError } from "../../proto/errors.ts";
import { type Clock, sleep } from "../../proto/ports/clock.ts";
import type { LeaderCalls } from "../../proto/ports/leader.ts";
import { masterApi } from "../../proto/wire/methods.ts";
import type { MastersView } from "../../proto/wire/views.ts";

export interface Operator {
  /** Names of the members, as far as it knows; each may vote. */
  readonly members: Set<string>;
  /** A change whose outcome is still open. */
  isBusy(): boolean;
  /** Starts a change and sees it through, whatever happens meanwhile. */
  add(replaces: string | undefined): void;
  remove(name: string): void;
  transfer(to: string): void;
  list(): Promise<MastersView>;
}

export interface OperatorPorts {
  readonly leader: LeaderCalls;
  readonly clock: Clock;
  readonly founders: readonly string[];
  /** Starts a master that is no member yet. */
  startJoiner(name: string): Promise<void>;
  /** It is no member any more. */
  onRemoved(name: string): void;
  count(what: string): void;
}

/** Answers after which the same may be asked again: the outcome is open, or it is not yet the time. */
const asksAgain = ["UNAVAILABLE", "DEADLINE", "NOT_LEADER"];

export function createOperator(ports: OperatorPorts): Operator {
  const { leader, clock, count } = ports;
  const members = new Set(ports.founders);
  let busy = 0;
  let joined = 0;

  async function list(): Promise<MastersView> {
    const { mastersJson } = await leader.call(masterApi.list, {});
    return JSON.parse(mastersJson) as MastersView;
  }

  /** Until it is done or refused for good. */
  async function insist(ask: () => Promise<unknown>): Promise<boolean> {
    for (;;) {
      try {
        await ask();
        return true;
      } catch (thrown) {
        if (!(thrown instanceof EngineError)) throw thrown;
        if (!asksAgain.includes(thrown.code)) return false;
        await sleep(clock, 500);
      }
    }
  }

  /** Until the members are as they should be: promotion comes by itself, when a learner caught up. */
  async function until(isReached: (view: MastersView) => boolean): Promise<void> {
    let isOver = false;
    while (!isOver) {
      await sleep(clock, 500);
      await insist(async () => {
        isOver = isReached(await list());
      });
    }
  }

  function change(run: () => Promise<void>): void {
    busy++;
    void run().finally(() => busy--);
  }

  const isVoter = (view: MastersView, name: string): boolean =>
    view.masters.some(({ masterId, role }) => masterId === name && role !== "learner");
  const isMember = (view: MastersView, name: string): boolean =>
    view.masters.some(({ masterId }) => masterId === name);

  async function add(replaces: string | undefined): Promise<void> {
    const name = `m${++joined}`;
    await ports.startJoiner(name);
    const request = { masterId: name, address: `${name}:1`, replaces: replaces ?? "" };
    let isIn = false;
    while (!isIn) {
      isIn = await insist(() => leader.call(masterApi.add, request));
      // Refused because it does not answer just now: it is somewhere, and will.
      if (!isIn) await sleep(clock, 1000);
    }
    await until((view) => {
      const isGone = replaces === undefined || !isMember(view, replaces);
      return isVoter(view, name) && isGone;
    });
    members.add(name);
    count(replaces === undefined ? "memberAdded" : "memberReplaced");
    if (replaces !== undefined) retire(replaces);
  }

  function retire(name: string): void {
    members.delete(name);
    ports.onRemoved(name);
  }

  return {
    members,
    list,
    isBusy: () => busy > 0,
    add: (replaces) => change(() => add(replaces)),
    remove: (name) =>
      change(async () => {
        const request = { masterId: name, force: false };
        const isDone = await insist(() => leader.call(masterApi.remove, request));
        if (!isDone) return;
        await until((view) => !isMember(view, name));
        count("memberRemoved");
        retire(name);
      }),
    // Given up where it takes too long, as one that only balances would be.
    transfer: (to) => {
      const ask = leader.call(masterApi.transfer, { masterId: to });
      ask.then(() => count("leaderTransferred")).catch(() => undefined);
    },
  };
}
