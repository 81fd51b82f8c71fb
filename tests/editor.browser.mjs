// SPDX-License-Identifier: Apache-2.0
// An organiser draws a venue and calibrates a camera, with the mouse, with keys, and on a phone.
import { ADMIN, check, equal, playAll, scenario, Skipped } from './scenario.mjs';
import { buildPark } from './park.mjs';
import { existsSync } from 'node:fs';
import { openBrowser, PHONE, Room } from './browser/room.mjs';
import { campus, PLANS } from './plans.mjs';

const PARK = '/api/v1/events/demo/venues/park';
const PICTURE = { name: 'cam.svg', mimeType: 'image/svg+xml', buffer: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="800" height="600"><rect width="800" height="600" fill="#456"/></svg>') };

async function open(t, more = {}) {
  const browser = await openBrowser(t);
  const muster = await t.muster();
  const admin = await muster.signIn();
  await buildPark(admin);
  const room = await Room.open(browser, muster.url, more);
  await room.signIn(ADMIN, '/editor/demo/park');
  await room.see('[data-part="zone/stage"]');
  return { room, page: room.page, admin, muster, browser };
}

// Where a spot of the floor is on the screen, by the park's own corners: zones reach from 0, 0 to 40, 20.
async function floorOf(page) {
  const box = await page.evaluate(() => {
    const all = [...document.querySelectorAll('.part-zone .part-edge')].map((path) => path.getBoundingClientRect());
    return { left: Math.min(...all.map((b) => b.left)), right: Math.max(...all.map((b) => b.right)), top: Math.min(...all.map((b) => b.top)), bottom: Math.max(...all.map((b) => b.bottom)) };
  });
  return (x, y) => [box.left + (x / 40) * (box.right - box.left), box.bottom - (y / 20) * (box.bottom - box.top)];
}

async function clickFloor(page, spot) {
  const at = await floorOf(page);
  await page.mouse.click(...at(...spot));
}

async function clickPicture(page, [x, y]) {
  await page.locator('.snapshot').scrollIntoViewIfNeeded();
  const box = await page.locator('.snapshot img').boundingBox();
  await page.mouse.click(box.x + (x / 800) * box.width, box.y + (y / 600) * box.height);
}

async function draw(page, tool, spots) {
  await page.click(`[data-tool=${tool}]`);
  for (const spot of spots) await clickFloor(page, spot);
  if (tool !== 'camera') await page.click('[data-finish]');
}

async function save(room) {
  await room.page.click('[data-save]');
  await room.reads('[data-save]', /^Saved$/);
}

const near = (found, wanted, metres) => Math.hypot(found[0] - wanted[0], found[1] - wanted[1]) < metres;

scenario('a zone, a line and a wall are drawn, saved, and there after a reload', async (t) => {
  const { room, page, admin } = await open(t);
  await draw(page, 'zone', [[5, 5], [15, 5], [15, 15], [5, 15]]);
  await page.fill('.part-form input[type=text]', 'Bar');
  await page.fill('.part-form input[type=number]', '120');
  await draw(page, 'line', [[20, 5], [20, 15]]);
  await page.selectOption('.part-form select >> nth=0', 'stage');
  await page.selectOption('.part-form select >> nth=1', 'food');
  await draw(page, 'wall', [[30, 5], [35, 5], [35, 10]]);
  await room.reads('[data-save]', /Save 3 changes/);
  await room.isAccessible('the editor');
  await save(room);
  const { zones, lines, walls } = await admin.get(PARK);
  const bar = zones.find((zone) => zone.id === 'zone-1');
  equal([bar.name, bar.capacity_persons, bar.ring_m.length], ['Bar', 120, 4], 'the zone');
  check(Math.abs(bar.area_m2 - 100) < 5, `its area: ${bar.area_m2}`);
  equal([lines[0].left, lines[0].right], ['stage', 'food'], 'the line');
  check(near(lines[0].points_m[0], [20, 5], 0.3), `the line begins at ${lines[0].points_m[0]}`);
  equal([walls[0].kind, walls[0].rings_m[0].length], ['obstacle', 3], 'the wall');
  await page.reload();
  await room.see('[data-part="zone/zone-1"]');
  await room.see('[data-entry="line/line-1"]');
  room.hasNoComplaints();
});

scenario('a camera is placed and calibrated with five clicks; its picture is sent nowhere', async (t) => {
  const { room, page, admin } = await open(t);
  const sent = [];
  page.on('request', (request) => { if (!['GET', 'HEAD'].includes(request.method())) sent.push(`${request.method()} ${request.headers()['content-type']} ${(request.postData() ?? '').length > 2000 ? 'long' : ''}`); });
  await draw(page, 'camera', [[20, 1]]);
  await page.fill('.part-form input[type=number]', '0');
  await page.setInputFiles('input[type=file]', PICTURE);
  // A camera straight above: 20 pixels are a metre, and pixels count downwards.
  const spots = [[5, 5], [35, 5], [35, 15], [5, 15], [20, 10]];
  for (const [i, [x, y]] of spots.entries()) {
    await clickPicture(page, [x * 20, 600 - y * 20]);
    await room.reads('.step', new RegExp(`click point ${i + 1} on the plan`));
    await clickFloor(page, [x, y]);
  }
  await room.reads('.step', /error on the floor/);
  const error = await page.textContent('.error-m');
  check(/^\d+ cm$/.test(error) && Number.parseInt(error, 10) < 40, `the error: ${error}`);
  equal(await page.locator('.pairs li').count(), 5, 'points listed');
  await room.isAccessible('the calibration');
  // A point that is far off is seen at once.
  await page.focus('.board .handle.is-mark >> nth=4');
  for (let i = 0; i < 8; i += 1) await page.keyboard.press('ArrowRight');
  await room.reads('.error-m', /[1-9]\.\d\d m/);
  for (let i = 0; i < 8; i += 1) await page.keyboard.press('ArrowLeft');
  await room.reads('.error-m', /cm/);
  await page.click('text=Use this calibration');
  await save(room);
  const camera = await admin.get(`${PARK}/devices/camera-1`);
  check(camera.calibration.error_m < 0.4 && camera.calibration.points.length === 5, `what it is worth: ${JSON.stringify(camera.calibration)}`);
  equal([camera.calibration.kind, camera.image_px, camera.heading_deg], ['homography', [800, 600], 0], 'the camera');
  check(near(camera.position, [20, 1], 0.3), `it stands at ${camera.position}`);
  const m = camera.calibration.matrix;
  const w = m[2][0] * 400 + m[2][1] * 400 + m[2][2];
  const floor = [0, 1].map((row) => (m[row][0] * 400 + m[row][1] * 400 + m[row][2]) / w);
  check(near(floor, [20, 10], 0.5), `pixel 400, 400 is ${floor}`);
  // Another day: the same picture brings the points back, and one more makes it better or worse.
  await page.reload();
  await page.click('[data-entry="camera/camera-1"]');
  await room.reads('[data-calibration]', /homography, \d+ cm error on the floor, from 5 points/);
  await page.setInputFiles('input[type=file]', PICTURE);
  await room.reads('.step', /error on the floor/);
  equal(await page.locator('.pairs li').count(), 5, 'points that came back');
  check(sent.every((line) => /json/.test(line) && !/long/.test(line)), `sent: ${sent}`);
  room.hasNoComplaints();
});

scenario('keys draw, move, take back and save', async (t) => {
  const { room, page, admin } = await open(t);
  await page.focus('[data-tool=line]');
  await page.keyboard.press('Enter');
  await page.focus('.plan-stage');
  await page.keyboard.press('Space');
  await page.keyboard.press('+');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Space');
  await page.keyboard.press('Enter');
  await room.see('[data-entry="line/line-1"]');
  await page.focus('.handle >> nth=0');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Control+z');
  await page.keyboard.press('Control+z');
  await page.waitForSelector('[data-entry="line/line-1"]', { state: 'detached' });
  await page.keyboard.press('Control+Shift+z');
  await page.keyboard.press('Control+Shift+z');
  await room.see('[data-entry="line/line-1"]');
  await page.keyboard.press('Control+s');
  await room.reads('[data-save]', /^Saved$/);
  equal((await admin.get(PARK)).lines[0].points_m[0], [20, 10.5], 'its first point');
  await page.click('[data-entry="line/line-1"]');
  await page.keyboard.press('Delete');
  await page.keyboard.press('Control+s');
  await room.reads('[data-save]', /^Saved$/);
  equal((await admin.get(PARK)).lines, [], 'lines after Delete');
  room.hasNoComplaints();
});

const FEATURE = (kind, id, coordinates, more = {}) => ({ type: 'Feature', properties: { kind, id, ...more }, geometry: { type: 'Polygon', coordinates: [coordinates] } });
const square = (x, y, side) => [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]];
const fileOf = (name, text) => ({ name, mimeType: 'application/octet-stream', buffer: Buffer.from(text) });
const geoJson = (...features) => fileOf('park.geojson', JSON.stringify({ type: 'FeatureCollection', features }));

