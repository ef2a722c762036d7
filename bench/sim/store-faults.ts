// What befalls calls to the object store: refusals, lost answers, effects that come minutes later.

import { type Clock, sleep } from "../../proto/ports/clock.ts";
import type { RandomStream } from "../../proto/ports/random.ts";
import type {
  MemoryBucket,
  StoreCall,
  StoreFault,
  StoreFaults,
} from "../../proto/testing/memory-store.ts";
import type { Life } from "./network.ts";

/** Per thousand calls. */
export interface StoreTrouble {
  refused: number;
  replyLost: number;
  late: number;
  requestLost: number;
  slow: number;
}

export const calmStore: Readonly<StoreTrouble> = {
  ...{ refused: 0, replyLost: 0, late: 0, requestLost: 0, slow: 0 },
};

/** A timed-out request may still apply this much later. */
const lateMsMax = 240_000;
const slowMsMax = 10_000;

export interface StoreFaultPorts {
  readonly bucket: MemoryBucket;
  readonly life: Life;
  readonly random: RandomStream;
  /** True time: late effects arrive whatever became of the sender. */
  readonly clock: Clock;
  readonly trouble: StoreTrouble;
  count(what: string): void;
  /** Before each call. */
  onCall(): void;
}

export function storeFaults(ports: StoreFaultPorts): StoreFaults {
  const { bucket, life, random, clock, trouble, count } = ports;

  function drawFault({ operation }: StoreCall): StoreFault {
    // What only reads is tried again within the real stores, far longer than these faults last.
    if (operation === "stat") return "none";
    const at = random.below(1000);
    let limit = 0;
    for (const kind of ["refused", "replyLost", "late", "requestLost"] as const) {
      limit += trouble[kind];
      if (at >= limit) continue;
      // An upload begun that late has a name which nobody ever learns: stores drop it by themselves.
      if (operation === "beginUpload" && kind !== "refused") return "requestLost";
      return kind;
    }
    return "none";
  }

  return async (call) => {
    ports.onCall();
    const isSlow = random.below(1000) < trouble.slow;
    if (isSlow) count("storeSlow");
    await sleep(life.clock, isSlow ? random.below(slowMsMax) : random.below(20));
    ports.onCall();
    const fault = drawFault(call);
    if (fault === "none") return fault;
    count(`store ${fault}`);
    if (fault === "late") {
      clock.after(random.below(lateMsMax), () => {
        bucket.late.shift()?.();
        ports.onCall();
      });
    }
    return fault;
  };
}
