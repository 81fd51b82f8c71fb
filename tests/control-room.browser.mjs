// SPDX-License-Identifier: Apache-2.0
// The control room in a real browser, on the real program.
import { ADMIN, check, equal, playAll, scenario, until } from './scenario.mjs';
import { buildPark, crowd, makeToken } from './park.mjs';
import { Cable, Cameras, openBrowser, PHONE, Room } from './browser/room.mjs';

const RULE = {
  id: 'too-full', name: 'Too full', series: 'zone.stage:people', direction: 'above', threshold: 200, recovery: 100,
  hold_ms: 0, recovery_hold_ms: 0, severity: 'critical', recipients: ['duty@example.org'],
};

// The park with its rule, cameras that show nobody yet, and a browser.
async function open(t, flags = []) {
  const browser = await openBrowser(t);
  const muster = await t.muster({ flags });
  const admin = await muster.signIn();
  await buildPark(admin);
  await admin.post('/api/v1/events/demo/rules', RULE);
  // Eighty square metres, so that a crowd of a few hundred is a dense one.
  await admin.put('/api/v1/events/demo/venues/park/zones/stage', {
    name: 'Before the stage', capacity_persons: 500, area_m2: 80,
    polygon: { type: 'Polygon', coordinates: [[[0, 0], [20, 0], [20, 20], [0, 20], [0, 0]]] },
  });
  const { token } = await makeToken(admin);
  const cameras = new Cameras(t, muster.withToken(token), crowd);
  return { browser, muster, admin, token, cameras };
}

scenario('a wrong password is told; the right one leads to the only venue there is', async (t) => {
  const { browser, muster } = await open(t);
  const room = await Room.open(browser, muster.url);
  await room.signIn({ email: ADMIN.email, password: 'not this one' }, '/control/demo/park');
  await room.reads('[role=alert]', /wrong/);
  equal(new URL(room.page.url()).pathname, '/sign-in', 'where a stranger is');
  await room.isAccessible('the sign-in with an error');
  await room.page.fill('#password', ADMIN.password);
  await room.page.click('button[type=submit]');
  await room.see('[data-connection=live]');
  equal(new URL(room.page.url()).pathname, '/control/demo/park', 'back to where the stranger wanted to go');
  await room.page.goto(muster.url);
  await room.see('main.control');
  equal(new URL(room.page.url()).pathname, '/control/demo/park', 'nothing to choose, nothing asked');
  await room.page.click('.menu summary');
  await room.page.click('text=Sign out');
  await room.see('#email');
  room.hasNoComplaints();
});

