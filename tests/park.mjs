// SPDX-License-Identifier: Apache-2.0
// The place that scenarios play in: the event "demo" in the venue "park", 40 x 20 metres, with a zone
// on its left half and one on its right, and a camera over each that sends positions in metres.
import { check, equal } from './scenario.mjs';

const HOUR_MS = 3600 * 1000;

const rectangle = (x0, y0, x1, y1) => ({ type: 'Polygon', coordinates: [[[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]] });

export async function buildPark(admin) {
  const now = Date.now();
  await admin.post('/api/v1/events', {
    id: 'demo', name: 'Summer in the park', organiser: 'city', time_zone: 'Europe/Berlin',
    starts_at: new Date(now - HOUR_MS).toISOString(), ends_at: new Date(now + 24 * HOUR_MS).toISOString(),
  });
  const venue = '/api/v1/events/demo/venues/park';
  await admin.put(venue, { name: 'City park', crs: 'local' });
  await admin.put(`${venue}/zones/stage`, { name: 'Before the stage', polygon: rectangle(0, 0, 20, 20), capacity_persons: 500 });
  await admin.put(`${venue}/zones/food`, { name: 'Food court', polygon: rectangle(20, 0, 40, 20) });
  await admin.put(`${venue}/devices/cam-1`, { name: 'Mast 1', kind: 'camera', sees: ['stage'], calibration: { kind: 'metres' } });
  await admin.put(`${venue}/devices/cam-2`, { name: 'Mast 2', kind: 'camera', sees: ['food'], calibration: { kind: 'metres' } });
  await admin.put(`${venue}/devices/lift-3`, { name: 'Lift 3', kind: 'sensor' });
}

// A token of the event for any device; {id, token}.
export async function makeToken(admin, device = undefined) {
  const answer = await admin.post('/api/v1/events/demo/tokens', { name: 'scenario', ...(device ? { device } : {}) });
  return { id: answer.id, token: answer.token };
}

// One frame of one camera with so many people, all inside the left (cam-1) or right (cam-2) half.
export function crowd(device, people, atMs = Date.now()) {
  const left = device === 'cam-2' ? 21 : 1;
  const persons = Array.from({ length: people }, (_, i) => [i, left + (i % 36) / 2, 1 + Math.floor(i / 36) / 2]);
  return { device, unit: 'm', fields: ['track', 'x', 'y'], frames: [{ t: new Date(atMs).toISOString(), persons }] };
}

export const ZONES = 'events/demo/venues/park/zones';
export const INCIDENTS = 'events/demo/incidents';
export const zoneOf = (message, id) => message.data?.zones?.find((zone) => zone.id === id);

// --- what was said yes to, and what is there ---

// Every item of a list, over all its pages.
export async function allOf(client, path) {
  const items = [];
  let cursor = '';
  do {
    const page = await client.get(path + (cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''));
    items.push(...page.items);
    cursor = page.next;
  } while (cursor);
  return items;
}

// The times, in ms, of the lift's trips and of the first camera's frames.
export async function storedReadings(client, range) {
  return (await allOf(client, `/api/v1/series/lift-3:trip?${range}`)).map((item) => Date.parse(item[0]));
}

export async function storedFrames(client, range) {
  const items = await allOf(client, `/api/v1/detections?device=cam-1&${range}`);
  return items.flatMap((item) => item.frames ?? [item]).map((frame) => Date.parse(frame.t));
}

// Everything of `said` is among `found`, and nothing is there twice.
export function compare(said, found, what) {
  const times = new Map();
  for (const at of found) times.set(at, (times.get(at) ?? 0) + 1);
  const lost = [...said].filter((at) => !times.has(at));
  const twice = [...times].filter(([, n]) => n > 1);
  equal(lost.slice(0, 3), [], `${lost.length} of ${said.size} ${what} are lost, by their times`);
  check(twice.length === 0, `${twice.length} ${what} are there twice`);
}
