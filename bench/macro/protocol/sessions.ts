// The processes of a workload's contenders: started when first asked for, ended together.

import { tmpdir } from "node:os";
import type { Contender } from "../contenders/contenders.ts";
import { openSession, type Session } from "./session.ts";
import type { Prepared } from "./workload.ts";

/** Says on which cores a command may run, where there are more than its threads need. */
export type Pin = (command: readonly string[], threads: number) => readonly string[];

export interface SessionOptions {
  readonly workload: string;
  readonly pin: Pin;
  /** Beside what this process has. */
  readonly environment: Readonly<Record<string, string>>;
  readonly setup: NonNullable<Prepared["setup"]>;
}

export class OpenSessions {
  readonly #options: SessionOptions;
  readonly #open = new Map<string, Session>();
  readonly #starts = new Map<string, { readonly startMs: number; readonly version: string }>();

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** What the first start of each contender took. */
  get starts(): Readonly<Record<string, { readonly startMs: number; readonly version: string }>> {
    return Object.fromEntries(this.#starts);
  }

  async get(contender: Contender, threads: number): Promise<Session> {
    const key = `${contender.name}/${threads}`;
    const found = this.#open.get(key);
    if (found !== undefined) return found;
    const { workload, pin, environment, setup } = this.#options;
    const host = contender.host({ workload, threads });
    const session = await openSession({
      ...host,
      command: pin(host.command, threads),
      environment: { ...environment, ...host.environment },
    });
    const task = setup[contender.owner];
    if (task !== undefined) await session.run({ task, output: tmpdir() });
    this.#open.set(key, session);
    if (!this.#starts.has(contender.name)) {
      const { startMs, version } = session;
      this.#starts.set(contender.name, { startMs: Math.round(startMs), version });
    }
    return session;
  }

  /** Ends a process that failed: the next row gets a new one. */
  async drop(contender: Contender, threads: number): Promise<void> {
    const key = `${contender.name}/${threads}`;
    const session = this.#open.get(key);
    this.#open.delete(key);
    await session?.close();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map((session) => session.close()));
    this.#open.clear();
  }
}
