// Functions made of text. Each lives as long as its thread, however many batches, tasks and jobs ask for it: the engine
// drops what it optimised of functions that nobody holds, and would have to do so again.

import { generatedLoopsMax } from "../limits/expressions.ts";

/** By keys that are equal for equal code only. What differs between batches and tasks is handed to a loop as arguments. */
export class GeneratedLoops<Loop> {
  private readonly known = new Map<string, Loop>();

  get(key: string): Loop | undefined {
    return this.known.get(key);
  }

  /** Beyond the bound the one made first goes. */
  make(key: string, parameters: readonly string[], code: string): Loop {
    const loop = new Function(...parameters, code) as Loop;
    this.known.set(key, loop);
    for (const oldest of this.known.keys()) {
      if (this.known.size <= generatedLoopsMax) break;
      this.known.delete(oldest);
    }
    return loop;
  }
}