scenario('a crowd moves into a zone: its colour, count and alarm change, and one tap acknowledges', async (t) => {
  const { browser, muster, admin, cameras } = await open(t);
  const room = await Room.open(browser, muster.url);
  await room.signIn(ADMIN);
  await room.see('[data-zone=stage][data-level=unknown]');
  await room.reads('[data-zone-row=stage]', /No data/);
  cameras.show('cam-1', 40);
  cameras.show('cam-2', 12);
  await room.see('[data-zone=stage][data-level=green]');
  await room.reads('[data-zone-row=stage] .figure', /^40 of 500/);
  await room.reads('.total-people b', /^52$/);
  const calm = await room.page.evaluate(() => getComputedStyle(document.querySelector('[data-zone=stage] .zone-fill')).fill);
  await room.reads('.alarms .hint', /No alarm/);

  cameras.show('cam-1', 430);
  await room.see('[data-zone=stage][data-level=red]');
  await room.reads('[data-zone-row=stage]', /Danger.*430/);
  await room.reads('.zone-label.level-red', /430/);
  const danger = await room.page.evaluate(() => getComputedStyle(document.querySelector('[data-zone=stage] .zone-fill')).fill);
  check(calm !== danger, `the colour changes: ${calm} and ${danger}`);
  const alarm = '.alarm[data-state=open]';
  await room.reads(alarm, /Critical.*Before the stage.*Too full.*Now 430\speople\. Reached \d{3}, limit\s200\speople/);
  await room.page.waitForFunction(() => document.title.startsWith('(1)')); // the title tells of it too
  await room.see('.zone-label.has-alarm.level-red .bell.is-open');
  const edges = await room.page.evaluate(() => ['.alarms', '.alarm'].map((part) => document.querySelector(part).getBoundingClientRect()).map(({ left, right }) => [left, right]));
  check(edges[0][0] === edges[1][0] && edges[0][1] - edges[1][1] < 20, `an alarm has the whole width of its panel: ${JSON.stringify(edges)}`);
  await room.page.click(`${alarm} .acknowledge`);
  await room.reads('.alarm[data-state=acknowledged]', /seen/);
  await room.see('[data-zone-row=stage] .bell.is-acknowledged');
  const { items } = await admin.get('/api/v1/events/demo/incidents');
  equal(items.map((item) => item.state), ['acknowledged'], 'incidents on the server');

  await room.see('.undo[aria-disabled=false]');
  await room.page.click('.alarm[data-state=acknowledged] .undo');
  await room.reads('.alarm[data-state=open]', /Acknowledge/);
  await room.see('.zone-label.has-alarm .bell.is-open');
  equal(await room.page.evaluate(() => document.activeElement?.getAttribute('data-state')), 'open', 'where the focus is');
  const undone = await admin.get('/api/v1/events/demo/incidents/1');
  equal(undone.timeline.map((entry) => entry.kind), ['opened', 'acknowledged', 'unacknowledged'], 'what the timeline remembers');
  await room.see('.acknowledge[aria-disabled=false]');
  await room.page.click('.acknowledge');
  await room.reads('.alarm[data-state=acknowledged]', /seen/);

  cameras.show('cam-1', 20);
  await room.see('[data-zone=stage][data-level=green]');
  await room.see('.over');
  await room.reads('.over .alarm-history', /over after .*: back within its limit/);
  equal(cameras.trouble, null, 'detections');
  room.hasNoComplaints();
});

scenario('a finger that taps twice acknowledges one alarm, not the one that takes its place', async (t) => {
  const { browser, muster, admin, cameras } = await open(t);
  await admin.post('/api/v1/events/demo/rules', { ...RULE, id: 'crowded', name: 'Crowded', threshold: 150 });
  cameras.show('cam-1', 300);
  const room = await Room.open(browser, muster.url);
  await room.signIn(ADMIN);
  await room.reads('.alarms', /2 open/);
  // The second tap comes in the very moment in which the list has moved.
  await room.page.evaluate(() => {
    const observer = new MutationObserver(() => {
      if (!document.querySelector('.alarm[data-state=acknowledged]')) return;
      observer.disconnect();
      document.querySelector('.acknowledge').dispatchEvent(new MouseEvent('click', { bubbles: true, detail: 1 }));
      document.body.dataset.tappedTwice = 'yes';
    });
    observer.observe(document.querySelector('.alarms'), { subtree: true, childList: true, attributes: true });
  });
  await room.page.click('.acknowledge >> nth=0');
  await room.see('body[data-tapped-twice]');
  await room.see('.acknowledge[aria-disabled=false]');
  await room.reads('.alarms', /1 open.*1 seen/);
  const { items } = await admin.get('/api/v1/events/demo/incidents');
  equal(items.map((item) => item.state).sort(), ['acknowledged', 'open'], 'incidents on the server');
  // By keys nothing moves under a finger; who works so stays at the alarm that was seen.
  await room.page.focus('.acknowledge');
  await room.page.keyboard.press('Enter');
  await room.reads('.alarms', /2 seen/);
  equal(await room.page.evaluate(() => document.activeElement?.getAttribute('data-state')), 'acknowledged', 'where the focus is');
  room.hasNoComplaints();
});

scenario('an alarm of another venue says where, and leads there', async (t) => {
  const { browser, muster, cameras, admin } = await open(t);
  await admin.put('/api/v1/events/demo/venues/hall', { name: 'Town hall', crs: 'local' });
  cameras.show('cam-1', 300);
  const room = await Room.open(browser, muster.url);
  await room.signIn(ADMIN, '/control/demo/hall');
  await room.reads('.alarm[data-state=open] h3', /City park: stage/);
  await room.page.click('.alarm h3 a');
  await room.reads('[data-zone-row=stage]', /Before the stage/);
  await room.see('.alarm.is-asked');
  equal(new URL(room.page.url()).pathname, '/control/demo/park', 'the address');
  room.hasNoComplaints();
});

