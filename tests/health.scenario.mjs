// SPDX-License-Identifier: Apache-2.0
// When a device was heard last is known after a restart too: it is neither new nor healthy by that.
import { check, equal, playAll, scenario, until } from './scenario.mjs';
import { buildPark, crowd, makeToken } from './park.mjs';

const device = (name) => `/api/v1/events/demo/venues/park/devices/${name}`;
const seenAt = (health) => Date.parse(health.last_seen_at);

scenario('a killed server knows when its sensors and cameras were heard', async (t) => {
  const folder = t.folder();
  let muster = await t.muster({ folder });
  const admin = await muster.signIn();
  await buildPark(admin);
  await admin.put(device('lift-3'), { name: 'Lift 3', kind: 'sensor', silent_after_ms: 500 });
  const token = await makeToken(admin);
  const sender = muster.withToken(token.token);
  await sender.post('/api/v1/readings', { id: 'lift-3', timestamp: new Date().toISOString(), temperature: 21 });
  await sender.post('/api/v1/detections', crowd('cam-1', 3));
  const before = {};
  for (const name of ['lift-3', 'cam-1']) {
    before[name] = await admin.get(device(name));
    check(seenAt(before[name]) > 0, `${name} was heard`);
  }
  equal((await admin.get(device('cam-2'))).last_seen_at, null, 'cam-2 was never heard');

  // The first end comes before history has written anything; at the second one it has.
  for (const round of ['before history was written', 'after history was written']) {
    await muster.kill();
    muster = await t.muster({ folder });
    const back = await muster.signIn();
    const isKnown = async (name) => Math.abs(seenAt(await back.get(device(name))) - seenAt(before[name])) < 1000;
    if (round.startsWith('after')) check(await isKnown('lift-3') && await isKnown('cam-1'), `known at once ${round}`);
    for (const name of ['lift-3', 'cam-1'])
      await until(`${name} is known as before, ${round}`, () => isKnown(name), 40000);
    check((await back.get(device('lift-3'))).is_silent, `lift-3 is silent, ${round}`);
    equal((await back.get(device('cam-2'))).last_seen_at, null, `cam-2 is still new, ${round}`);
  }
});

await playAll();
