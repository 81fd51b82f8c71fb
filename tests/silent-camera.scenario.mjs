// SPDX-License-Identifier: Apache-2.0
// Of two cameras over the park one falls silent while the other goes on.
import { check, equal, playAll, scenario } from './scenario.mjs';
import { INCIDENTS, allOf, buildPark, crowd, makeToken } from './park.mjs';

const EVENT = '/api/v1/events/demo';

const patch = async (client, path, body) => equal((await client.ask('PATCH', path, body)).status, 200, `PATCH ${path}`);

// A second instead of the defaults' fifteen; the lift speaks once an hour.
async function beImpatient(admin) {
  for (const [device, silentAfterMs] of [['cam-1', 1000], ['cam-2', 1000], ['lift-3', 3600000]]) {
    const path = `${EVENT}/venues/park/devices/${device}`;
    const { name, kind, sees, calibration } = await admin.get(path);
    await admin.put(path, { name, kind, ...(sees ? { sees } : {}), ...(calibration ? { calibration } : {}), silent_after_ms: silentAfterMs });
  }
  await patch(admin, `${EVENT}/rules/device-silent`, { threshold: 0.5, recovery_hold_ms: 0 });
}

scenario('a camera that falls silent is an alarm by the rule that every event begins with', async (t) => {
  const muster = await t.muster();
  const admin = await muster.signIn();
  await buildPark(admin);
  await beImpatient(admin);
  const camera = muster.withToken((await makeToken(admin)).token);
  const live = await admin.follow(INCIDENTS);
  const living = new Set(['cam-1']);
  const alive = setInterval(() => {
    for (const id of living) camera.post('/api/v1/detections', crowd(id, 20), 202).catch(() => {});
  }, 200);
  try {
    await camera.post('/api/v1/detections', crowd('cam-2', 30), 202);
    for (const state of ['published', 'running']) await patch(admin, EVENT, { state });
    const opened = await live.next((m) => m.data?.state === 'open');
    equal(opened.data.series, 'device.cam-2:silence', 'what the incident is about');
    living.add('cam-2');
    const resolved = await live.next((m) => m.data?.state === 'resolved');
    equal([resolved.data.id, resolved.data.resolution], [opened.data.id, 'recovered'], 'its end');
    const incidents = await allOf(admin, `${EVENT}/incidents?limit=100`);
    check(incidents.every((incident) => incident.subject === 'device.cam-2'), 'the camera that goes on, and the lift, are no alarm');
  } finally {
    clearInterval(alive);
    live.close();
  }
});

scenario('when the event is over, nobody is told of its silence any more', async (t) => {
  const muster = await t.muster();
  const admin = await muster.signIn();
  await buildPark(admin);
  await beImpatient(admin);
  const live = await admin.follow(INCIDENTS);
  for (const state of ['published', 'running']) await patch(admin, EVENT, { state });
  await live.next((m) => m.data?.state === 'open');
  await live.next((m) => m.data?.state === 'open');
  await patch(admin, EVENT, { state: 'over' });
  await live.next((m) => m.data?.resolution === 'event over');
  await live.next((m) => m.data?.resolution === 'event over');
  const incidents = await allOf(admin, `${EVENT}/incidents?limit=100`);
  equal(incidents.map((incident) => incident.state), ['resolved', 'resolved'], 'states');
  live.close();
});

await playAll();