scenario('the mail of an alarm is in the outbox, as text and as HTML that may do nothing', async (t) => {
  const { browser, muster, cameras } = await open(t);
  cameras.show('cam-1', 300);
  const room = await Room.open(browser, muster.url);
  await room.signIn(ADMIN, '/outbox/demo');
  await room.reads('.mail-list', /Too full.*duty@example\.org.*Kept/);
  await room.page.click('.mail-list button');
  await room.reads('.mail-text', /Too full/);
  await room.page.click('.mail .choices >> text=HTML');
  const frame = await room.see('.mail-html');
  equal(await frame.getAttribute('sandbox'), '', 'what the frame may do');
  const inside = await frame.contentFrame();
  await inside.waitForSelector('text=Too full');
  await room.isAccessible('the outbox');
  room.hasNoComplaints();
});

scenario('the mail of an end leads to the mail of its alarm', async (t) => {
  const { browser, muster, admin, cameras } = await open(t);
  await admin.ask('PATCH', '/api/v1/events/demo/rules/too-full', { mail_on_resolution: true });
  cameras.show('cam-1', 300);
  const room = await Room.open(browser, muster.url);
  await room.signIn(ADMIN, '/outbox/demo');
  await room.reads('.mail-list', /Too full/);
  cameras.show('cam-1', 20);
  await room.see('.mail-list li:nth-child(2)');
  await room.page.click('.mail-list li:nth-child(1) button');
  const alarm = await room.text('.mail-list li:nth-child(2) strong');
  await room.reads('.mail dl', /Answers/);
  equal(await room.text('.mail dl .as-text'), alarm, 'what it answers');
  await room.page.click('.mail dl .as-text');
  await room.see('.mail-list li:nth-child(2) button[aria-pressed=true]');
  await room.see('.mail article >> text=Written');
  await room.isAccessible('a mail that answers another');
  room.hasNoComplaints();
});

scenario('the server goes and comes back: the page says so, marks what is old, and recovers by itself', async (t) => {
  const { browser, muster, cameras, token } = await open(t);
  const cable = new Cable();
  const url = await cable.open(t, muster.url);
  cameras.show('cam-1', 40);
  const room = await Room.open(browser, url);
  await room.signIn(ADMIN);
  await room.see('[data-connection=live]');
  await room.reads('[data-zone-row=stage] .figure', /^40/);
  await muster.kill();
  await room.see('[data-connection=lost]');
  await room.reads('.banner', /Reconnecting.*showing \d+ s old data/);
  await room.see('.plan.is-stale');
  await room.reads('.plan-stale', /Not current/);
  await room.reads('[data-zone-row=stage] .figure', /^40/);
  await room.isAccessible('the control room without a server');

  const again = await t.muster({ folder: muster.flags[1] });
  cable.plug(again.url);
  const moved = new Cameras(t, again.withToken(token), crowd);
  moved.show('cam-1', 77);
  await room.see('[data-connection=live]');
  await room.reads('[data-zone-row=stage] .figure', /^77/);
  await room.page.waitForSelector('.plan.is-stale', { state: 'detached' });
  equal(await room.page.$('.banner'), null, 'no banner when all is well');
  room.hasNoComplaints();
});

scenario('a line that goes dead without a word is noticed too', async (t) => {
  const { browser, muster, cameras } = await open(t);
  const cable = new Cable();
  const url = await cable.open(t, muster.url);
  cameras.show('cam-1', 40);
  const room = await Room.open(browser, url);
  await room.signIn(ADMIN);
  await room.reads('[data-zone-row=stage] .figure', /^40/);
  cable.goDead();
  await room.see('[data-connection=late]');
  await room.see('.plan.is-stale');
  await room.see('[data-connection=lost]');
  cable.mend();
  await room.see('[data-connection=live]');
  room.hasNoComplaints();
});