scenario('a file is looked at before it is taken, and then all of it is', async (t) => {
  const { room, page, admin } = await open(t);
  const before = await admin.get(PARK);
  await page.click('[data-import-open]');
  // One zone of two is wrong: it is named, and there is nothing to take.
  await page.setInputFiles('[data-import]', geoJson(FEATURE('zone', 'bar', square(1, 1, 5)), FEATURE('zone', 'bow', [[0, 0], [10, 6], [10, 0], [0, 10], [0, 0]])));
  await room.reads('.import .trouble', /features\[1\].*crosses or touches itself/);
  equal(await page.locator('[data-take]').count(), 0, 'buttons to take it');
  await page.setInputFiles('[data-import]', fileOf('hall.wkt', 'POLYGON ((0 0, 1 x))'));
  await room.reads('.import .trouble', /body:1:18/);
  await page.setInputFiles('[data-import]', geoJson(FEATURE('zone', 'bar', square(1, 1, 5), { name: 'Bar' }), FEATURE('zone', 'stage', square(8, 1, 6), { name: 'Main stage' }),
    { type: 'Feature', properties: { kind: 'tree' }, geometry: null }));
  await room.reads('.import-report', /2 zones, 1 of them instead of what is there.*Bar, Main stage.*1 thing is passed over/s);
  equal((await admin.get(PARK)).version, before.version, 'the version after looking');
  await room.isAccessible('the import');
  // What is drawn and not saved is not thrown away.
  await draw(page, 'line', [[20, 5], [20, 15]]);
  await room.reads('.import', /Save or undo your 1 change first/);
  await page.click('[data-take]', { force: true });
  equal((await admin.get(PARK)).version, before.version, 'the version while there are changes');
  await page.click('text=Undo');
  await page.click('[data-take]');
  await room.see('[data-entry="zone/bar"]');
  const { zones } = await admin.get(PARK);
  equal(zones.map((zone) => zone.name).sort(), ['Bar', 'Food court', 'Main stage'], 'zones');
  room.complaints = room.complaints.filter((line) => !/status of 4(00|22)/.test(line));
  room.hasNoComplaints();
});

