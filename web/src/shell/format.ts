// SPDX-License-Identifier: Apache-2.0
// Numbers, ages and times as people read them at a glance.

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });

export const count = (value: number | null | undefined) => (value == null ? '–' : whole.format(value));
export const measure = (value: number | null | undefined) => (value == null ? '–' : short.format(value));

// Always with its decimals: columns of figures must not dance.
export function density(value: number | null | undefined): string {
  return value == null ? '–' : value.toFixed(value < 10 ? 2 : 1);
}

export function duration(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return `${s} s`;
  const min = Math.floor(s / 60);
  if (min < 60) return `${min} min`;
  const h = Math.floor(min / 60);
  if (h < 48) return min % 60 === 0 ? `${h} h` : `${h} h ${min % 60} min`;
  return `${Math.floor(h / 24)} days`;
}

// How long ago; counts come every second, so that less than two is now.
export const ago = (ms: number) => (ms < 2000 ? 'just now' : `${duration(ms)} ago`);

export function timeOfDay(ms: number, withSeconds: 'seconds' | 'minutes' = 'seconds'): string {
  return new Date(ms).toLocaleTimeString(undefined, {
    hour: '2-digit', minute: '2-digit', hourCycle: 'h23',
    ...(withSeconds === 'seconds' ? { second: '2-digit' } : {}),
  });
}

// The time of day, with the date when it is not today's.
export function moment(ms: number, nowMs: number): string {
  const isToday = new Date(ms).toDateString() === new Date(nowMs).toDateString();
  if (isToday) return timeOfDay(ms);
  const day = new Date(ms).toLocaleDateString(undefined, { day: 'numeric', month: 'short' });
  return `${day} ${timeOfDay(ms, 'minutes')}`;
}

export const plural = (n: number, one: string, many: string) => `${count(n)} ${n === 1 ? one : many}`;
