// SPDX-License-Identifier: Apache-2.0
// The place that scenarios play in: the event "demo" in the venue "park", 40 x 20 metres, with a zone
// on its left half and one on its right, and a camera over each that sends positions in metres.
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