scenario('an archive of several levels asks for one', async (t) => {
  if (!existsSync(PLANS)) throw new Skipped(`there is no ${PLANS}`);
  const { room, page, admin } = await open(t);
  await admin.put('/api/v1/events/demo/venues/campus', { name: 'Campus', origin: [30.373, 60.007] });
  await page.goto(page.url().replace('park', 'campus'));
  await page.click('[data-import-open]');
  await page.setInputFiles('[data-import]', { name: 'campus.zip', mimeType: 'application/zip', buffer: campus(t) });
  await room.reads('.import .trouble', /several levels: choose one of/);
  await page.fill('.import input[type=text]', '2');
  await page.click('text=Look at this level');
  await room.reads('.import-report', /A new plan.*32 zones.*28 lines/s);
  await page.click('[data-take]');
  await room.see('.part-zone');
  equal((await admin.get('/api/v1/events/demo/venues/campus')).zones.length, 32, 'zones');
});

scenario('a hole is drawn into a walkable area, moved and removed', async (t) => {
  const { room, page, admin } = await open(t);
  await draw(page, 'wall', [[2, 2], [38, 2], [38, 18], [2, 18]]);
  await page.selectOption('.part-form select', 'walkable');
  await page.click('[data-hole]');
  for (const spot of [[10, 6], [20, 6], [20, 12], [10, 12]]) await clickFloor(page, spot);
  await room.reads('.step', /corners of the hole: 4/);
  await page.click('[data-finish]');
  await save(room);
  const [wall] = (await admin.get(PARK)).walls;
  equal(wall.rings_m.length, 2, 'rings');
  check(Math.abs(wall.area_m2 - (36 * 16 - 60)) < 20, `its area: ${wall.area_m2}`);
  await page.click('[data-entry="wall/wall-1"]');
  await page.focus('[aria-label^="Corner 2 of hole 1"]');
  await page.click('[data-remove-corner]');
  await save(room);
  equal((await admin.get(PARK)).walls[0].rings_m[1].length, 3, 'corners of the hole');
  await page.click('[data-entry="wall/wall-1"]');
  await page.focus('[aria-label^="Corner 1 of hole 1"]');
  await page.keyboard.press('Delete');
  await save(room);
  equal((await admin.get(PARK)).walls[0].rings_m.length, 1, 'a hole of three corners goes with one of them');
  room.hasNoComplaints();
});

