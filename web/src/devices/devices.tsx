// SPDX-License-Identifier: Apache-2.0
// What measures, and whether it still does. The silent ones first: somebody has to walk there.
import { useEffect } from 'preact/hooks';
import { watchOf } from '../control/watch';
import { clock, useCell } from '../shell/cell';
import type { DeviceDocument } from '../shell/documents';
import { ago, duration, moment, plural } from '../shell/format';
import { live } from '../shell/place';
import { Link } from '../shell/route';
import { serverNow } from '../shell/server-clock';
import { organises, session } from '../shell/session';
import { LoadTrouble } from '../shell/trouble';

type Health = 'silent' | 'never' | 'heard';
const HEALTH: Record<Health, { word: string; rank: number }> = {
  silent: { word: 'Silent', rank: 0 },
  never: { word: 'Never heard', rank: 1 },
  heard: { word: 'Heard', rank: 2 },
};

const healthOf = (device: DeviceDocument): Health => (
  device.last_seen_at === null ? 'never' : device.is_silent ? 'silent' : 'heard');

function HealthSign({ health }: { health: Health }) {
  return (
    <svg class={`sign health-${health}`} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      {health === 'heard' && <path class="line" d="m2.500 8.500 3.500 3.500 7.500-8" />}
      {health === 'silent' && <path class="line" d="m3.500 3.500 9 9m0-9-9 9" />}
      {health === 'never' && <path class="line" d="M3 8h10" />}
    </svg>
  );
}

const isPlaced = (device: DeviceDocument) => device.kind !== 'camera' || (device.calibration?.kind ?? 'none') !== 'none';

function placing(device: DeviceDocument): string {
  if (device.kind !== 'camera') return '–';
  const kind = device.calibration?.kind ?? 'none';
  if (!isPlaced(device)) return 'Not calibrated: its people are not on the plan';
  return { homography: 'Homography', opencv: 'OpenCV', metres: 'Sends metres' }[kind] ?? kind;
}

// As the server decides (docs/formats/venue.md): frames from too far ahead are refused, and those from
// long ago are history.
const AHEAD_MS = 10000;

function clockTrouble(device: DeviceDocument): string | null {
  const ahead = device.clock_ahead_ms ?? 0;
  if (ahead > AHEAD_MS) return `Its clock is ${duration(ahead)} ahead: what it sends is refused. Set its clock.`;
  if (ahead < -device.silent_after_ms) return `What it sends is ${duration(-ahead)} old: not in the live picture. Check its clock and its network.`;
  return disagreement(device);
}

// What the feet of the people say whom other cameras see too.
function disagreement({ trouble }: DeviceDocument): string | null {
  if (!trouble) return null;
  const since = moment(Date.parse(trouble.since), serverNow());
  const isOut = trouble.merging === 'left_out';
  if (trouble.kind === 'moved') {
    const where = trouble.moved_m ? `Its people stand ${trouble.moved_m} m from where other cameras see them` : 'Its people do not stand where other cameras see them';
    return `Moved? ${where} since ${since}; left out of the count. Calibrate it again.`;
  }
  const off = trouble.clock_off_ms ?? 0;
  const way = `${(Math.abs(off) / 1000).toFixed(1)} s ${off > 0 ? 'ahead of' : 'behind'} the other cameras`;
  return isOut ? `Its clock seems ${way}; left out of the count until that is sure. Set its clock, check its network.`
    : `Its clock is ${way} since ${since}; corrected for the count. Set its clock.`;
}

interface RowProps {
  device: DeviceDocument;
  isOffline: boolean;
  tokens: string | null; // where they are, for who may make one
}

function Row({ device, isOffline, tokens }: RowProps) {
  const health = healthOf(device);
  const seenMs = device.last_seen_at === null ? null : Date.parse(device.last_seen_at);
  const now = serverNow();
  const trouble = clockTrouble(device);
  return (
    <tr class={`health-${health}`} data-device={device.id} data-health={health}>
      <th scope="row"><span class="device-name">{device.name || device.id}</span><span class="device-id">{device.id}</span></th>
      <td>
        <span class="health">
          <HealthSign health={health} />{isOffline ? `${HEALTH[health].word} when last known` : HEALTH[health].word}
          {tokens && health === 'never' && <Link class="device-connect" to={`${tokens}?device=${device.id}`}>Connect<span class="visually-hidden"> {device.name || device.id}</span></Link>}
        </span>
        {trouble && <span class="device-trouble is-bad">{trouble}</span>}
      </td>
      <td>{seenMs === null ? '–' : <>{ago(now - seenMs)} <span class="of">{moment(seenMs, now)}</span></>}</td>
      <td>{device.kind}</td>
      <td class={isPlaced(device) ? '' : 'is-bad'}>{placing(device)}</td>
    </tr>
  );
}

export function Devices({ event, venue: venueId }: { event: string; venue: string }) {
  const watch = watchOf(event, venueId);
  useEffect(() => watch.use(), [watch]);
  const venue = useCell(watch.venue);
  const devices = useCell(watch.devices);
  const connection = useCell(live().connection);
  const who = useCell(session);
  const tokens = who.kind === 'somebody' && organises(who.session, event) ? `/tokens/${event}` : null;
  useCell(clock);
  useEffect(() => {
    document.title = `Devices · ${venue?.name ?? ''} · Muster`;
  }, [venue?.name]);
  const ordered = [...devices].sort((a, b) => HEALTH[healthOf(a)].rank - HEALTH[healthOf(b)].rank
    || a.name.localeCompare(b.name, undefined, { numeric: true }));
  const silent = devices.filter((device) => healthOf(device) !== 'heard').length;
  return (
    <main class="page" id="main">
      <header class="page-head">
        <h1>Devices</h1>
        {devices.length > 0 && (
          <p class={silent > 0 ? 'verdict is-bad' : 'verdict'} role="status">
            {silent > 0 ? `${plural(silent, 'device is', 'devices are')} not heard, of ${devices.length}` : `All ${devices.length} are heard`}
          </p>
        )}
        {tokens && <Link to={tokens}>Tokens of devices and programs</Link>}
      </header>
      <LoadTrouble of={watch.loader}>The devices could not be read.</LoadTrouble>
      {venue && devices.length === 0 && <p class="hint">No device stands here yet. An organiser can add cameras in the editor, counters and sensors through the API.</p>}
      {devices.length > 0 && (
        <div class="scroll wide-table" tabIndex={0} role="region" aria-label="Devices">
          <table class="devices">
            <thead>
              <tr><th scope="col">Device</th><th scope="col">Health</th><th scope="col">Last seen</th><th scope="col">Kind</th><th scope="col">Calibration</th></tr>
            </thead>
            <tbody>{ordered.map((device) => <Row key={device.id} device={device} isOffline={connection.phase !== 'live'} tokens={tokens} />)}</tbody>
          </table>
        </div>
      )}
    </main>
  );
}
