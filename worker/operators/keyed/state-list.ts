// A state for each key, by the key's number: doubles in one array as long as all of them are numbers. Each addition would
// else make a box that an old object refers to, and such boxes outlive the next collection of garbage.

const firstSlots = 64;

export class StateList<State> {
  private numbers: Float64Array | undefined = new Float64Array(firstSlots);
  private values: State[] = [];
  private length = 0;

  /** Whether a state takes its place in an array and nothing else. */
  get areNumbers(): boolean {
    return this.numbers !== undefined;
  }

  get(slot: number): State {
    const { numbers } = this;
    return numbers === undefined ? this.values[slot]! : (numbers[slot] as State);
  }

  set(slot: number, state: State): void {
    const { numbers } = this;
    if (numbers === undefined) this.values[slot] = state;
    else if (typeof state === "number") numbers[slot] = state;
    else this.asValues()[slot] = state;
  }

  /** Of the next key. */
  add(state: State): void {
    const slot = this.length++;
    if (this.numbers?.length === slot) {
      const larger = new Float64Array(2 * slot);
      larger.set(this.numbers);
      this.numbers = larger;
    }
    this.set(slot, state);
  }

  clear(): void {
    this.numbers = new Float64Array(firstSlots);
    this.values = [];
    this.length = 0;
  }

  private asValues(): State[] {
    const filled = this.numbers!.subarray(0, this.length);
    this.values = Array.from(filled) as unknown[] as State[];
    this.numbers = undefined;
    return this.values;
  }
}
