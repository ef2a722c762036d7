// Ctrl-C, SIGTERM and SIGHUP: the first one asks the command to end, the second one ends it.

const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

type Signal = keyof typeof exitCodes;

export interface SignalSource {
  on(signal: Signal, listener: (signal: Signal) => void): unknown;
  exit(code: number): void;
}

/** Resolves with the exit code of the first signal. The second one does the rites and exits. */
export function watchInterrupts(
  source: SignalSource,
  lastRites: ReadonlySet<() => void>,
): Promise<number> {
  return new Promise((resolve) => {
    let first: number | undefined;
    const listener = (signal: Signal): void => {
      if (first === undefined) {
        first = exitCodes[signal];
        resolve(first);
        return;
      }
      for (const rite of lastRites) rite();
      source.exit(exitCodes[signal]);
    };
    for (const signal of Object.keys(exitCodes) as Signal[]) source.on(signal, listener);
  });
}