scenario('a zone that leaves the plan is refused with the place', async (t) => {
  const { room, page, admin } = await open(t);
  await admin.put(PARK, { name: 'City park', crs: 'local', plan: { type: 'FeatureCollection', features: [FEATURE('floor', 'f', [[0, 0], [40, 0], [40, 20], [0, 20], [0, 0]])] } });
  await page.reload();
  await room.see('[data-part="zone/stage"]');
  await page.click('[data-entry="zone/stage"]');
  await page.focus('.handle >> nth=0');
  for (let i = 0; i < 3; i += 1) await page.keyboard.press('ArrowDown');
  await page.click('[data-save]');
  await room.reads('.table > .trouble', /Before the stage is not saved: polygon leaves the plan at/);
});

scenario('a zone that leaves the walkable floor is kept, and flagged with the place', async (t) => {
  const { room, page, admin } = await open(t);
  await admin.put(`${PARK}/walls/floor`, { kind: 'walkable', polygon: { type: 'Polygon', coordinates: [[[-100, -100], [-90, -100], [-90, -90], [-100, -90], [-100, -100]]] } });
  await page.reload();
  await room.reads('[data-flag]', /Food court leaves the walkable floor at 20.00, 0.00 m/);
});

scenario('what the server refuses is said, and nothing is lost', async (t) => {
  const { room, page, admin } = await open(t);
  await draw(page, 'zone', [[5, 5], [15, 15], [15, 5], [5, 12]]);
  await page.click('[data-save]');
  await room.reads('.table > .trouble', /Zone Zone 1 is not saved: polygon crosses or touches itself/);
  await room.see('[data-part="zone/zone-1"]');
  await page.click('text=Remove this zone');
  await room.reads('[data-save]', /^Saved$/);
  equal((await admin.get(PARK)).zones.length, 2, 'zones');
});

// Where the plan and the camera's picture stand once both are in sight, neither over the other. The page scrolls there when the
// picture is read, so this waits for it.
const bothInSight = async (page) => (await page.waitForFunction((height) => {
  const [plan, picture] = ['.plan-stage', '.snapshot img'].map((part) => document.querySelector(part)?.getBoundingClientRect().toJSON());
  return plan && picture && plan.y >= 0 && picture.height > 0 && picture.y >= plan.bottom && picture.bottom <= height && { plan, picture };
}, PHONE.height)).jsonValue();

scenario('on a phone the plan is seen, and a corner is moved with a finger', async (t) => {
  const { room, page, admin } = await open(t, { viewport: PHONE, hasTouch: true });
  await room.fitsTheScreen('the editor');
  await page.click('[data-entry="zone/food"]');
  const handle = page.locator('.handle').first();
  await handle.scrollIntoViewIfNeeded();
  const before = (await admin.get(PARK)).zones.find((zone) => zone.id === 'food').ring_m[0];
  const box = await handle.boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2 + 20, box.y + box.height / 2 - 20, { steps: 4 });
  await page.mouse.up();
  await save(room);
  const after = (await admin.get(PARK)).zones.find((zone) => zone.id === 'food').ring_m[0];
  check(after[0] > before[0] && after[1] > before[1], `from ${before} to ${after}`);
  await room.isAccessible('the editor on a phone');
  // One clicks in the picture and on the plan by turns: both are in sight.
  await page.click('[data-tool=camera]');
  await page.locator('.plan-stage').click({ position: { x: 100, y: 60 } });
  await page.setInputFiles('input[type=file]', PICTURE);
  for (const [i, [x, y]] of [[0.2, 0.8], [0.8, 0.8]].entries()) {
    const { plan, picture } = await bothInSight(page);
    await page.mouse.click(picture.x + x * picture.width, picture.y + y * picture.height);
    await room.reads('.step', new RegExp(`click point ${i + 1} on the plan`));
    await page.mouse.click(plan.x + (0.3 + i * 0.3) * plan.width, plan.y + plan.height / 2);
  }
  await room.reads('.step', /2 more are needed/);
  await room.fitsTheScreen('the calibration');
  await room.isAccessible('the calibration on a phone');
  room.hasNoComplaints();
});

scenario('only organisers have an editor', async (t) => {
  const { admin, muster, browser } = await open(t);
  const person = await admin.post('/api/v1/people', { email: 'crew@example.org', name: 'Crew', password: 'correct horse battery' });
  await admin.put(`/api/v1/events/demo/members/${person.id}`, { roles: ['control'] });
  const room = await Room.open(browser, muster.url);
  await room.signIn({ email: 'crew@example.org', password: 'correct horse battery' }, '/editor/demo/park');
  await room.reads('[role=alert]', /Only an organiser/);
  equal(await room.page.locator('.sections a', { hasText: 'Editor' }).count(), 0, 'links to it');
});

await playAll();
