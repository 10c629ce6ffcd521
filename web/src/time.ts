/** Plant time: everything on screen is in the plant's own zone, wherever the browser stands. */

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export interface PlantTime {
  /** Milliseconds to add to UTC to get the plant's wall time. */
  offset(at: number): number;
  /** 14:05 */
  clock(at: number): string;
  /** Tue 10 Mar */
  day(at: number): string;
  /** Tue 14:05; 10 Mar 14:05 when it is not within six days of `near` */
  moment(at: number, near?: number): string;
}

export function plantTime(zone: string): PlantTime {
  // Swedish writes dates as ISO 8601 does: 2026-03-10 09:20
  const iso = new Intl.DateTimeFormat("sv", { timeZone: zone, dateStyle: "short", timeStyle: "short" });
  const known = new Map<number, number>();

  // Zones change their offset on quarter hours only, so one lookup serves fifteen minutes.
  function offset(at: number): number {
    const slot = Math.floor(at / (15 * MINUTE));
    let found = known.get(slot);
    if (found === undefined) {
      const start = slot * 15 * MINUTE;
      found = Date.parse(`${iso.format(start).replace(" ", "T")}Z`) - start;
      if (known.size > 20_000) known.clear();
      known.set(slot, found);
    }
    return found;
  }
  const wall = (at: number): Date => new Date(at + offset(at));
  const clock = (at: number): string => wall(at).toISOString().slice(11, 16);
  const day = (at: number): string => {
    const [weekday, date, month] = wall(at).toUTCString().split(/,? 0?/);
    return `${weekday} ${date} ${month}`;
  };
  const moment = (at: number, near?: number): string =>
    near !== undefined && Math.abs(at - near) < 6 * DAY
      ? `${day(at).slice(0, 3)} ${clock(at)}`
      : `${day(at).slice(4)} ${clock(at)}`;
  return { offset, clock, day, moment };
}

/** 45 s, 12 min, 3 h 05, 2.5 d: the shortest that a planner reads without thinking. */
export function duration(ms: number): string {
  const size = Math.abs(ms);
  const sign = ms < 0 ? "−" : "";
  if (size < 59_500) return `${sign}${Math.round(size / 1000)} s`;
  if (size < HOUR - 30_000) return `${sign}${Math.round(size / MINUTE)} min`;
  if (size < 2 * DAY) {
    const minutes = Math.round(size / MINUTE);
    return `${sign}${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")}`;
  }
  return `${sign}${(size / DAY).toFixed(1)} d`;
}

/** +25 min, −1 h 10, or "same time" within a minute. */
export function shift(ms: number): string {
  if (Math.abs(ms) < MINUTE) return "same time";
  return ms > 0 ? `+${duration(ms)}` : duration(ms);
}
