import { invalidInput } from '../../core/errors.js';

/** Where a timestamp stands: in months where it names no day, else in milliseconds; plain numbers, years too, as they are. */
interface Moment {
  readonly unit: 'months' | 'ms' | 'numbers';
  readonly at: number;
  /** For steps of whole months, which differ in length: the month, and milliseconds since its start. */
  readonly months: number;
  readonly sinceStart: number;
  /** Milliseconds until its end. */
  readonly untilEnd: number;
}

const dayMs = 86_400_000;
const iso = /^(\d{4})-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?\s?(Z|[+-]\d\d:?\d\d)?)?)?$/;

/**
 * Holds each timestamp against those before it: all steps must be equal, in time or in calendar months, else values are missing.
 * A calendar without leap days may leave one out (29 February or 31 December), as climate records do.
 * @returns to be called with each cell in order; throws INVALID_INPUT
 */
export function createGapCheck(): (cell: string, at: string) => void {
  let before: Moment | undefined;
  let step: { ms: number; months: number } | undefined;
  return (cell, at) => {
    const now = parseMoment(cell);
    if (now === undefined) {
      throw invalidInput(at, 'has a timestamp of another form; write it as 2026-11-24, 2026-11-24T12:00 or 2026-11');
    }
    if (before !== undefined) {
      if (now.unit !== before.unit) throw invalidInput(at, 'has a timestamp of another form than the line before');
      const found = { ms: now.at - before.at, months: monthsBetween(before, now) };
      if (found.ms <= 0) throw invalidInput(at, 'is not later than the line before; sort the lines, each time once');
      step ??= found;
      const sameTime = nearlyEqual(found.ms, step.ms);
      const sameMonths = step.months > 0 && found.months === step.months;
      const leapDay = step.ms === dayMs && now.unit === 'ms' && leavesOutLeapDay(before.at, now.at);
      if (!sameTime && !sameMonths && !leapDay) {
        throw invalidInput(at, 'stands at another distance than the lines before; fill gaps, or send values alone');
      }
      // The first step alone may be either: 31 days, or from January to February.
      if (!leapDay) step = { ms: sameTime ? step.ms : Number.NaN, months: sameMonths ? step.months : 0 };
    }
    before = now;
  };
}

/** Whole months from the same day to the same day, or from last day to last day; else 0. */
function monthsBetween(before: Moment, now: Moment): number {
  const same = now.sinceStart === before.sinceStart || now.untilEnd === before.untilEnd;
  return same ? now.months - before.months : 0;
}

/** Whether a cell is a date or a date and time, as they are read here. */
export const isDate = (cell: string): boolean => iso.test(cell);

/** Numbers such as 0.1, 0.2, 0.3 are not spaced evenly to the last bit. */
const nearlyEqual = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-6 * Math.abs(b);

function parseMoment(cell: string): Moment | undefined {
  const parts = iso.exec(cell);
  if (parts === null) {
    if (!/^[+-]?(?:\d+(?:\.\d*)?|\.\d+)$/.test(cell)) return undefined;
    return { unit: 'numbers', at: Number(cell), months: 0, sinceStart: 0, untilEnd: 0 };
  }
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '0', zone] = parts;
  const months = 12 * Number(year) + Number(month) - 1;
  const midnight = Date.parse(`${year}-${month}-${day ?? '01'}T00:00:00Z`);
  const within = ((Number(hour) * 60 + Number(minute)) * 60 + Number(second) + Number(`0.${fraction}`)) * 1000;
  const overflow = new Date(midnight).getUTCMonth() + 1 !== Number(month);
  if (Number.isNaN(midnight) || overflow || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) {
    return undefined;
  }
  if (day === undefined) return { unit: 'months', at: months, months, sinceStart: 0, untilEnd: 0 };
  const start = Date.UTC(Number(year), Number(month) - 1);
  const end = Date.UTC(Number(year), Number(month));
  const local = midnight + within;
  return { unit: 'ms', at: local - offsetMs(zone), months, sinceStart: local - start, untilEnd: end - local };
}

function offsetMs(zone = 'Z'): number {
  if (zone === 'Z') return 0;
  const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)$/.exec(zone) as unknown as string[];
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}

/** Two days apart, and the day between is the one that a year of 365 days has no room for. */
function leavesOutLeapDay(before: number, now: number): boolean {
  if (now - before !== 2 * dayMs) return false;
  const between = new Date(before + dayMs);
  const year = between.getUTCFullYear();
  const isLeap = new Date(Date.UTC(year, 1, 29)).getUTCMonth() === 1;
  const date = `${between.getUTCMonth() + 1}-${between.getUTCDate()}`;
  return isLeap && (date === '2-29' || date === '12-31');
}
