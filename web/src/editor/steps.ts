// SPDX-License-Identifier: Apache-2.0
// Undo and redo: the drafts before and after the one that is seen.
import { useState } from 'preact/hooks';
import type { Draft } from './draft';

const STEPS_MAX = 200;

interface Steps {
  past: Draft[];
  now: Draft;
  future: Draft[];
  merge: string | null; // steps of one name in a row are one: a drag, a word that is typed
}

export function useSteps(first: Draft) {
  const [steps, setSteps] = useState<Steps>({ past: [], now: first, future: [], merge: null });
  const change = (how: (draft: Draft) => Draft, merge: string | null = null) => setSteps((old) => {
    const now = how(old.now);
    const isSame = merge !== null && merge === old.merge;
    return { past: isSame ? old.past : [...old.past, old.now].slice(-STEPS_MAX), now, future: [], merge };
  });
  const undo = () => setSteps((old) => (old.past.length === 0 ? old
    : { past: old.past.slice(0, -1), now: old.past[old.past.length - 1]!, future: [old.now, ...old.future], merge: null }));
  const redo = () => setSteps((old) => (old.future.length === 0 ? old
    : { past: [...old.past, old.now], now: old.future[0]!, future: old.future.slice(1), merge: null }));
  const settle = () => setSteps((old) => ({ ...old, merge: null }));
  return { draft: steps.now, change, undo, redo, settle, canUndo: steps.past.length > 0, canRedo: steps.future.length > 0 };
}
