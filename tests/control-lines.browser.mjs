// SPDX-License-Identifier: Apache-2.0
// Lines on the control room's plan: where they are, which way is which, and who crosses them, as it happens.
import { ADMIN, check, equal, playAll, scenario } from './scenario.mjs';
import { buildPark, makeToken } from './park.mjs';
import { Cameras, openBrowser, PATIENCE_MS, PHONE, Room } from './browser/room.mjs';

const VENUE = '/api/v1/events/demo/venues/park';
const line = (...coordinates) => ({ type: 'LineString', coordinates });
const SPEED_M_S = 2;

// Four people who stand still until they are told to go: three over x = 10 to the right, one over it to the left.
class Walk {
  begin() { this.startMs = Date.now(); }

  frame = (device) => {
    const now = Date.now();
    const way = this.startMs ? Math.min(12, ((now - this.startMs) / 1000) * SPEED_M_S) : 0;
    const persons = [[1, 4 + way, 2], [2, 3 + way, 4], [3, 5 + way, 6], [4, 16 - way, 8]];
    return { device, unit: 'm', fields: ['track', 'x', 'y'], frames: [{ t: new Date(now).toISOString(), persons }] };
  };
}

// A line upwards between the zones' names, and one to the right, above all who walk.
async function open(t, more = {}) {
  const browser = await openBrowser(t);
  const muster = await t.muster();
  const admin = await muster.signIn();
  await buildPark(admin);
  await admin.put(`${VENUE}/lines/gate`, { name: 'Gate', line: line([10, 0], [10, 10]), left: 'stage', right: 'food' });
  await admin.put(`${VENUE}/lines/fence`, { name: 'Fence', line: line([2, 15], [18, 15]) });
  const walk = new Walk();
  const cameras = new Cameras(t, muster.withToken((await makeToken(admin)).token), walk.frame);
  const room = await Room.open(browser, muster.url, more);
  await room.signIn(ADMIN);
  return { room, walk, cameras, admin };
}

const boxOf = (room, selector) => room.page.$eval(selector, (element) => {
  const { left, top, width, height } = element.getBoundingClientRect();
  return { x: left + width / 2, y: top + height / 2, left, top, width, height };
});

// Where each of a label's arrows points on the screen: [right, down].
const arrowsOf = (room, id) => room.page.$$eval(`[data-line-label=${id}] .count-arrow`, (arrows) => arrows.map((arrow) => {
  const { a, b } = new DOMMatrix(getComputedStyle(arrow).transform);
  return [Math.round(a), Math.round(b)];
}));

const reads = (room, id, toLeft, toRight) => room.page.waitForFunction(([where, wanted]) => (
  [...document.querySelectorAll(`${where} b`)].map((number) => number.textContent).join(' ') === wanted
), [`[data-line-label=${id}]`, `${toLeft} ${toRight}`], { timeout: 2 * PATIENCE_MS });

scenario('lines stand on the plan where they are, and their arrows point to their sides', async (t) => {
  const { room } = await open(t);
  await room.see('[data-line-label=gate]');
  const [zone, gate, fence] = [await boxOf(room, '[data-zone=stage] .zone-line'), await boxOf(room, '[data-line=gate] .count-line'), await boxOf(room, '[data-line=fence] .count-line')];
  const share = (box) => [(box.x - zone.left) / zone.width, (box.y - zone.top) / zone.height].map((part) => Number(part.toFixed(1)));
  equal([share(gate), gate.height > 5 * gate.width], [[0.5, 0.8], true], 'the gate, upwards in the middle of the zone\'s lower half');
  equal([share(fence), fence.width > 5 * fence.height], [[0.5, 0.3], true], 'the fence, across its upper half');
  const label = await boxOf(room, '[data-line-label=gate]');
  check(Math.hypot(label.x - gate.x, label.y - gate.y) < 4, 'the label is on the middle of its line');
  equal(await arrowsOf(room, 'gate'), [[-1, 0], [1, 0]], 'left and right of a line upwards');
  equal(await arrowsOf(room, 'fence'), [[0, -1], [0, 1]], 'left and right of a line to the right');
  await room.reads('[data-line-label=gate]', /Gate, in the last minute to Before the stage –, to Food court –/);
  room.hasNoComplaints();
});

for (const viewport of [undefined, PHONE]) {
  scenario(`somebody crosses a line, and its count on the plan changes${viewport ? ', on a phone too' : ''}`, async (t) => {
    const { room, walk, cameras } = await open(t, viewport ? { viewport, hasTouch: true, isMobile: true } : {});
    await reads(room, 'gate', '–', '–');
    cameras.show('cam-1', 4);
    await reads(room, 'gate', '0', '0');
    walk.begin();
    await reads(room, 'gate', '1', '3');
    await reads(room, 'fence', '0', '0');
    await room.reads('[data-line-label=gate]', /to Before the stage 1, to Food court 3/);
    await room.reads('[data-line-way="gate Food court"] .figure', /^3$/);
    const label = await boxOf(room, '[data-line-label=gate]');
    const plan = await boxOf(room, '.plan');
    check(label.left >= plan.left && label.left + label.width <= plan.left + plan.width, 'the whole label is on the plan');
    await room.fitsTheScreen('the control room with lines');
    await room.isAccessible('the control room with lines');
    equal(cameras.trouble, null, 'the camera');
    room.hasNoComplaints();
  });
}

scenario('a line that no camera shows any more has no count, not a zero', async (t) => {
  const { room, cameras } = await open(t);
  cameras.show('cam-1', 4);
  await reads(room, 'gate', '0', '0');
  cameras.stop('cam-1');
  await reads(room, 'gate', '–', '–'); // a line is told seconds later: so long its last count stands
  room.hasNoComplaints();
});

await playAll();
