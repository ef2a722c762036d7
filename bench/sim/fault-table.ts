// Every fault that a simulation can inject, by the name it has on the command line.

/**
 * `rate`: per thousand messages, calls or syncs. `event`: its share among the things that happen.
 * `life`: drawn once for each life of a node.
 */
export type FaultForm = "rate" | "event" | "life";

interface FaultInfo {
  readonly form: FaultForm;
  /** The largest rate or share that a seed draws. */
  readonly most: number;
  readonly what: string;
}

export const faultTable = {
  requestLost: { form: "rate", most: 40, what: "a request does not arrive" },
  replyLost: { form: "rate", most: 40, what: "an answer does not arrive" },
  doubled: { form: "rate", most: 60, what: "a request arrives twice, up to 2 s apart" },
  late: { form: "rate", most: 20, what: "a request arrives up to 15 s late" },
  reordered: { form: "rate", most: 150, what: "a message is overtaken by others" },
  slowWire: { form: "rate", most: 120, what: "messages take up to this many ms, not 2" },
  cutMaster: { form: "event", most: 4, what: "one master reaches nobody" },
  cutWorker: { form: "event", most: 4, what: "one worker reaches nobody" },
  cutOneWay: { form: "event", most: 4, what: "nothing passes from one node to another" },
  cutRing: { form: "event", most: 2, what: "each master reaches its two neighbours only" },
  cutHalves: { form: "event", most: 2, what: "a majority and a minority, workers on either side" },
  cutBridge: { form: "event", most: 2, what: "two halves that only one master reaches both of" },
  shutMaster: { form: "event", most: 2, what: "one master reaches all, and nobody reaches it" },
  cutLockUser: { form: "event", most: 2, what: "a client that uses locks reaches nobody" },
  heal: { form: "event", most: 6, what: "all cuts and pauses end" },
  killMaster: { form: "event", most: 4, what: "a master loses power, unsynced bytes are lost" },
  killWorker: { form: "event", most: 4, what: "an agent dies with its executor and its blocks" },
  killExecutor: { form: "event", most: 1, what: "an executor dies under its tasks and drivers" },
  killClient: { form: "event", most: 2, what: "the clients that drive their jobs die" },
  pauseMaster: { form: "event", most: 4, what: "a master stands still, often beyond any lease" },
  pauseWorker: { form: "event", most: 4, what: "a worker stands still, often beyond its lease" },
  pauseLockUser: { form: "event", most: 3, what: "a client stands still, maybe beyond its lock" },
  clockDrift: { form: "life", most: 40, what: "clocks run up to this many per thousand wrong" },
  clockJump: { form: "event", most: 2, what: "somebody sets the wall clock of a node" },
  tornWrite: { form: "life", most: 1, what: "of unsynced bytes a crash leaves any part" },
  slowDisk: { form: "rate", most: 60, what: "a sync takes as long as an election" },
  hangDisk: { form: "event", most: 2, what: "the disk of a master hangs for seconds" },
  fullDisk: { form: "event", most: 2, what: "the disk of a master is full for seconds" },
  failSync: { form: "event", most: 2, what: "a sync fails: the master ends, and starts again" },
  bitFlip: { form: "event", most: 2, what: "a bit of one master's log rots; that master restarts" },
  storeRefused: { form: "rate", most: 200, what: "the store answers 500, 503 or 409: no effect" },
  storeReplyLost: { form: "rate", most: 100, what: "200 with an error, or no answer: effect" },
  storeLate: { form: "rate", most: 100, what: "no answer; the effect comes minutes later" },
  storeRequestLost: { form: "rate", most: 100, what: "no answer, and never an effect" },
  storeSlow: { form: "rate", most: 400, what: "a call takes up to 10 s" },
  uploadForgotten: { form: "event", most: 1, what: "404 NoSuchUpload for a finished upload" },
  corruptBlock: { form: "event", most: 2, what: "a sealed block fails its checksum" },
  loseBlock: { form: "event", most: 2, what: "a sealed block is gone" },
  transferLeader: { form: "event", most: 3, what: "leadership is handed over" },
  changeMembers: { form: "event", most: 3, what: "a master is added, removed or replaced" },
  cancelJob: { form: "event", most: 1, what: "a job is cancelled" },
  nondeterminism: { form: "life", most: 1, what: "some jobs give other rows with each attempt" },
} as const satisfies Readonly<Record<string, FaultInfo>>;

export type FaultName = keyof typeof faultTable;
export const faultNames = Object.keys(faultTable) as readonly FaultName[];

/** Where one is drawn, the job may rightly fail: what failed so often is given up. */
export const faultsThatFailJobs: ReadonlySet<FaultName> = new Set<FaultName>([
  ...(["killExecutor", "uploadForgotten", "nondeterminism", "cancelJob"] as const),
  ...(["storeRefused", "storeReplyLost", "storeLate", "storeRequestLost"] as const),
]);