scenario('a camera that falls silent leaves a zone without data, never an empty one', async (t) => {
  const { browser, muster, admin, cameras } = await open(t);
  await admin.put('/api/v1/events/demo/venues/park/devices/cam-1',
    { name: 'Mast 1', kind: 'camera', sees: ['stage'], silent_after_ms: 1000, calibration: { kind: 'metres' } });
  cameras.show('cam-1', 40);
  cameras.show('cam-2', 5);
  const room = await Room.open(browser, muster.url);
  await room.signIn(ADMIN);
  await room.see('[data-zone=stage][data-level=green]');
  cameras.stop('cam-1');
  await room.see('[data-zone=stage][data-level=unknown]');
  await room.reads('[data-zone-row=stage] .figure', /^–/);
  await room.page.click('.sections >> text=Devices');
  await room.see('[data-device=cam-1][data-health=silent]');
  await room.see('[data-device=cam-2][data-health=heard]');
  await room.see('[data-device=lift-3][data-health=never]');
  await room.reads('.verdict', /2 devices are not heard/);
  cameras.show('cam-1', 41);
  await room.see('[data-device=cam-1][data-health=heard]');
  await room.isAccessible('the devices');
  room.hasNoComplaints();
});

scenario('of two cameras over a zone one falls silent: its count says how many of them are heard', async (t) => {
  const { browser, muster, admin, cameras } = await open(t);
  for (const camera of ['cam-1', 'cam-2'])
    await admin.put(`/api/v1/events/demo/venues/park/devices/${camera}`, { name: camera, kind: 'camera', sees: ['stage'], silent_after_ms: 1000, calibration: { kind: 'metres' } });
  cameras.show('cam-1', 40);
  cameras.show('cam-2', 0);
  const room = await Room.open(browser, muster.url);
  await room.signIn(ADMIN, '/control/demo/park?zone=stage');
  await room.reads('[data-zone-row=stage] .figure', /^40/);
  await room.page.waitForSelector('[data-zone-row=stage] .partial', { state: 'detached' });
  cameras.stop('cam-2');
  await room.reads('[data-zone-row=stage] .partial', /^1 of 2 cameras$/);
  await room.reads('.history-now', /1 of 2 cameras/);
  await room.reads('.at-least', /not fully seen/);
  await room.isAccessible('a zone that is partly seen');
  room.hasNoComplaints();
});

scenario('a camera whose clock is wrong is called so, and what to do', async (t) => {
  const { browser, muster, token, cameras } = await open(t);
  cameras.show('cam-1', 40);
  const room = await Room.open(browser, muster.url);
  await room.signIn(ADMIN, '/devices/demo/park');
  await room.see('[data-device=cam-1][data-health=heard]');
  await muster.withToken(token).post('/api/v1/detections', crowd('cam-2', 5, Date.now() + 90000), 422);
  await room.reads('[data-device=cam-2] .device-trouble', /clock is 1 min ahead.*refused.*Set its clock/);
  equal(await room.page.$('[data-device=cam-1] .device-trouble'), null, 'the other camera is well');
  await room.isAccessible('devices with a wrong clock');
  room.hasNoComplaints();
});

scenario('the history of a zone is drawn, and can be asked for longer', async (t) => {
  const { browser, muster, cameras } = await open(t);
  cameras.show('cam-1', 140);
  const room = await Room.open(browser, muster.url);
  await room.signIn(ADMIN, '/control/demo/park?zone=stage');
  await room.reads('.summary', /Peak 140/);
  await room.page.click('.history .choices >> text=24 h');
  await room.see('.history .choices [aria-pressed=true] >> text=24 h');
  await room.reads('.summary', /Peak 140/);
  await room.page.reload();
  await room.reads('#history-title', /Before the stage/);
  await room.page.click('.zone-label >> text=Food court');
  await room.reads('#history-title', /Food court/);
  check(room.page.url().endsWith('zone=food'), 'the address names the zone, for a colleague');
  room.hasNoComplaints();
});

