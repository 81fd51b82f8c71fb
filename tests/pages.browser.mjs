// SPDX-License-Identifier: Apache-2.0
// How the pages are served, choosing between several places, and both looks under axe-core.
import { ADMIN, check, equal, playAll, scenario } from './scenario.mjs';
import { buildPark, crowd, makeToken } from './park.mjs';
import { Cameras, openBrowser, PHONE, Room } from './browser/room.mjs';

scenario('pages come with a strict policy, compressed, and are kept by what they are', async (t) => {
  const muster = await t.muster();
  const anyone = muster.client();
  for (const path of ['/', '/sign-in', '/control', '/control/demo', '/control/demo/park', '/devices/demo/park', '/editor/demo', '/editor/demo/park', '/analysis/demo/park', '/outbox/demo', '/people', '/people/demo', '/tokens/demo', '/privacy']) {
    const page = await anyone.ask('GET', path);
    equal([page.status, page.headers['content-type']], [200, 'text/html; charset=utf-8'], path);
    const policy = page.headers['content-security-policy'] ?? '';
    check(/default-src '(none|self)'/.test(policy) && !/'unsafe-(inline|eval)'/.test(policy) && !/https?:|\*/.test(policy), `the policy of ${path}: ${policy}`);
    equal(page.headers['x-content-type-options'], 'nosniff', `type of ${path}`);
    check(!/<style|<script(?![^>]*src=)|\sstyle=|\son[a-z]+=/i.test(page.text), `${path} holds nothing inline`);
    const again = await anyone.ask('GET', path, undefined, { 'if-none-match': page.headers.etag });
    equal(again.status, 304, `${path} again`);
  }
  const { text } = await anyone.ask('GET', '/');
  const script = text.match(/src="(\/assets\/[^"]+\.js)"/)[1];
  const packed = await anyone.ask('GET', script, undefined, { 'accept-encoding': 'gzip' });
  equal([packed.status, packed.headers['content-encoding']], [200, 'gzip'], 'the script');
  check(/immutable/.test(packed.headers['cache-control'] ?? ''), `kept for ever: ${packed.headers['cache-control']}`);
  // All that a first visit takes over the wire: on a festival's network every kilobyte is waited for.
  const parts = [...text.matchAll(/(?:src|href)="(\/[^"]+\.(?:js|css|svg|webmanifest))"/g)].map((match) => match[1]);
  const style = await anyone.ask('GET', parts.find((path) => path.endsWith('.css')));
  const fonts = [...style.text.matchAll(/url\((\/assets\/[^)]+)\)/g)].map((match) => match[1]);
  let bytes = 0;
  for (const path of ['/', ...parts, ...fonts]) {
    const part = await anyone.ask('GET', path, undefined, { 'accept-encoding': 'gzip' });
    equal(part.status, 200, path);
    bytes += Number(part.headers['content-length']);
  }
  check(fonts.length > 0 && bytes < 120 * 1024, `a first visit takes ${bytes} bytes`);
  equal((await anyone.ask('GET', '/assets/none.js')).status, 404, 'a file that is not there');
});

scenario('with several events and venues one chooses, and the address remembers', async (t) => {
  const browser = await openBrowser(t);
  const muster = await t.muster();
  const admin = await muster.signIn();
  await buildPark(admin);
  await admin.put('/api/v1/events/demo/venues/hall', { name: 'Town hall', crs: 'local' });
  const room = await Room.open(browser, muster.url);
  await room.signIn(ADMIN);
  await room.reads('h1', /Venues/);
  await room.isAccessible('the venues');
  await room.page.click('text=Town hall');
  await room.reads('.zones', /no zones yet/);
  equal(new URL(room.page.url()).pathname, '/control/demo/hall', 'the address');
  await room.page.goBack();
  await room.page.click('.tiles >> text=City park');
  await room.reads('.zones', /Food court/);
  await room.page.goto(`${muster.url}/control/demo/nowhere`);
  await room.see('[role=alert]');
  await room.page.goto(`${muster.url}/control/nothing/there`);
  await room.see('[role=alert]');
});

