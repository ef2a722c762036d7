// Looks at the logs and states of all masters while they work: what Raft promises, checked at each entry.

import { isJoint, type Membership, votersOf } from "../../master/raft/membership.ts";
import { decodeMembership } from "../../master/raft/membership-codec.ts";
import { hasQuorum } from "../../master/raft/quorum.ts";
import { digest } from "../../master/scheduler/snapshot.ts";
import type { ClusterState } from "../../master/scheduler/state.ts";
import { checkInvariants } from "../../master/scheduler/testing/invariants.ts";
import type { RaftStorage, SaveBatch } from "../../master/storage/raft-storage.ts";
import { assert } from "../../proto/errors.ts";
import type { MasterId } from "../../proto/ids.ts";
import { loggedTickMs, workerLeaseLoggedTicks } from "../../proto/limits.ts";
import { createTokenWatch } from "./watch-tokens.ts";

type Entry = SaveBatch["entries"][number];

/** Terms of the entries after `base`. */
interface LogShape {
  base: number;
  terms: number[];
}

export interface LogWatch {
  /** The same storage; what passes through it is looked at. */
  watched(name: string, storage: RaftStorage): RaftStorage;
  /** Its log was damaged, and it begins anew: nothing that it had counts as had. */
  forget(name: string): void;
  status(name: string, role: string, term: number): void;
  applied(name: string, index: number, state: ClusterState): void;
  /** The newest membership that is known to be committed; undefined while it is changing. */
  settledMembership(): Membership | undefined;
  /** The newest state that any master has. */
  newest(): ClusterState | undefined;
  /** Whether the log accepted that attempt. */
  wasAccepted(task: string, token: number): boolean;
  /** Whether that life of a worker was a member and is none any more. */
  isOver(incarnation: string): boolean;
  elections(): number;
  entries(): number;
  /** Whether this master applied the newest entry of all. */
  hasNewest(name: string): boolean;
}

export interface LogWatchOptions {
  readonly membership: Membership;
  nowMs(): number;
  /** True milliseconds of the shortest time that a worker's lease may last. */
  readonly leaseMsMin: number;
}

/** Replicas are compared in full at each entry whose index it divides, and after each snapshot. */
const digestEvery = 32;

export function shortestLeaseMs(pace: number, driftPerThousandMax: number): number {
  // From when a renewal is applied: the first tick may come at once, and after a failover, which may
  // apply a renewal long after it was asked for, the second one too. The leader's clock may be fast.
  const ticks = workerLeaseLoggedTicks - 2;
  return (ticks * loggedTickMs * pace) / (1 + driftPerThousandMax / 1000);
}

function hashOf(entry: Entry): number {
  let hash = entry.kind.charCodeAt(0);
  for (const byte of entry.data) hash = (Math.imul(hash, 0x01000193) ^ byte) | 0;
  return hash;
}

const termAt = ({ base, terms }: LogShape, index: number): number | undefined =>
  terms[index - base - 1];

function addTo(log: LogShape, batch: SaveBatch): void {
  if (batch.snapshot !== undefined) {
    log.base = batch.snapshot.index;
    log.terms = [];
  }
  for (const { index, term } of batch.entries) {
    if (index <= log.base) continue;
    log.terms.length = index - log.base - 1;
    log.terms.push(term);
  }
}

