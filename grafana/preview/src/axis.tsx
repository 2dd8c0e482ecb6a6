// The time axis below heat maps and strips.
import React from 'react';

const STEPS = [60, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800].map((seconds) => seconds * 1000);

export const FAINT = 'currentColor';

export function ticks(from: number, to: number, most: number) {
  const step = STEPS.find((length) => (to - from) / length <= most) ?? STEPS[STEPS.length - 1];
  const found = [];
  for (let at = Math.ceil(from / step) * step; at < to; at += step) {
    found.push(at);
  }
  return { step, found };
}

export function Times({ from, to, left, width, y }: { from: number; to: number; left: number; width: number; y: number }) {
  const { step, found } = ticks(from, to, width / 80);
  const text = (at: number) => new Date(at).toISOString().slice(...(step < 86400000 ? [11, 16] : [5, 10]) as [number, number]);
  return (
    <g fill={FAINT} fontSize={12} textAnchor="middle">
      {found.map((at) => (
        <text key={at} x={left + ((at - from) / (to - from)) * width} y={y}>
          {text(at)}
        </text>
      ))}
    </g>
  );
}