scenario('night, bright and the device\'s own look are all legible', async (t) => {
  const browser = await openBrowser(t);
  const muster = await t.muster();
  const admin = await muster.signIn();
  await buildPark(admin);
  const cameras = new Cameras(t, muster.withToken((await makeToken(admin)).token), crowd);
  for (const severity of ['critical', 'warning']) {
    await admin.post('/api/v1/events/demo/rules', {
      id: severity, name: severity, series: 'zone.stage:people', direction: 'above', threshold: 200, recovery: 100,
      hold_ms: 0, recovery_hold_ms: 0, severity, recipients: [],
    });
  }
  cameras.show('cam-1', 300);
  for (const look of ['night', 'bright']) {
    const room = await Room.open(browser, muster.url, { look });
    await room.page.goto(muster.url);
    await room.see('#email');
    await room.isAccessible(`the sign-in, ${look}`);
    await room.signIn(ADMIN);
    await room.reads('[data-zone-row=stage]', /300/);
    await room.page.click('.menu summary');
    await room.isAccessible(`the control room, ${look}`);
    equal(await room.page.getAttribute('html', 'data-look'), look, 'the look');
    room.hasNoComplaints();
  }
  const forced = await Room.open(browser, muster.url, { forcedColors: 'active' });
  await forced.signIn(ADMIN);
  await forced.reads('[data-zone-row=stage]', /300/);
  await forced.see('.alarm[data-state=open] .acknowledge[aria-disabled=false]');
  await forced.isAccessible('the control room in forced colours');
  const shown = await forced.page.evaluate(() => ['.sections a[aria-current]', '.sections a:not([aria-current])']
    .map((where) => getComputedStyle(document.querySelector(where)).borderBottomColor));
  check(shown[0] !== shown[1], `the current section differs from the others: ${shown}`);
  forced.hasNoComplaints();
  const room = await Room.open(browser, muster.url, { look: 'device', colorScheme: 'light' });
  await room.page.goto(muster.url);
  await room.see('#email');
  equal(await room.page.getAttribute('html', 'data-look'), 'bright', 'a device that is bright');
  await room.page.emulateMedia({ colorScheme: 'dark' });
  await room.see('html[data-look=night]');
});

scenario('a cold, wet finger finds the way home, the zone of an alarm, and the corners of a zone', async (t) => {
  const browser = await openBrowser(t);
  const muster = await t.muster();
  const admin = await muster.signIn();
  await buildPark(admin);
  const cameras = new Cameras(t, muster.withToken((await makeToken(admin)).token), crowd);
  await admin.post('/api/v1/events/demo/rules', {
    id: 'full', name: 'Full', series: 'zone.stage:people', direction: 'above', threshold: 200, recovery: 100,
    hold_ms: 0, recovery_hold_ms: 0, severity: 'critical', recipients: [],
  });
  cameras.show('cam-1', 300);
  const room = await Room.open(browser, muster.url, { viewport: PHONE, hasTouch: true, isMobile: true });
  const isLarge = async (selector, px) => {
    const { width, height } = await (await room.see(selector)).boundingBox();
    check(width >= px && height >= px, `${selector} is ${width} x ${height} pixels, less than ${px}`);
  };
  await room.signIn(ADMIN);
  await isLarge('.home', 44);
  await isLarge('.alarm[data-state=open] h3 button', 40);
  await room.page.goto(`${muster.url}/editor/demo/park`);
  await room.page.tap('[data-entry="zone/stage"]');
  await isLarge('.handle', 44);
  await room.page.goto(`${muster.url}/people/demo`);
  await isLarge('.listing .page-head a', 40);
  await room.fitsTheScreen('the members');
  room.hasNoComplaints();
});

await playAll();
