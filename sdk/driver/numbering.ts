// Numbers the actions of a driver program in the order of their start, also where one needs several numbers.

/** The numbers of one action. */
export interface ActionNumbers {
  /** The next number; each stands for one action in the log. */
  next(): number;
  /** No more are needed: the action that the program started next may begin. */
  settled(): void;
}

/**
 * An action that may have to count something first takes numbers while it is planned, which takes time; those
 * that were started after it wait for that, so that every run of the program numbers alike.
 */
export class Numbering {
  #next = 0;
  /** Of the last action that has not settled its numbers. */
  #open: Promise<void> | undefined;

  /** Starts an action with one number, at once where none before it is open. */
  one<Outcome>(start: (actionIndex: number) => Promise<Outcome>): Promise<Outcome> {
    if (this.#open === undefined) return start(this.#next++);
    return this.#open.then(() => start(this.#next++));
  }

  /** Starts an action that takes numbers as it needs them. */
  several<Outcome>(start: (numbers: ActionNumbers) => Promise<Outcome>): Promise<Outcome> {
    const before = this.#open ?? Promise.resolve();
    let settled: () => void = () => {};
    const open = new Promise<void>((resolve) => {
      settled = resolve;
    });
    this.#open = open;
    const forget = () => {
      if (this.#open === open) this.#open = undefined;
    };
    return before.then(() =>
      start({
        next: () => this.#next++,
        settled: () => {
          settled();
          forget();
        },
      }),
    );
  }
}
