// How many kernels of a kind a thread has in use: each reserves a part of the address space, which no process has without end.

export class OpenKernels {
  private readonly openMax: number;
  private open = 0;
  /** Whoever fails does not close what it opened. */
  private readonly forgotten = new FinalizationRegistry<undefined>(() => {
    this.open--;
  });

  constructor(openMax: number) {
    this.openMax = openMax;
  }

  get isFull(): boolean {
    return this.open >= this.openMax;
  }

  /** Counted until it is closed, or collected. */
  add(owner: object): void {
    this.open++;
    this.forgotten.register(owner, undefined, owner);
  }

  /** To be called once for each that was added. */
  close(owner: object): void {
    this.open--;
    this.forgotten.unregister(owner);
  }
}
