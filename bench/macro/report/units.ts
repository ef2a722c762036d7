// Figures as text: three digits are as many as such measurements are good for.

export function durationText(ms: number): string {
  if (ms >= 10_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  return ms >= 100 ? `${ms.toFixed(0)} ms` : `${Number(ms.toPrecision(2))} ms`;
}

/** Of a round number, on an axis. */
export function durationTick(ms: number): string {
  return ms >= 1000 ? `${ms / 1000} s` : `${ms} ms`;
}

export function ratioText(ratio: number): string {
  if (ratio >= 100) return `${ratio.toFixed(0)} ×`;
  return ratio >= 10 ? `${ratio.toFixed(1)} ×` : `${ratio.toFixed(2)} ×`;
}

export function bytesText(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(2)} GB` : `${Math.round(bytes / 1e6)} MB`;
}
