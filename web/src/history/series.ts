// SPDX-License-Identifier: Apache-2.0
// The past of one series, as the chart wants it: times in seconds, a gap where nothing was heard.
import { api, at, Problem } from '../shell/api';

export interface Past {
  times: number[];
  values: (number | null)[];
  isBehind: boolean; // the newest is missing, for now
}

interface SeriesAnswer {
  items: [string, number | null][];
}

// The mean of every step; a step without values is a gap, not a zero.
export async function loadSeries(event: string, series: string, fromMs: number, toMs: number, stepS: number): Promise<Past> {
  const query = new URLSearchParams({
    event, from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString(), step: `${stepS}s`, agg: 'mean',
  });
  let isBehind = false;
  const answer = await api.get<SeriesAnswer>(`${at('series', series)}?${query.toString()}`, (headers) => {
    isBehind = headers.get('X-Incomplete') !== null;
  });
  const times: number[] = [];
  const values: (number | null)[] = [];
  let lastS = -Infinity;
  for (const [time, value] of answer.items) {
    const s = Date.parse(time) / 1000;
    if (s - lastS > stepS * 2.5 && times.length > 0) {
      times.push(lastS + stepS);
      values.push(null);
    }
    times.push(s);
    values.push(value);
    lastS = s;
  }
  return { times, values, isBehind };
}

// A series that nobody has written yet is an empty one.
export async function loadOrNothing(...asked: Parameters<typeof loadSeries>): Promise<Past> {
  try {
    return await loadSeries(...asked);
  } catch (error) {
    if (error instanceof Problem && error.status === 404) return { times: [], values: [], isBehind: false };
    throw error;
  }
}

// Two series on one axis of time.
export function joined(a: Past, b: Past): [number[], (number | null)[], (number | null)[]] {
  const byTime = new Map<number, [number | null, number | null]>();
  a.times.forEach((time, i) => byTime.set(time, [a.values[i] ?? null, null]));
  b.times.forEach((time, i) => byTime.set(time, [byTime.get(time)?.[0] ?? null, b.values[i] ?? null]));
  const times = [...byTime.keys()].sort((x, y) => x - y);
  return [times, times.map((time) => byTime.get(time)![0]), times.map((time) => byTime.get(time)![1])];
}
