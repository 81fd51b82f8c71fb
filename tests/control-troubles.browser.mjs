// SPDX-License-Identifier: Apache-2.0
// The control room when answers come late, fail, or somebody leaves: what it shows stays true.
import { ADMIN, check, equal, playAll, scenario } from './scenario.mjs';
import { buildPark, crowd, makeToken } from './park.mjs';
import { Cable, Cameras, openBrowser, Room } from './browser/room.mjs';

const FULL = {
  id: 'too-full', name: 'Too full', series: 'zone.stage:people', direction: 'above', threshold: 200, recovery: 100,
  hold_ms: 0, recovery_hold_ms: 0, severity: 'critical', recipients: [],
};
const HOT = { ...FULL, id: 'hot', name: 'Lift too hot', series: 'lift-3:temperature', threshold: 40, recovery: 35, severity: 'warning' };
const INCIDENTS = /\/api\/v1\/events\/demo\/incidents\?/;
const SESSION = /\/api\/v1\/session$/;

// The park with two rules; the lift is too hot already.
async function open(t) {
  const browser = await openBrowser(t);
  const muster = await t.muster();
  const admin = await muster.signIn();
  await buildPark(admin);
  for (const rule of [FULL, HOT]) await admin.post('/api/v1/events/demo/rules', rule);
  const device = muster.withToken((await makeToken(admin)).token);
  const live = await admin.follow('events/demo/incidents');
  await device.post('/api/v1/readings', { id: 'lift-3', timestamp: new Date().toISOString(), temperature: 55 }, 202);
  await live.next((message) => message.data?.rule === 'hot');
  live.close();
  return { browser, muster, admin, cameras: new Cameras(t, device, crowd) };
}

const alarmCalled = (name) => `.alarm[data-state=open] >> text=${name}`;

scenario('an alarm that comes while the list is on its way is not lost when the list arrives', async (t) => {
  const { browser, muster, cameras } = await open(t);
  const room = await Room.open(browser, muster.url);
  // The list is read at once, and again when the line is up. This second answer of the server, which
  // knows of one alarm, is held back until another one has come by the line.
  let letThrough;
  const gate = new Promise((done) => { letThrough = done; });
  let asked = 0;
  let allHeld;
  const held = new Promise((done) => { allHeld = done; });
  await room.changeAnswers(INCIDENTS, async () => {
    asked += 1;
    const isSecond = asked > 2;
    if (asked === 4) allHeld();
    if (isSecond) await gate;
  });
  await room.signIn(ADMIN);
  await room.see(alarmCalled('Lift too hot'));
  await held;
  cameras.show('cam-1', 300);
  await room.see(alarmCalled('Too full'));
  const arrived = room.page.waitForEvent('requestfinished', { predicate: (request) => /state=resolved/.test(request.url()) });
  letThrough();
  await arrived;
  await room.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  check(await room.page.isVisible(alarmCalled('Too full')), 'the alarm is still there');
  check(await room.page.isVisible(alarmCalled('Lift too hot')), 'and so is the other one');
  room.hasNoComplaints();
});

scenario('a list of alarms that fails is told of, and read again by itself', async (t) => {
  const { browser, muster } = await open(t);
  const room = await Room.open(browser, muster.url);
  await room.page.route(INCIDENTS, (route) => route.abort('connectionreset'));
  await room.signIn(ADMIN);
  await room.reads('.alarms .load-trouble', /may not be complete.*does not answer.*Next try in \d+ s/);
  await room.see('[data-connection=live]');
  check(!/No alarm is open/.test(await room.text('.alarms')), 'not read is not the same as none');
  await room.isAccessible('alarms that could not be read');
  await room.page.unroute(INCIDENTS);
  await room.see(alarmCalled('Lift too hot'));
  await room.page.waitForSelector('.load-trouble', { state: 'detached' });
  room.hasNoComplaints();
});

scenario('places that cannot be read are told of, and read again by itself', async (t) => {
  const { browser, muster } = await open(t);
  const room = await Room.open(browser, muster.url);
  const events = /\/api\/v1\/events(\?|$)/;
  await room.page.route(events, (route) => route.abort('connectionreset'));
  await room.signIn(ADMIN);
  await room.reads('.load-trouble', /events could not be read.*Next try in \d+ s/);
  await room.page.unroute(events);
  await room.see('main.control');
  await room.see('[data-connection=live]');
  await room.page.keyboard.press('Tab');
  await room.page.focus('.skip >> nth=1');
  await room.page.keyboard.press('Enter');
  await room.see('.acknowledge:focus');
  room.hasNoComplaints();
});

scenario('a server in trouble signs nobody out; only a 401 does', async (t) => {
  const { browser, muster } = await open(t);
  const cable = new Cable();
  const room = await Room.open(browser, await cable.open(t, muster.url));
  await room.signIn(ADMIN);
  await room.see('[data-connection=live]');
  await room.page.route(SESSION, (route) => route.fulfill({ status: 500, body: 'out of order' }));
  const answered = room.page.waitForResponse(SESSION);
  await muster.kill();
  equal((await answered).status(), 500, 'what the page is told when it asks who it is');
  await room.page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  equal(await room.page.$('#email'), null, 'the sign-in is not shown');
  await room.see('[data-connection=lost]');

  const again = await t.muster({ folder: muster.flags[1] });
  cable.plug(again.url);
  await room.see('[data-connection=live]');
  await room.page.reload();
  await room.reads('.waiting', /500.*keeps trying/);
  await room.page.unroute(SESSION);
  await room.see('main.control');
  await room.page.context().clearCookies();
  await room.page.reload();
  await room.see('#email');
  equal(room.complaints.filter((words) => !/status of 500/.test(words)), [], 'errors of the page');
});

scenario('who signs out takes the live line along; who could not is told', async (t) => {
  const { browser, muster } = await open(t);
  const room = await Room.open(browser, muster.url);
  await room.page.addInitScript(() => {
    globalThis.lines = [];
    globalThis.WebSocket = class extends WebSocket {
      constructor(...words) {
        super(...words);
        globalThis.lines.push(this);
      }
    };
  });
  const lines = () => room.page.evaluate(() => globalThis.lines.map((line) => (line.readyState <= WebSocket.OPEN ? 'open' : 'closed')));
  await room.signIn(ADMIN);
  await room.see('[data-connection=live]');
  await room.see(alarmCalled('Lift too hot'));
  await room.page.click('.menu summary');
  await room.page.route(SESSION, (route) => route.abort('connectionreset'));
  await room.page.click('text=Sign out');
  await room.reads('.menu [role=alert]', /Still signed in/);
  equal(await lines(), ['open'], 'lines of who is still signed in');
  await room.page.unroute(SESSION);
  await room.page.click('text=Sign out');
  await room.see('#email');
  equal(await lines(), ['closed'], 'lines of who is gone');
  await room.page.fill('#email', ADMIN.email);
  await room.page.fill('#password', ADMIN.password);
  await room.page.click('button[type=submit]');
  await room.see('[data-connection=live]');
  await room.see(alarmCalled('Lift too hot'));
  equal(await lines(), ['closed', 'open'], 'lines after the next sign-in');
  room.hasNoComplaints();
});

await playAll();
