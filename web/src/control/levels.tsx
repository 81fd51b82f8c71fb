// SPDX-License-Identifier: Apache-2.0
// How crowded, in four signs that do not need each other: colour, shape, word, and the plan's
// pattern. Whoever does not see colours, or sees them through rain, has the other three.
import type { Level, ZoneNow } from '../shell/documents';

export interface LevelWords {
  level: Level;
  word: string;
  rank: number;
}

export const LEVELS: LevelWords[] = [
  { level: 'red', word: 'Danger', rank: 4 },
  { level: 'orange', word: 'Dense', rank: 3 },
  { level: 'amber', word: 'Busy', rank: 2 },
  { level: 'green', word: 'Calm', rank: 1 },
  { level: 'unknown', word: 'No data', rank: 0 },
];

const UNKNOWN: LevelWords = { level: 'unknown', word: 'No data', rank: 0 };

export const levelWords = (level: Level) => LEVELS.find((entry) => entry.level === level) ?? UNKNOWN;

const SHAPES: Record<Level, string> = {
  green: 'M8 3.2a4.800 4.800 0 1 0 0 9.600a4.800 4.800 0 1 0 0-9.600Z',
  amber: 'M8 2 15 14H1Z',
  orange: 'M8 .8 15.200 8 8 15.200 .8 8Z',
  red: 'M5 .8h6L15.200 5v6L11 15.200H5L.8 11V5Z',
  unknown: 'M1.200 5V1.200H5M11 1.200h3.800V5M14.800 11v3.800H11M5 14.800H1.200V11',
};

export function LevelSign({ level, size = 16 }: { level: Level; size?: number }) {
  return (
    <svg class={`sign level-${level}`} viewBox="0 0 16 16" width={size} height={size} aria-hidden="true"
      focusable="false">
      <path d={SHAPES[level] ?? SHAPES.unknown} />
      {level === 'red' && <path class="sign-ink" d="M7 3.600h2v5.200H7ZM7 10.400h2v2H7Z" />}
      {level === 'unknown' && (
        <path class="sign-stroke" d="M5.700 6.200C5.700 4.700 6.700 4 8 4s2.300.8 2.300 2c0 1.600-2.300 1.800-2.300 3.500M8 11v1.600" />
      )}
    </svg>
  );
}

export function LevelWord({ level }: { level: Level }) {
  return <span class={`level-word level-${level}`}>{levelWords(level).word}</span>;
}

export type ZoneAlarm = 'open' | 'acknowledged';

export const alarmWords = (alarm: ZoneAlarm | undefined) => (
  alarm === undefined ? '' : alarm === 'open' ? ', alarm open' : ', alarm seen');

// A bell beside the zone's count: full while an alarm waits for a person, hollow once it is seen.
export function AlarmSign({ alarm, size = 16 }: { alarm: ZoneAlarm | undefined; size?: number }) {
  if (!alarm) return null;
  return (
    <svg class={`bell is-${alarm}`} viewBox="0 0 16 16" width={size} height={size} aria-hidden="true" focusable="false">
      <path d="M8 1.600a4.400 4.400 0 0 0-4.400 4.400c0 3.600-1.800 5.200-1.800 5.200h12.400s-1.800-1.600-1.800-5.200A4.400 4.400 0 0 0 8 1.600ZM6.200 13a1.900 1.900 0 0 0 3.600 0Z" />
    </svg>
  );
}

// Whose cameras are not all heard: its count is of those that are.
export const isPartial = (now: ZoneNow | undefined) => (now?.cameras ?? 0) < (now?.cameras_expected ?? 0);

export function CamerasHeard({ now }: { now: ZoneNow | undefined }) {
  if (!now || !isPartial(now)) return null;
  return <span class="partial">{now.cameras} of {now.cameras_expected} cameras</span>;
}