scenario('a history whose newest values are still being written says so', async (t) => {
  const { browser, muster, cameras } = await open(t);
  cameras.show('cam-1', 140);
  const room = await Room.open(browser, muster.url);
  let isBehind = true;
  await room.changeAnswers('**/api/v1/series/**', (response) => ({ headers: { ...response.headers(), ...(isBehind ? { 'x-incomplete': 'newest' } : {}) } }));
  await room.signIn(ADMIN, '/control/demo/park?zone=stage');
  await room.reads('.chart-trouble', /newest values are still being written/);
  await room.reads('.summary', /Peak 140/);
  isBehind = false;
  await room.page.click('.history .choices >> text=1 h');
  await room.page.waitForSelector('.chart-trouble', { state: 'detached' });
  room.hasNoComplaints();
});

// Forty minutes of people who come through a gate, until now.
async function fillByGate(muster, admin, token) {
  await admin.put('/api/v1/events/demo/venues/park/devices/gate-1', { name: 'Gate 1', kind: 'counter', counts_into: 'stage', silent_after_ms: 600000 });
  const gate = muster.withToken(token);
  const minute = Math.floor(Date.now() / 60000);
  const messages = Array.from({ length: 41 }, (_, i) => ({ id: 'gate-1', timestamp: new Date((minute - 40 + i) * 60000).toISOString(), in: 10 }));
  // Nobody believes this one.
  messages.splice(40, 0, { ...messages[40], timestamp: new Date(minute * 60000 - 30000).toISOString(), in: 90000 });
  await gate.post('/api/v1/readings', messages, 202);
}

scenario('where a zone is heading is drawn with its band, and told: when it is full, and what is unusual', async (t) => {
  const { browser, muster, admin, token } = await open(t);
  await fillByGate(muster, admin, token);
  const FORECAST = '/api/v1/events/demo/venues/park/forecast';
  await until('the forecast is told', async () => (await admin.get(FORECAST)).zones.some((zone) => zone.people === 400));
  for (const viewport of [undefined, PHONE]) {
    const room = await Room.open(browser, muster.url, viewport ? { viewport, hasTouch: true, isMobile: true } : {});
    await room.signIn(ADMIN, '/control/demo/park?zone=stage');
    if (viewport) await room.page.tap('.parts >> text=History');
    await room.reads('.outlook-ahead', /In 15 min [45]\d\d \(between [\d,]+ and [\d,]+\)/);
    await room.reads('.outlook-full', /Full in about \d+ min \(between \d+ and (more than )?\d+\)/);
    await room.reads('.outlook-inside', /Inside 4\d\d ± \d+: counters 4\d\d, cameras –/);
    await room.reads('.outlook-warning', /gate-1: more people than can pass/);
    equal(await room.page.$('.outlook-unusual'), null, 'nothing is unusual yet');
    await room.reads('.chart-key', /Forecast/);
    // The band is drawn: to the right of now there is colour.
    await room.page.waitForFunction(() => {
      const canvas = document.querySelector('.chart canvas');
      const { width, height } = canvas;
      const pixels = canvas.getContext('2d').getImageData(Math.floor(width * 0.6), 0, Math.floor(width * 0.2), height - 60).data;
      let drawn = 0;
      for (let i = 3; i < pixels.length; i += 4) drawn += pixels[i] > 60 ? 1 : 0;
      return drawn > 40;
    });
    await room.isAccessible(viewport ? 'the outlook on a phone' : 'the outlook');
    if (viewport) await room.fitsTheScreen('the outlook');
    await room.changeAnswers('**/forecast', async (response) => {
      const json = await response.json();
      json.zones.find((zone) => zone.id === 'stage').unusual = { state: 'unusual', strength: 8.2, usual_people: 120 };
      return { json };
    });
    await room.page.reload();
    if (viewport) await room.page.tap('.parts >> text=History');
    await room.reads('.outlook-unusual', /Unusual for this hour: more than the usual 120/);
    room.hasNoComplaints();
  }
});

