// SPDX-License-Identifier: Apache-2.0
// A value that tells who watches it. Pages read it by useCell(); canvases subscribe directly, so that
// ten updates a second never redraw a page.
import { useEffect, useReducer } from 'preact/hooks';

export interface Readable<T> {
  get(): T;
  subscribe(listener: (value: T) => void): () => void;
}

export class Cell<T> implements Readable<T> {
  private value: T;
  private readonly listeners = new Set<(value: T) => void>();

  constructor(value: T) {
    this.value = value;
  }

  get(): T {
    return this.value;
  }

  set(value: T): void {
    if (Object.is(value, this.value)) return;
    this.value = value;
    for (const listener of [...this.listeners]) listener(value);
  }

  update(change: (value: T) => T): void {
    this.set(change(this.value));
  }

  subscribe(listener: (value: T) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

export function useCell<T>(cell: Readable<T>): T {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    redraw(undefined);
    return cell.subscribe(() => redraw(undefined));
  }, [cell]);
  return cell.get();
}

// The wall clock, for everything that shows an age.
export const clock = new Cell(Date.now());
setInterval(() => clock.set(Date.now()), 1000);
