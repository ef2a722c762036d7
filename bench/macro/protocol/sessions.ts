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

/** Of what a process is asked before its first row. */
const setupSecondsMax = 120;

export class OpenSessions {
  readonly #options: SessionOptions;
  readonly #open = new Map<string, Session>();
  readonly #starts = new Map<string, { readonly startMs: number; readonly version: string }>();
  /** Those that could not be started are not tried again for each row. */
  readonly #unstartable = new Map<string, unknown>();

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
    if (this.#unstartable.has(key)) throw this.#unstartable.get(key);
    try {
      const session = await this.#start(contender, threads);
      this.#open.set(key, session);
      return session;
    } catch (failure) {
      this.#unstartable.set(key, failure);
      throw failure;
    }
  }

  async #start(contender: Contender, threads: number): Promise<Session> {
    const { workload, pin, environment, setup } = this.#options;
    const host = contender.host({ workload, threads });
    const session = await openSession({
      ...host,
      command: pin(host.command, threads),
      environment: { ...environment, ...host.environment },
    });
    const task = setup[contender.owner];
    if (task !== undefined) {
      try {
        await session.run({ task, output: tmpdir() }, setupSecondsMax);
      } catch (failure) {
        await session.close();
        throw failure;
      }
    }
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