scenario('a zone that only counters tell of shows how many are inside, and who says so', async (t) => {
  const { browser, muster, admin, token, cameras } = await open(t);
  cameras.show('cam-2', 12);
  await fillByGate(muster, admin, token);
  for (const viewport of [undefined, PHONE]) {
    const room = await Room.open(browser, muster.url, viewport ? { viewport, hasTouch: true, isMobile: true } : {});
    await room.signIn(ADMIN, '/control/demo/park?zone=stage');
    await room.reads('[data-zone-row=stage] .zone-name', /^Before the stage By counters/);
    await room.reads('[data-zone-row=stage] .figure', /^4\d\d of 500/);
    await room.reads('[data-zone-row=food] .zone-name', /^Food court Calm/);
    await room.isAccessible('a zone by its counters');
    if (viewport) await room.fitsTheScreen('a zone by its counters');
    room.hasNoComplaints();
  }
  // Through another door more go out than in: said where the zone is looked at.
  await admin.put('/api/v1/events/demo/venues/park/zones/yard', {
    name: 'Yard', polygon: { type: 'Polygon', coordinates: [[[0, 20], [9, 20], [9, 29], [0, 29], [0, 20]]] },
  });
  await admin.put('/api/v1/events/demo/venues/park/devices/gate-2', { name: 'Gate 2', kind: 'counter', counts_into: 'yard', silent_after_ms: 600000 });
  const minute = Math.floor(Date.now() / 60000) * 60000;
  await muster.withToken(token).post('/api/v1/readings', [[-60000, 20], [0, 0]].map(([ms, out]) => ({
    id: 'gate-2', timestamp: new Date(minute + ms).toISOString(), out,
  })), 202);
  const room = await Room.open(browser, muster.url);
  await room.signIn(ADMIN, '/control/demo/park?zone=yard');
  await room.reads('.outlook-warning', /more people are counted out than in/);
  await room.reads('[data-zone-row=yard]', /Yard By counters\s+0/);
});

scenario('on a phone nothing is cut off, the open alarm comes first, and fingers find their targets', async (t) => {
  const { browser, muster, cameras } = await open(t);
  cameras.show('cam-1', 430);
  cameras.show('cam-2', 10);
  for (const look of ['night', 'bright']) {
    const room = await Room.open(browser, muster.url, { viewport: PHONE, look, hasTouch: true, isMobile: true });
    await room.signIn(ADMIN);
    await room.see('[data-zone=stage][data-level=red]');
    await room.see('.alarm[data-state=open] .acknowledge');
    const button = await (await room.see('.acknowledge')).boundingBox();
    check(button.y + button.height < PHONE.height && button.height >= 44, 'the button is in reach and large');
    // Turned on its side, the alarm is still whole.
    await room.page.setViewportSize({ width: 700, height: 390 });
    const turned = await (await room.see('.acknowledge')).boundingBox();
    const panel = await (await room.see('.alarms')).boundingBox();
    check(turned.y + turned.height < panel.y + panel.height, 'nothing of the button is cut off');
    await room.page.setViewportSize(PHONE);
    for (const part of ['Plan', 'Alarms', 'History']) {
      await room.page.tap(`.parts >> text=${part}`);
      await room.see(`main[data-part=${part.toLowerCase()}]`);
      await room.fitsTheScreen(part);
      await room.isAccessible(`${part} on a phone, ${look}`);
    }
    await room.see('.chart-key');
    const keys = await room.page.$$eval('.chart-key span', (all) => all.map((key) => [key.textContent, key.offsetHeight < 30]));
    equal(keys.filter(([, isOneLine]) => !isOneLine), [], 'words of the key below their lines');
    for (const section of ['Devices', 'Outbox']) {
      await room.page.tap(`.sections >> text=${section}`);
      await room.see(`.sections [aria-current=page] >> text=${section}`);
      await room.see('h1');
      await room.fitsTheScreen(section);
    }
    const small = await room.page.evaluate(() => [...document.querySelectorAll('button, a, summary')]
      .filter((element) => element.offsetParent !== null && !element.matches('.skip'))
      .filter((element) => element.getBoundingClientRect().height < 24)
      .map((element) => element.textContent));
    equal(small, [], 'targets that are too small');
    room.hasNoComplaints();
  }
});

