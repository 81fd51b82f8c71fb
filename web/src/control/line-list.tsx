// SPDX-License-Identifier: Apache-2.0
// The lines as a table: who went where in the last minute and since midnight, and how dense the stream is.
import { useEffect, useMemo } from 'preact/hooks';
import { sideNames } from '../plan/lines';
import { api, at } from '../shell/api';
import { Cell, useCell } from '../shell/cell';
import type { CrossingsDocument, LineDocument, LineNow, VenueDocument } from '../shell/documents';
import { count } from '../shell/format';
import { Loader } from '../shell/loader';

const REFRESH_EVERY_MS = 15000;
// One question a line: of more, only the last minute is shown.
const ASKED_MAX = 40;

function useToday(event: string, venue: VenueDocument): ReadonlyMap<string, CrossingsDocument> {
  const { cell, loader } = useMemo(() => {
    const today = new Cell<ReadonlyMap<string, CrossingsDocument>>(new Map());
    const read = async () => {
      const midnight = new Date();
      midnight.setHours(0, 0, 0, 0);
      const known = new Map<string, CrossingsDocument>();
      for (const line of (venue.lines ?? []).slice(0, ASKED_MAX)) {
        known.set(line.id, await api.get<CrossingsDocument>(
          `${at('events', event, 'venues', venue.id, 'lines', line.id, 'crossings')}?since=${midnight.toISOString()}`));
      }
      today.set(known);
    };
    return { cell: today, loader: new Loader(read) };
  }, [event, venue]);
  useEffect(() => {
    if ((venue.lines ?? []).length === 0) return undefined;
    loader.now();
    const timer = setInterval(() => {
      if (!document.hidden) loader.now();
    }, REFRESH_EVERY_MS);
    return () => {
      clearInterval(timer);
      loader.stop();
    };
  }, [loader]);
  return useCell(cell);
}

interface WayProps {
  line: LineDocument;
  to: string;
  isFirst: boolean;
  minute: number | null;
  today: number | null | undefined;
  flow: number | null | undefined;
}

function Way({ line, to, isFirst, minute, today, flow }: WayProps) {
  return (
    <tr class={isFirst ? 'is-first' : ''} data-line-way={`${line.id} ${to}`}>
      <th scope="row">
        {isFirst ? <span class="line-name">{line.name}</span> : <span class="visually-hidden">{line.name}</span>}
        <span class="line-way">to {to}</span>
      </th>
      <td class="figure"><b>{count(minute)}</b></td>
      <td class="figure">{flow == null ? '–' : flow.toFixed(0)}</td>
      <td class="figure">{count(today)}</td>
    </tr>
  );
}

export function LineList({ event, venue, linesNow }: { event: string; venue: VenueDocument; linesNow: ReadonlyMap<string, LineNow> }) {
  const today = useToday(event, venue);
  const zoneNames = useMemo(() => new Map(venue.zones.map((zone) => [zone.id, zone.name])), [venue]);
  const lines = venue.lines ?? [];
  if (lines.length === 0) return null;
  return (
    <section class="panel lines" aria-labelledby="lines-title">
      <h2 id="lines-title">Lines</h2>
      <div class="scroll" tabIndex={0} role="region" aria-labelledby="lines-title">
        <table>
          <caption class="visually-hidden">Who crossed each line, either way; a dash where no camera shows it</caption>
          <thead>
            <tr>
              <th scope="col">Line</th>
              <th scope="col" class="figure">Last minute</th>
              <th scope="col" class="figure"><abbr title="persons per minute and metre of the passage">per min·m</abbr></th>
              <th scope="col" class="figure">Today</th>
            </tr>
          </thead>
          <tbody>
            {lines.map((line) => {
              const now = linesNow.get(line.id);
              const names = sideNames(line, zoneNames);
              const isWatched = now?.is_watched === true;
              return [
                <Way key={`${line.id} left`} line={line} to={names.left} isFirst minute={isWatched ? now.minute_to_left ?? null : null}
                  flow={now?.flow_to_left} today={today.get(line.id)?.to_left} />,
                <Way key={`${line.id} right`} line={line} to={names.right} isFirst={false} minute={isWatched ? now.minute_to_right ?? null : null}
                  flow={now?.flow_to_right} today={today.get(line.id)?.to_right} />,
              ];
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}
