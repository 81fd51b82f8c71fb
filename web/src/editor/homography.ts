// SPDX-License-Identifier: Apache-2.0
// From pixels of a picture to metres on the floor, by points that somebody clicked in both. The normalised
// direct linear transform (Hartley, Zisserman: Multiple View Geometry, algorithm 4.2) starts, Gauss and
// Newton then make the distances in the picture least, which is where a hand is inexact.
import type { Position } from '../shell/documents';

export interface Pair {
  pixel: Position;
  floor: Position; // metres
}

export type Matrix = number[]; // 3 x 3, row by row

export type Fit =
  | { kind: 'fit'; matrix: Matrix; errorsM: number[]; rmsM: number; maxM: number }
  | { kind: 'none'; why: 'few' | 'line' | 'horizon' };

export const PAIRS_MIN = 4;
const SINGULAR = 1e-7; // of the next to the largest eigenvalue
const ROUNDS = 12;

export function apply(matrix: Matrix, [x, y]: Position): Position {
  const w = matrix[6]! * x + matrix[7]! * y + matrix[8]!;
  return [(matrix[0]! * x + matrix[1]! * y + matrix[2]!) / w, (matrix[3]! * x + matrix[4]! * y + matrix[5]!) / w];
}

function multiply(a: Matrix, b: Matrix): Matrix {
  return Array.from({ length: 9 }, (_, i) => {
    const [row, column] = [3 * Math.floor(i / 3), i % 3];
    return a[row]! * b[column]! + a[row + 1]! * b[column + 3]! + a[row + 2]! * b[column + 6]!;
  });
}

export function invert(m: Matrix): Matrix {
  const [a, b, c, d, e, f, g, h, i] = m as [number, number, number, number, number, number, number, number, number];
  const determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  return [e * i - f * h, c * h - b * i, b * f - c * e, f * g - d * i, a * i - c * g, c * d - a * f,
    d * h - e * g, b * g - a * h, a * e - b * d].map((value) => value / determinant);
}

// Moves the middle to 0, 0 and the mean distance to the square root of 2.
function normaliserOf(points: Position[]): Matrix {
  const x = points.reduce((sum, point) => sum + point[0], 0) / points.length;
  const y = points.reduce((sum, point) => sum + point[1], 0) / points.length;
  const spread = points.reduce((sum, point) => sum + Math.hypot(point[0] - x, point[1] - y), 0) / points.length;
  const scale = Math.SQRT2 / (spread || 1);
  return [scale, 0, -scale * x, 0, scale, -scale * y, 0, 0, 1];
}

// Eigenvalues and vectors of a symmetric matrix, by Jacobi's rotations; [value, vector], smallest first.
function eigen(symmetric: number[][]): [number, number[]][] {
  const n = symmetric.length;
  const a = symmetric.map((row) => [...row]);
  const v = a.map((_, i) => a.map((__, j): number => (i === j ? 1 : 0)));
  for (let sweep = 0; sweep < 60; sweep += 1) {
    for (let p = 0; p < n; p += 1) {
      for (let q = p + 1; q < n; q += 1) {
        if (Math.abs(a[p]![q]!) < 1e-300) continue;
        const theta = (a[q]![q]! - a[p]![p]!) / (2 * a[p]![q]!);
        const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.hypot(theta, 1));
        const c = 1 / Math.hypot(t, 1);
        const s = t * c;
        for (let k = 0; k < n; k += 1) {
          const [kp, kq] = [a[k]![p]!, a[k]![q]!];
          a[k]![p] = c * kp - s * kq;
          a[k]![q] = s * kp + c * kq;
        }
        for (let k = 0; k < n; k += 1) {
          const [pk, qk] = [a[p]![k]!, a[q]![k]!];
          a[p]![k] = c * pk - s * qk;
          a[q]![k] = s * pk + c * qk;
          const [vp, vq] = [v[k]![p]!, v[k]![q]!];
          v[k]![p] = c * vp - s * vq;
          v[k]![q] = s * vp + c * vq;
        }
      }
    }
  }
  return a.map((row, i): [number, number[]] => [row[i]!, v.map((vector) => vector[i]!)]).sort((one, other) => one[0] - other[0]);
}

// Sum of the outer products of all rows.
function normalMatrix(rows: number[][], n: number): number[][] {
  const sums = Array.from({ length: n }, () => new Array<number>(n).fill(0));
  for (const row of rows) for (let i = 0; i < n; i += 1) for (let j = 0; j < n; j += 1) sums[i]![j]! += row[i]! * row[j]!;
  return sums;
}

// From normalised floor to normalised pixels; null when the points do not tell, as on one line.
function linear(floor: Position[], pixels: Position[]): Matrix | null {
  const rows = floor.flatMap(([x, y], i) => {
    const [u, v] = pixels[i]!;
    return [[-x, -y, -1, 0, 0, 0, u * x, u * y, u], [0, 0, 0, -x, -y, -1, v * x, v * y, v]];
  });
  const found = eigen(normalMatrix(rows, 9));
  return found[1]![0] < SINGULAR * found[8]![0] ? null : found[0]![1];
}

