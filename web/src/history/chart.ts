// SPDX-License-Identifier: Apache-2.0
// The drawing of the history, by uPlot. Colours come from the style sheet, so that night and bright
// are decided in one place.
import uPlot from 'uplot';

type Values = (number | null)[];
// Times; people and density as they were; people as they are foreseen: the middle, low and high of the band.
export type Columns = [number[], Values, Values, Values, Values, Values];

export interface ChartLimits {
  capacity: number | null;
  ladder: { amber: number; orange: number; red: number } | null;
}

const FONT = '500 13px "Barlow Semi Condensed", system-ui, sans-serif';

function capacityLine(u: uPlot, capacity: number | null, colour: string): void {
  if (capacity === null) return;
  const y = Math.round(u.valToPos(capacity, 'people', true)) + 0.5;
  if (y < u.bbox.top || y > u.bbox.top + u.bbox.height) return;
  const { ctx } = u;
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.fillStyle = colour;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(u.bbox.left, y);
  ctx.lineTo(u.bbox.left + u.bbox.width, y);
  ctx.stroke();
  ctx.font = `500 ${11 * devicePixelRatio}px "Barlow Semi Condensed", system-ui, sans-serif`;
  ctx.fillText('capacity', u.bbox.left + 6 * devicePixelRatio, y - 6 * devicePixelRatio);
  ctx.restore();
}

// Where density becomes busy, dense, dangerous: a ladder along its axis.
function densityLadder(u: uPlot, ladder: ChartLimits['ladder'], colours: [string, string, string]): void {
  if (!ladder) return;
  const { ctx, bbox } = u;
  const width = 5 * devicePixelRatio;
  const steps = [ladder.amber, ladder.orange, ladder.red, Infinity];
  ctx.save();
  for (let i = 0; i < 3; i += 1) {
    const low = Math.min(bbox.top + bbox.height, u.valToPos(steps[i]!, 'density', true));
    const high = steps[i + 1] === Infinity ? bbox.top : Math.max(bbox.top, u.valToPos(steps[i + 1]!, 'density', true));
    if (low <= high) continue;
    ctx.fillStyle = colours[i]!;
    ctx.fillRect(bbox.left + bbox.width, high, width, low - high - devicePixelRatio);
  }
  ctx.restore();
}

export function createChart(element: HTMLElement, limits: () => ChartLimits): uPlot {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = { stroke: colour('--ink-2'), font: FONT, grid: { stroke: colour('--grid'), width: 1 }, ticks: { show: false } };
  // The capacity is in sight once we are half way to it.
  const peopleRange = (_u: uPlot, _min: number | null, max: number | null): [number, number] => {
    const { capacity } = limits();
    const most = max ?? 0;
    const top = capacity !== null && most > capacity * 0.5 ? Math.max(most, capacity) : most;
    // Lower than the density, which would else hide it: both are the same people.
    return [0, Math.max(top * 1.4, 5)];
  };
  // Always the whole ladder: how near danger is must show without reading a number.
  const densityRange = (_u: uPlot, _min: number | null, max: number | null): [number, number] => (
    [0, Math.max(max ?? 0, limits().ladder?.red ?? 0) * 1.15 || 1]);
  const options: uPlot.Options = {
    padding: [8, 4, 0, 0],
    width: Math.max(120, element.clientWidth),
    height: Math.max(90, element.clientHeight),
    legend: { show: false },
    cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
    scales: {
      x: { time: true },
      people: { range: peopleRange },
      density: { range: densityRange },
    },
    axes: [
      { ...axis, space: 70, size: 28, gap: 4, values: (_u, splits) => splits.map((s) => new Date(s * 1000).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })) },
      { ...axis, scale: 'people', size: 52, space: 34 },
      { ...axis, scale: 'density', side: 1, size: 44, gap: 10, space: 34, grid: { show: false } },
    ],
    series: [
      {},
      { label: 'People', scale: 'people', stroke: colour('--chart-people'), fill: colour('--chart-people-fill'), width: 2, points: { show: false } },
      { label: 'Density', scale: 'density', stroke: colour('--chart-density'), width: 1.75, dash: [6, 3], points: { show: false } },
      { label: 'Forecast', scale: 'people', stroke: colour('--chart-people'), width: 2, dash: [2, 4], points: { show: false }, spanGaps: true },
      { label: 'At least', scale: 'people', width: 0, points: { show: false }, spanGaps: true },
      { label: 'At most', scale: 'people', width: 0, points: { show: false }, spanGaps: true },
    ],
    bands: [{ series: [5, 4], fill: colour('--chart-people-fill') }],
    hooks: {
      draw: [(u) => {
        capacityLine(u, limits().capacity, colour('--chart-people'));
        densityLadder(u, limits().ladder, [colour('--level-amber-line'), colour('--level-orange-line'), colour('--level-red-fill')]);
      }],
    },
  };
  return new uPlot(options, [[], [], [], [], [], []], element);
}
