// One number for all that happened in a run: equal runs have equal numbers.

export interface Trace {
  /** `payload`: the bytes that moved, or nothing. */
  note(timeMs: number, node: string, kind: string, payload?: Uint8Array): void;
  /** 64 bits as hexadecimal digits. */
  hash(): string;
  events(): number;
}

/** Two multiplicative hashes side by side; they need only tell runs apart, not resist anybody. */
export function createTrace(): Trace {
  let low = 0x811c9dc5 | 0;
  let high = 0x9e3779b9 | 0;
  let events = 0;

  const mix = (value: number): void => {
    low = Math.imul(low ^ value, 0x01000193);
    low ^= low >>> 15;
    high = Math.imul(high + value, 0x85ebca6b);
    high ^= high >>> 13;
  };
  const mixText = (text: string): void => {
    for (let at = 0; at < text.length; at++) mix(text.charCodeAt(at));
    mix(text.length);
  };

  return {
    note: (timeMs, node, kind, payload) => {
      events++;
      // Microseconds: drifting clocks give fractions.
      mix(Math.round(timeMs * 1000) | 0);
      mixText(node);
      mixText(kind);
      if (payload === undefined) return;
      for (let at = 0; at < payload.length; at++) mix(payload[at]!);
      mix(payload.length);
    },
    hash: () => [high, low].map((part) => (part >>> 0).toString(16).padStart(8, "0")).join(""),
    events: () => events,
  };
}