export function createLogWatch(options: LogWatchOptions): LogWatch {
  const memberships: Membership[] = [options.membership];
  let committedMembership = options.membership;
  /** Changes of membership in logs that nobody applied yet, by index. */
  let changes: { readonly index: number; readonly term: number; readonly to: Membership }[] = [];
  const leaders = new Map<number, string>();
  /** By index and term: equal ones hold equal bytes after equal terms, on every master. */
  const known = new Map<string, { readonly hash: number; readonly priorTerm: number }>();
  const taken = new Map<string, LogShape>();
  const durable = new Map<string, LogShape>();
  /** Term by index of what was applied anywhere. */
  const committed = new Map<number, number>();
  /** By index: no leader of a later term than this committed it. */
  const committedIn = new Map<number, number>();
  let newestTerm = 0;
  const digests = new Map<number, string>();
  const appliedBy = new Map<string, number>();
  const over = new Set<string>();
  const tokens = createTokenWatch();
  const renewals = new Map<string, { tick: number; incarnation: string; atMs: number }>();
  let newestIndex = 0;
  let newest: ClusterState | undefined;
  let entries = 0;

  function noteEntry(name: string, entry: Entry, priorTerm: number | undefined): void {
    const key = `${entry.index}/${entry.term}`;
    const hash = hashOf(entry);
    const before = known.get(key);
    if (before === undefined) {
      entries++;
      known.set(key, { hash, priorTerm: priorTerm ?? -1 });
      if (entry.kind === "config") noteChange(entry);
      return;
    }
    assert(before.hash === hash, `log matching: ${name} has other bytes in entry ${key}`);
    const agrees =
      priorTerm === undefined || before.priorTerm < 0 || before.priorTerm === priorTerm;
    assert(agrees, `log matching: before entry ${key} ${name} has term ${priorTerm}`);
  }

  function noteChange({ index, term, data }: Entry): void {
    const to = decodeMembership(data);
    memberships.push(to);
    changes.push({ index, term, to });
  }

  /** Of what is in the log up to there, the last one counts; the others came before it or to nothing. */
  function noteCommitted(name: string, upTo: number): void {
    if (changes.length === 0) return;
    const log = taken.get(name)!;
    const past = changes.filter(({ index }) => index <= upTo);
    const inLog = past.filter(({ index, term }) => termAt(log, index) === term);
    const last = inLog.sort((a, b) => a.index - b.index).at(-1);
    if (last !== undefined) committedMembership = last.to;
    changes = changes.filter(({ index }) => index > upTo);
  }

  function noteSave(name: string, batch: SaveBatch): void {
    const log = taken.get(name)!;
    for (const entry of batch.entries) {
      const term = committed.get(entry.index);
      const had = term !== undefined && termAt(log, entry.index) === term;
      const isKept = !had || term === entry.term;
      assert(isKept, `${name} replaces committed entry ${entry.index} of term ${term}`);
    }
    addTo(log, batch);
    for (const entry of batch.entries) noteEntry(name, entry, termAt(log, entry.index - 1));
  }

  function reopen(name: string, storage: RaftStorage): void {
    const { snapshot, entries: found } = storage.recovered;
    const log: LogShape = { base: snapshot?.index ?? 0, terms: found.map((entry) => entry.term) };
    const before = durable.get(name);
    for (const [index, term] of before === undefined ? [] : committed) {
      if (index <= log.base || termAt(before!, index) !== term) continue;
      const now = termAt(log, index);
      assert(now === term, `${name} lost entry ${index}, which it had made durable`);
    }
    durable.set(name, log);
    taken.set(name, { base: log.base, terms: [...log.terms] });
  }

  function watched(name: string, storage: RaftStorage): RaftStorage {
    reopen(name, storage);
    // Applied again from the snapshot on; then it is known how far.
    appliedBy.delete(name);
    const own = durable.get(name)!;
    return {
      ...storage,
      save: async (batch) => {
        noteSave(name, batch);
        await storage.save(batch);
        // A life that is over changes nothing: what it saved is found when the log is opened.
        if (durable.get(name) === own) addTo(own, batch);
      },
    };
  }

  function holds(name: string, index: number, term: number): boolean {
    const log = durable.get(name);
    return log !== undefined && (index <= log.base || termAt(log, index) === term);
  }

  /** Whoever counted did so by a membership that stands in some log. */
  function checkDurable(name: string, index: number): void {
    const log = taken.get(name)!;
    const term = termAt(log, index);
    if (term === undefined) return;
    const isHeld = memberships.some((membership) =>
      hasQuorum(votersOf(membership), (id: MasterId) => holds(id, index, term)),
    );
    assert(isHeld, `${name} applied entry ${index} of term ${term}, which no quorum has durably`);
    committed.set(index, term);
    committedIn.set(index, newestTerm);
  }

  function checkLeases(state: ClusterState): void {
    const nowMs = options.nowMs();
    for (const { workerId, incarnation, renewedTick } of state.workers.values()) {
      const last = renewals.get(workerId);
      if (last?.incarnation === incarnation && last.tick === renewedTick) continue;
      if (last !== undefined && last.incarnation !== incarnation) over.add(last.incarnation);
      renewals.set(workerId, { tick: renewedTick, incarnation, atMs: nowMs });
    }
    for (const [workerId, { atMs, incarnation }] of renewals) {
      if (state.workers.has(workerId as never)) continue;
      over.add(incarnation);
      renewals.delete(workerId);
      const lastedMs = nowMs - atMs;
      const isEarly = lastedMs < options.leaseMsMin;
      assert(!isEarly, `the lease of ${workerId} ended ${lastedMs} ms after its renewal`);
    }
  }

  function applied(name: string, index: number, state: ClusterState): void {
    appliedBy.set(name, index);
    const isFirst = index > newestIndex;
    if (isFirst) {
      newestIndex = index;
      newest = state;
      checkDurable(name, index);
      noteCommitted(name, index);
      checkLeases(state);
      tokens.applied(state);
    }
    if (index % digestEvery !== 0) return;
    const now = digest(state);
    const first = digests.get(index) ?? now;
    digests.set(index, first);
    assert(now === first, `${name} has another state than others at index ${index}`);
    if (isFirst) checkInvariants(state);
  }

  function status(name: string, role: string, term: number): void {
    if (role !== "leader") return;
    const other = leaders.get(term) ?? name;
    assert(other === name, `${other} and ${name} both lead term ${term}`);
    leaders.set(term, name);
    newestTerm = Math.max(newestTerm, term);
    const log = taken.get(name)!;
    for (const [index, committedTerm] of committed) {
      // Who hears of an old vote leads a term that is over: it has what was committed before that term alone.
      if (index <= log.base || committedIn.get(index)! >= term) continue;
      const own = termAt(log, index);
      assert(own === committedTerm, `${name} leads term ${term} without committed entry ${index}`);
    }
  }

  return {
    ...{ watched, status, applied, wasAccepted: tokens.wasAccepted },
    forget: (name) => {
      durable.delete(name);
      taken.delete(name);
    },
    settledMembership: () => {
      const { learners } = committedMembership;
      const isChanging = isJoint(committedMembership) || changes.length + learners.length > 0;
      return isChanging ? undefined : committedMembership;
    },
    newest: () => newest,
    isOver: (incarnation) => over.has(incarnation),
    elections: () => leaders.size,
    entries: () => entries,
    hasNewest: (name) => appliedBy.get(name) === newestIndex,
  };
}
