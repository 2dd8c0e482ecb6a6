// Stand-in for the heat map: a column a moment, a row a bucket.
import { getValueFormat } from '@grafana/data';
import React from 'react';

import { FAINT, Times } from './axis';

const LEFT = 64;
const BOTTOM = 26;
const COLOURS = ['#5c2b06', '#8a3f08', '#bf5d0d', '#e6811f', '#f5a04a', '#fdc38a', '#fee6ce'];

function bound(le: string, unit: string) {
  if (le === '+Inf') {
    return 'more';
  }
  const { text, suffix } = getValueFormat(unit)(parseFloat(le));
  return `${text}${suffix ?? ''}`;
}

function colour(share: number) {
  return COLOURS[Math.min(COLOURS.length - 1, Math.floor(Math.sqrt(share) * COLOURS.length))];
}

export function Heat({ data, width, height, timeRange, options }: any) {
  const [from, to] = [timeRange.from.valueOf(), timeRange.to.valueOf()];
  const rows = data.series.map((frame: any) => ({ times: frame.fields[0], values: frame.fields[1] }));
  const most = Math.max(1e-9, ...rows.flatMap((row: any) => [...row.values.values]));
  const [wide, high] = [width - LEFT - 8, height - BOTTOM];
  const x = (at: number) => LEFT + ((at - from) / (to - from)) * wide;
  const step = rows[0].times.config.interval;
  const tall = high / rows.length;
  const every = Math.ceil(16 / tall);
  return (
    <svg width={width} height={height}>
      {rows.map((row: any, place: number) => (
        <g key={place}>
          {place % every === 0 && (
            <text x={LEFT - 6} y={high - place * tall - tall / 2 + 4} fill={FAINT} fontSize={12} textAnchor="end">
              {bound(row.values.config.displayNameFromDS ?? row.values.name, options.yAxis?.unit ?? 's')}
            </text>
          )}
          {row.values.values.map((value: number, moment: number) =>
            value > 0 && row.times.values[moment] > from ? (
              <rect
                key={moment}
                x={Math.max(LEFT, x(row.times.values[moment] - step))}
                y={high - (place + 1) * tall}
                width={Math.max(1, (step / (to - from)) * wide - 0.5)}
                height={tall - 1}
                fill={colour(value / most)}
              />
            ) : null,
          )}
        </g>
      ))}
      <Times from={from} to={to} left={LEFT} width={wide} y={height - 6} />
    </svg>
  );
}
