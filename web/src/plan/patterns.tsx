// SPDX-License-Identifier: Apache-2.0
// A pattern per level, denser as it gets worse: what colour says, said without colour. In pixels, so
// that it looks the same at every zoom.
import type { ComponentChildren } from 'preact';
import type { Level } from '../shell/documents';

function Pattern({ level, size, scale, children }: {
  level: Level; size: number; scale: number; children?: ComponentChildren;
}) {
  return (
    <pattern id={`pattern-${level}`} class={`pattern level-${level}`} width={size} height={size}
      patternUnits="userSpaceOnUse" patternTransform={`scale(${1 / scale} ${-1 / scale})`}>
      {children}
    </pattern>
  );
}

export function Patterns({ scale }: { scale: number }) {
  return (
    <defs>
      <Pattern level="green" size={24} scale={scale} />
      <Pattern level="amber" size={14} scale={scale}><path d="M-2 16 16-2" /></Pattern>
      <Pattern level="orange" size={8} scale={scale}><path d="M-2 10 10-2M-2 2 2-2M6 10 10 6" /></Pattern>
      <Pattern level="red" size={8} scale={scale}><path d="M-2 10 10-2M-2 2 2-2M6 10 10 6M-2-2 10 10M-2 6 2 10M6-2 10 2" /></Pattern>
      <Pattern level="unknown" size={12} scale={scale}><circle cx="3" cy="3" r="1.300" /><circle cx="9" cy="9" r="1.300" /></Pattern>
    </defs>
  );
}
