// SPDX-License-Identifier: Apache-2.0
// Is what we see now? The lamp says so at all times; the banner says it loudly when it is not.
import { watchOf } from '../control/watch';
import { clock, useCell } from './cell';
import { duration } from './format';
import { live } from './place';
import { useRoute } from './route';

interface Truth {
  kind: 'live' | 'late' | 'lost' | 'connecting';
  text: string;
  more: string;
}

// Only a line that is heard proves that it is the devices, not the network.
const HEARD_WITHIN_MS = 2500;
const whoIsSilent = () => (Date.now() - live().heardMs > HEARD_WITHIN_MS
  ? 'Checking the connection.' : 'Muster answers; check the devices.');

function useTruth(): Truth {
  const now = useCell(clock);
  const connection = useCell(live().connection);
  const { event, venue, section } = useRoute();
  const watch = event && venue ? watchOf(event, venue) : null;
  const zones = watch?.zones.get() ?? null;
  const ageMs = watch?.ageMs() ?? 0;
  if (connection.phase === 'live') {
    if (section === 'control' && watch && zones && watch.isStale()) {
      return { kind: 'late', text: 'No new counts', more: `showing ${duration(ageMs)} old data. ${whoIsSilent()}` };
    }
    return { kind: 'live', text: 'Live', more: '' };
  }
  const isFirst = connection.attempt === 0 && now - connection.sinceMs < 3000;
  if (isFirst && !zones) return { kind: 'connecting', text: 'Connecting', more: '' };
  const waits = connection.phase === 'waiting' ? Math.ceil((connection.nextMs - now) / 1000) : 0;
  const next = waits > 1 ? ` Next try in ${waits} s.` : '';
  const old = zones ? `showing ${duration(ageMs)} old data.` : 'no data yet.';
  return { kind: 'lost', text: 'Reconnecting', more: `${old}${next}` };
}

export function ConnectionLamp() {
  const truth = useTruth();
  return (
    <span class={`lamp lamp-${truth.kind}`} data-connection={truth.kind}>
      <span class="lamp-light" aria-hidden="true" />
      {truth.text}
    </span>
  );
}

export function ConnectionBanner() {
  const truth = useTruth();
  const isLoud = truth.kind === 'lost' || truth.kind === 'late';
  return (
    <>
      <p class="visually-hidden" role="status">
        {truth.kind === 'lost' ? 'Connection lost. Values are not current.' : ''}
        {truth.kind === 'late' ? 'No new counts. Values are not current.' : ''}
        {truth.kind === 'live' ? 'Live.' : ''}
      </p>
      {isLoud && (
        <div class={`banner banner-${truth.kind}`}>
          <span><strong>{truth.text}</strong> – {truth.more}</span>
          {truth.kind === 'lost' && (
            <button type="button" onClick={live().retryNow}>Try now</button>
          )}
        </div>
      )}
    </>
  );
}
