// The processes of a workload's contenders: started when first asked for, ended together.

import type { Contender } from "../contenders/contenders.ts";
import { openSession, type Session } from "./session.ts";

/** Says on which cores a command may run, where there are more than its threads need. */
export type Pin = (command: readonly string[], threads: number) => readonly string[];

export class OpenSessions {
  readonly #workload: string;
  readonly #pin: Pin;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #open = new Map<string, Session>();
  readonly #starts = new Map<string, { readonly startMs: number; readonly version: string }>();

  constructor(workload: string, pin: Pin, environment: Readonly<Record<string, string>>) {
    this.#workload = workload;
    this.#pin = pin;
    this.#environment = environment;
  }

  /** What the first start of each contender took. */
  get starts(): Readonly<Record<string, { readonly startMs: number; readonly version: string }>> {
    return Object.fromEntries(this.#starts);
  }

  async get(contender: Contender, threads: number): Promise<Session> {
    const key = `${contender.name}/${threads}`;
    const found = this.#open.get(key);
    if (found !== undefined) return found;
    const host = contender.host({ workload: this.#workload, threads });
    const session = await openSession({
      ...host,
      command: this.#pin(host.command, threads),
      environment: { ...this.#environment, ...host.environment },
    });
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