scenario('everything is reached by keyboard, and where it is shows', async (t) => {
  const { browser, muster, cameras } = await open(t);
  cameras.show('cam-1', 300);
  const room = await Room.open(browser, muster.url);
  const { page } = room;
  await page.goto(muster.url);
  await room.see('#email');
  await page.keyboard.type(ADMIN.email);
  await page.keyboard.press('Tab');
  await page.keyboard.type(ADMIN.password);
  await page.keyboard.press('Enter');
  await room.see('.alarm[data-state=open]');
  await page.evaluate(() => document.activeElement?.blur());
  const seen = new Set();
  for (let i = 0; i < 60; i += 1) {
    await page.keyboard.press('Tab');
    const focused = await page.evaluate(() => {
      const element = document.activeElement;
      if (!element || element === document.body) return null;
      const style = getComputedStyle(element);
      const shows = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
      return { name: (element.getAttribute('aria-label') ?? element.textContent).trim(), shows, kind: element.className };
    });
    if (!focused) break;
    check(focused.shows, `focus on "${focused.name}" (${focused.kind}) cannot be seen`);
    if (i === 0) equal(focused.name, 'Skip to the content', 'the first stop');
    seen.add(focused.name);
    if (/^Acknowledge/.test(focused.name)) await page.keyboard.press('Enter');
  }
  await room.see('.alarm[data-state=acknowledged]');
  for (const wanted of [/^Skip to the open alarms \(1\)$/, /^Outbox$/, /^Plan\./, /^Zoom in$/, /^300 Before the stage, Dense, 3\.75 per m²/, /^24 h$/, /^Settings/])
    check([...seen].some((name) => wanted.test(name)), `Tab never came to ${wanted}: ${[...seen].join(' | ')}`);
  room.hasNoComplaints();
});

scenario('people, plan and names are text to the page, whatever they say', async (t) => {
  const { browser, muster, admin } = await open(t);
  const evil = '<img src=x onerror=document.title="owned"><script>document.title="owned"</script>';
  await admin.put('/api/v1/events/demo/venues/park', {
    name: evil, crs: 'local',
    plan: { type: 'FeatureCollection', features: [{ type: 'Feature', properties: { kind: '"><script>', name: evil },
      geometry: { type: 'Polygon', coordinates: [[[0, 0], [40, 0], [40, 20], [0, 20], [0, 0]]] } }] },
  });
  const room = await Room.open(browser, muster.url);
  await room.signIn(ADMIN);
  await room.reads('.place-venue', /<img src=x/);
  check(!(await room.page.title()).startsWith('owned'), 'nothing ran');
  equal(await room.page.$('img[src=x]'), null, 'nothing became an element');
  room.hasNoComplaints();
});

scenario('two thousand people ten times a second leave the page quick', async (t) => {
  const { browser, muster, admin, token } = await open(t);
  const camera = muster.withToken(token);
  const room = await Room.open(browser, muster.url);
  await room.signIn(ADMIN);
  let isOver = false;
  const sending = (async () => {
    while (!isOver) await camera.ask('POST', '/api/v1/detections', crowd('cam-1', 1400)).then(() => camera.ask('POST', '/api/v1/detections', crowd('cam-2', 600)));
  })();
  t.endings.push(() => { isOver = true; });
  await room.reads('.total-people b', /2,000/);
  const inked = () => room.page.evaluate(() => {
    const canvas = document.querySelector('.plan-dots');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let i = 3; i < data.length; i += 4) if (data[i] > 0) count += 1;
    return count;
  });
  await room.page.waitForFunction(() => {
    const canvas = document.querySelector('.plan-dots');
    return canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value > 0);
  });
  check(await inked() > 2000, 'the dots are drawn');
  const started = Date.now();
  await room.page.click('.zone-label >> text=Food court');
  await room.reads('#history-title', /Food court/);
  check(Date.now() - started < 2000, `a click took ${Date.now() - started} ms`);
  isOver = true;
  await sending;
  equal((await admin.get('/api/v1/events/demo')).id, 'demo', 'the server is well');
  room.hasNoComplaints();
});

await playAll();
