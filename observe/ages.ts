const HOUR = 60 * 60;

/** How old what a schedule brings may be, in seconds, by the longest time between two of its moments. */
export function allowedAge(interval: number): { readonly warn: number; readonly fail: number } {
  return { warn: 1.25 * interval + HOUR, fail: 4 * interval + HOUR };
}

/** An age in one figure. */
export function renderAge(seconds: number): string {
  const hours = Math.floor(seconds / HOUR);
  if (hours < 1) return `${Math.floor(seconds / 60)} minutes`;
  return hours < 48 ? `${hours} hours` : `${Math.floor(hours / 24)} days`;
}
