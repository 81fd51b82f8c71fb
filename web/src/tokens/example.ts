// SPDX-License-Identifier: Apache-2.0
// A line for a shell that proves that a token works. It says that nobody is seen, or passed: of a device that is not
// heard yet that changes no count.
import type { DeviceDocument } from '../shell/documents';
import { deviceOf, type MadeToken, type Site } from './tokens';

export interface Example {
  says: string;
  line: string;
}

const isHeard = (device: DeviceDocument) => device.last_seen_at !== null && !device.is_silent;

// One to show it with: a camera that is not heard yet, if there is one.
function firstOf(sites: Site[]): DeviceDocument | null {
  const all = sites.flatMap(({ devices }) => devices);
  const cameras = all.filter(({ kind }) => kind === 'camera');
  return cameras.find((camera) => !isHeard(camera)) ?? cameras[0] ?? all[0] ?? null;
}

const NOW = `'"$(date -u +%FT%TZ)"'`; // out of the quotes, for the shell to fill in

function measured(device: DeviceDocument | null, id: string): { path: string; body: string; says: string } {
  const name = device?.name || id;
  if (device?.kind === 'counter') return { path: 'readings', body: `{"id":"${id}","in":0,"out":0}`, says: `that nobody has passed ${name}` };
  if (device?.kind === 'sensor') return { path: 'readings', body: `{"id":"${id}","test":1}`, says: `a value of ${name}, called test` };
  const unit = device?.calibration?.kind === 'metres' ? '"unit":"m",' : '';
  return {
    path: 'detections',
    body: `{"device":"${id}",${unit}"fields":["x","y"${unit ? '' : ',"w","h"'}],"frames":[{"t":"${NOW}","persons":[]}]}`,
    says: `that ${name} sees nobody now${device && isHeard(device) ? ': it is heard already, and its people would be missing for a moment' : ''}`,
  };
}

export function exampleOf(made: MadeToken, event: string, sites: Site[], origin: string): Example {
  const bearer = `-H 'Authorization: Bearer ${made.token}'`;
  if (made.purpose === 'read') {
    const venue = sites[0]?.venue;
    const path = venue ? `events/${event}/venues/${venue.id}/crowd` : `series`;
    return { says: venue ? `It reads how many people are where in ${venue.name}.` : 'It reads what is counted.', line: `curl ${bearer} '${origin}/api/v1/${path}'` };
  }
  const device = made.device ? deviceOf(sites, made.device) : firstOf(sites);
  const id = made.device ?? device?.id ?? 'my-camera';
  const { path, body, says } = measured(device, id);
  return {
    says: `It sends ${says}.${made.device ? '' : ` Put the id of your own device for ${id}.`}`,
    line: `curl ${bearer} -H 'Content-Type: application/json' -d '${body}' '${origin}/api/v1/${path}'`,
  };
}
