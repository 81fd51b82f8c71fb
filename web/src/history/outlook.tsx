// SPDX-License-Identifier: Apache-2.0
// Where the chosen zone is heading, in words: what the chart's band says, when it is full, what is unusual,
// and whether counters and cameras agree.
import type { ZoneForecast, ZoneOccupancy } from '../shell/documents';
import { count, timeOfDay } from '../shell/format';
import { serverNow } from '../shell/server-clock';

// A minute is told with the next one's first count: older than this it is no outlook any more.
const OLD_AFTER_MS = 180000;
const DISAGREE_SIGMAS = 3;
const IN_WORDS_MIN = 15; // the horizon that is written out

export function isCurrent(at: string | null | undefined): boolean {
  return at != null && serverNow() - Date.parse(at) < OLD_AFTER_MS;
}

const minutes = (s: number) => count(Math.max(1, Math.round(s / 60)));

function fullWords({ soonest_s: soonest, middle_s: middle, latest_s: latest }: NonNullable<ZoneForecast['time_to_capacity']>): string | null {
  if (middle === 0) return 'Full now';
  if (soonest === null) return null;
  const until = latest === null ? 'more than 30' : minutes(latest);
  if (middle === null) return `May be full in ${minutes(soonest)} min, at the soonest`;
  return `Full in about ${minutes(middle)} min (between ${minutes(soonest)} and ${until})`;
}

function Ahead({ forecast }: { forecast: ZoneForecast }) {
  const ahead = forecast.horizons.find((entry) => entry.minutes === IN_WORDS_MIN);
  const full = forecast.time_to_capacity && fullWords(forecast.time_to_capacity);
  return (
    <>
      {ahead && (
        <span class="outlook-ahead">
          In {ahead.minutes} min <b>{count(ahead.people)}</b> (between {count(ahead.low_80)} and {count(ahead.high_80)})
        </span>
      )}
      {full && <span class="outlook-full"><span aria-hidden="true">▲ </span>{full}</span>}
    </>
  );
}

function Unusual({ unusual }: { unusual: ZoneForecast['unusual'] }) {
  if (unusual?.state !== 'unusual') return null;
  const isMore = (unusual.strength ?? 0) > 0;
  return (
    <span class="outlook-unusual" title={`Strength ${unusual.strength}; an episode begins at 7`}>
      <span aria-hidden="true">◆ </span>Unusual for this hour: {isMore ? 'more' : 'fewer'} than the usual {count(unusual.usual_people)}
    </span>
  );
}

function Inside({ inside }: { inside: ZoneOccupancy }) {
  if (inside.people === null || inside.counters === null) return null; // the cameras' count says it
  const sigmas = Math.abs(inside.disagreement_sigmas ?? 0);
  const faulty = inside.passages.filter((passage) => passage.fault !== null && isCurrent(passage.fault.at));
  return (
    <>
      <span class="outlook-inside">
        Inside <b>{count(inside.people)}</b> ± {count(inside.deviation)}: counters {count(inside.counters)}, cameras {count(inside.cameras)}
      </span>
      {sigmas >= DISAGREE_SIGMAS && (
        <span class="outlook-warning"><span aria-hidden="true">≠ </span>Counters and cameras disagree by {count(Math.abs(inside.disagreement ?? 0))}</span>
      )}
      {(inside.faults ?? []).map(({ what, detail }) => (
        <span class="outlook-warning" key={what}><span aria-hidden="true">! </span>{detail}</span>
      ))}
      {faulty.map(({ counter, fault }) => (
        <span class="outlook-warning" key={counter}><span aria-hidden="true">! </span>{counter}: {fault!.detail}</span>
      ))}
    </>
  );
}

export function Outlook({ forecast, inside }: { forecast: ZoneForecast | null; inside: ZoneOccupancy | null }) {
  if (!forecast?.at) return null;
  if (!isCurrent(forecast.at))
    return <p class="outlook">No forecast: the zone was counted last at {timeOfDay(Date.parse(forecast.at), 'minutes')}.</p>;
  return (
    <p class="outlook">
      <Ahead forecast={forecast} />
      <Unusual unusual={forecast.unusual} />
      {inside && <Inside inside={inside} />}
    </p>
  );
}
