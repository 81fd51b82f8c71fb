// SPDX-License-Identifier: Apache-2.0
// Who has signed out, lost a role or was disabled gets nothing more from the live topics; others do.
import { check, equal, playAll, scenario, within } from './scenario.mjs';
import { INCIDENTS, buildPark } from './park.mjs';

const PASSWORD = 'a long enough passphrase';

async function addControl(muster, admin, name) {
  const email = `${name}@example.org`;
  const { id } = await admin.post('/api/v1/people', { email, name, password: PASSWORD });
  await admin.put(`/api/v1/events/demo/members/${id}`, { roles: ['control'] });
  const client = await muster.signIn({ email, password: PASSWORD });
  return { id, client, live: await client.follow(INCIDENTS) };
}

const closes = (live) => within('the socket closes', live.closed, 2500);

scenario('a live socket ends with its session and with the role', async (t) => {
  const muster = await t.muster();
  const admin = await muster.signIn();
  await buildPark(admin);
  const adminLive = await admin.follow(INCIDENTS);
  const ben = await addControl(muster, admin, 'ben');
  const cleo = await addControl(muster, admin, 'cleo');
  const dora = await addControl(muster, admin, 'dora');

  await ben.client.delete('/api/v1/session');
  equal(await closes(ben.live), 1008, "Ben's socket after he has signed out");
  await admin.delete(`/api/v1/events/demo/members/${cleo.id}`);
  equal(await closes(cleo.live), 1008, "Cleo's socket after her role was taken");
  check(await cleo.client.follow(INCIDENTS).then(() => false, () => true), 'Cleo may not follow again');
  const emil = await addControl(muster, admin, 'emil');
  await admin.expect('PATCH', `/api/v1/people/${emil.id}`, { is_disabled: true }, 200);
  equal(await closes(emil.live), 1008, "Emil's socket after his account was disabled");
  const fay = await addControl(muster, admin, 'fay');
  await admin.post(`/api/v1/people/${fay.id}/password`, {});
  equal(await closes(fay.live), 1008, "Fay's socket after her password was reset");
  for (const { client } of [emil, fay])
    check(await client.follow(INCIDENTS).then(() => false, () => true), 'who was signed out may not follow again');
  for (const [name, live] of [['Dora', dora.live], ['the admin', adminLive]]) {
    live.socket.send(JSON.stringify({ subscribe: [] }));
    check(await live.next((message) => message.subscribed), `the socket of ${name} stays`);
  }
});

// The token of a browser's session, revoked from another browser of the same person.
scenario('a live socket is closed when its session is revoked elsewhere', async (t) => {
  const muster = await t.muster();
  const phone = await muster.signIn();
  const desk = await muster.signIn();
  await buildPark(desk);
  const onPhone = await phone.follow(INCIDENTS);
  const { session } = await phone.get('/api/v1/session');
  await desk.delete(`/api/v1/session/list/${session.id}`);
  equal(await closes(onPhone), 1008, 'the socket of the revoked session');
  await phone.get('/api/v1/session', 401);
  check(await phone.follow(INCIDENTS).then(() => false, () => true), 'the phone may not follow again');
  await desk.follow(INCIDENTS);
});

async function closesByItself(t, setting) {
  const muster = await t.muster({ flags: [setting, '2s'] });
  const admin = await muster.signIn();
  const signedInAt = Date.now();
  await admin.post('/api/v1/events', {
    id: 'demo', name: 'Summer in the park', starts_at: '2026-06-20T10:00:00Z', ends_at: '2026-06-21T10:00:00Z' });
  const live = await admin.follow(INCIDENTS);
  equal(await within('the socket closes', live.closed, 8000), 1008, `the socket with ${setting}`);
  check(Date.now() - signedInAt >= 1500, 'it was open until then');
  await admin.get('/api/v1/session', 401);
  check(await admin.follow(INCIDENTS).then(() => false, () => true), 'nobody may follow again');
}

scenario('a live socket is closed when its session has lasted as long as it may', (t) => closesByItself(t, '--session-absolute'));
scenario('a live socket is closed when its session has been idle for too long', (t) => closesByItself(t, '--session-idle'));

await playAll();