function solve(a: number[][], b: number[]): number[] | null {
  const n = b.length;
  const m = a.map((row, i) => [...row, b[i]!]);
  for (let column = 0; column < n; column += 1) {
    let pivot = column;
    for (let row = column + 1; row < n; row += 1) if (Math.abs(m[row]![column]!) > Math.abs(m[pivot]![column]!)) pivot = row;
    if (Math.abs(m[pivot]![column]!) < 1e-14) return null;
    [m[column], m[pivot]] = [m[pivot]!, m[column]!];
    for (let row = 0; row < n; row += 1) {
      if (row === column) continue;
      const factor = m[row]![column]! / m[column]![column]!;
      for (let k = column; k <= n; k += 1) m[row]![k]! -= factor * m[column]![k]!;
    }
  }
  return m.map((row, i) => row[n]! / row[i]!);
}

const distances = (matrix: Matrix, from: Position[], to: Position[]) => from.map((point, i) => {
  const [x, y] = apply(matrix, point);
  return Math.hypot(x - to[i]![0], y - to[i]![1]);
});
const squares = (values: number[]) => values.reduce((sum, value) => sum + value * value, 0);

// A step is kept while it makes the distances less; the scale stays free, so a little damping holds it.
function refine(start: Matrix, floor: Position[], pixels: Position[]): Matrix {
  let best = start;
  let least = squares(distances(best, floor, pixels));
  let damping = 1e-9;
  for (let round = 0; round < ROUNDS; round += 1) {
    const rows: number[][] = [];
    const misses: number[] = [];
    floor.forEach(([x, y], i) => {
      const w = best[6]! * x + best[7]! * y + best[8]!;
      const [u, v] = apply(best, [x, y]);
      rows.push([x / w, y / w, 1 / w, 0, 0, 0, (-u * x) / w, (-u * y) / w, -u / w], [0, 0, 0, x / w, y / w, 1 / w, (-v * x) / w, (-v * y) / w, -v / w]);
      misses.push(pixels[i]![0] - u, pixels[i]![1] - v);
    });
    const normal = normalMatrix(rows, 9).map((row, i) => row.map((value, j) => (i === j ? value + damping + 1e-12 : value)));
    const step = solve(normal, best.map((_, k) => rows.reduce((sum, row, i) => sum + row[k]! * misses[i]!, 0)));
    if (!step) break;
    const next = best.map((value, k) => value + step[k]!);
    const after = squares(distances(next, floor, pixels));
    if (after < least) {
      best = next;
      least = after;
      damping /= 10;
    } else damping = Math.max(damping, 1e-9) * 100;
  }
  return best;
}

// Clicked floor lies on one side of the horizon, or the picture and the plan do not belong together.
const isAcrossHorizon = (matrix: Matrix, pixels: Position[]) => {
  const sides = pixels.map(([x, y]) => Math.sign(matrix[6]! * x + matrix[7]! * y + matrix[8]!));
  return sides.some((side) => side !== sides[0]);
};

export function fitHomography(pairs: Pair[]): Fit {
  if (pairs.length < PAIRS_MIN) return { kind: 'none', why: 'few' };
  const floor = pairs.map((pair) => pair.floor);
  const pixels = pairs.map((pair) => pair.pixel);
  const ofFloor = normaliserOf(floor);
  const ofPixels = normaliserOf(pixels);
  const from = floor.map((point) => apply(ofFloor, point));
  const to = pixels.map((point) => apply(ofPixels, point));
  const first = linear(from, to);
  if (!first || !linear(to, from)) return { kind: 'none', why: 'line' };
  const toPixels = multiply(invert(ofPixels), multiply(refine(first, from, to), ofFloor));
  const inverse = invert(toPixels);
  const matrix = inverse.map((value) => value / Math.hypot(...inverse.slice(6)));
  if (!matrix.every(Number.isFinite)) return { kind: 'none', why: 'line' };
  if (isAcrossHorizon(matrix, pixels)) return { kind: 'none', why: 'horizon' };
  const errorsM = distances(matrix, pixels, floor);
  return { kind: 'fit', matrix, errorsM, rmsM: Math.sqrt(squares(errorsM) / errorsM.length), maxM: Math.max(...errorsM) };
}

// The point without which the others fit far better: a click on the wrong spot. Told only from six on,
// since four always fit, and never without a clear reason.
const CLEARLY = 3;

export function suspectOf(pairs: Pair[]): number | null {
  const all = fitHomography(pairs);
  if (pairs.length < PAIRS_MIN + 2 || all.kind === 'none') return null;
  const without = pairs.map((_, i) => {
    const fit = fitHomography(pairs.filter((__, k) => k !== i));
    return fit.kind === 'fit' ? fit.rmsM : Infinity;
  });
  const least = Math.min(...without);
  return least * CLEARLY < all.rmsM && all.rmsM > 0.05 ? without.indexOf(least) : null;
}
