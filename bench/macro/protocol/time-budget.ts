// How long contenders may take, so that a whole run of the suite ends in a time that is known before.

/** A run that did not end in time; what it would have answered is not known. */
export class TookTooLong extends Error {
  override name = "TookTooLong";
  readonly limitSeconds: number;

  constructor(what: string, limitSeconds: number) {
    super(`${what} took longer than ${limitSeconds} s and was stopped`);
    this.limitSeconds = limitSeconds;
  }
}

/** So many late runs in one workload say enough of a contender's others in it. */
const lateRunsMax = 2;

export interface TimeLimits {
  /** Of a single run. */
  readonly runSeconds: number;
  /** Of all runs of a contender, the starts of its processes included. */
  readonly contenderMinutes: number;
}

export class TimeBudget {
  readonly limits: TimeLimits;
  readonly #spentMs = new Map<string, number>();
  readonly #lateRuns = new Map<string, number>();

  constructor(limits: TimeLimits) {
    this.limits = limits;
  }

  spend(contender: string, ms: number): void {
    this.#spentMs.set(contender, (this.#spentMs.get(contender) ?? 0) + ms);
  }

  /** Of each contender that was given any time, in tenths. */
  get spentMinutes(): Readonly<Record<string, number>> {
    const minutes = (ms: number): number => Math.round(ms / 6000) / 10;
    return Object.fromEntries([...this.#spentMs].map(([name, ms]) => [name, minutes(ms)]));
  }

  noteLate(contender: string, workload: string): void {
    const key = `${contender}/${workload}`;
    this.#lateRuns.set(key, (this.#lateRuns.get(key) ?? 0) + 1);
  }

  /** Why a contender gets no more rows of a workload; undefined where it does. */
  refusal(contender: string, workload: string): string | undefined {
    const { runSeconds, contenderMinutes } = this.limits;
    if ((this.#lateRuns.get(`${contender}/${workload}`) ?? 0) >= lateRunsMax) {
      return `${lateRunsMax} runs of this workload took longer than ${runSeconds} s each`;
    }
    if ((this.#spentMs.get(contender) ?? 0) < contenderMinutes * 60_000) return undefined;
    return `its ${contenderMinutes} minutes were used up; --contender-minutes gives it more`;
  }
}
